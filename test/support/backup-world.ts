/** A world in memory for stories of backups: API, host and stores that outlive a process, and processes that can be killed. */
import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'vitest';
import type { BackupJobInput } from '../../jobs/backup.ts';
import { manifestName } from '../../backup-format/names.ts';
import type { StreamedContent } from '../../blob-store/blob-store.ts';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import type { Retention } from '../../blob-store/retention.ts';
import { backupReconciler, defaultLimits, type Limits } from '../../controllers/backup/index.ts';
import { aBackup, aStack, storeLikeAJob } from '../../controllers/backup/testing.ts';
import { loadBackup, requireComplete } from '../../controllers/stores/backup-catalog.ts';
import { HostClaims } from '../../controllers/hosts/claims.ts';
import { CredentialStore } from '../../controllers/inputs/credentials.ts';
import { ReleaseSource } from '../../controllers/inputs/release-source.ts';
import { backupKind, stackKind, storeKind, type JtelBackup, type JtelBackupStore } from '../../crds/index.ts';
import { FakeHostDriver } from '../../host-driver/fake/driver.ts';
import type { FakeJobOutcome, FakeMachine } from '../../host-driver/fake/machine.ts';
import type { JobSpec } from '../../host-driver/host.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import type { Reconciler } from '../../runtime/control/reconciler.ts';
import { Activities } from '../../runtime/control/activities.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { silentLogger } from '../../runtime/report/logger.ts';
import { storeRelease } from './release-builder.ts';
import { waitFor } from './wait.ts';

export const key = { namespace: 'acme', name: 'main-now' };
const address = '192.0.2.10';
const project = 'jtel-acme-main';
const { signal } = new AbortController();
const quick: Limits = { ...defaultLimits, retrySeconds: 0 };

/** Counts what the operator writes; what the job writes is the job's. */
class HookedStore extends MemoryBlobStore {
  onCreate: (() => void) | undefined;

  override async create(
    name: string,
    content: Buffer | StreamedContent,
    contentType: string,
    abort: AbortSignal,
  ): Promise<void> {
    this.onCreate?.();
    await super.create(name, content, contentType, abort);
    this.onCreate?.();
  }
}

export interface WorldOptions {
  readonly policy?: 'Required' | 'Preferred';
  readonly immutable?: boolean;
  /** What the management plane says; not asked when absent. */
  readonly retention?: Retention;
  /** What is asked for, besides a backup of the stack. */
  readonly asked?: Partial<JtelBackup['spec']>;
  /** Encryption keys of the store, as its Secret has them. */
  readonly keys?: Readonly<Record<string, string>>;
  /** What becomes of the job, by its number. */
  readonly job?: (count: number, input: BackupJobInput, world: World) => FakeJobOutcome;
}

/** What outlives a process: the API, the host, the stores. */
export class World {
  readonly cluster = new MemoryCluster();
  readonly driver = new FakeHostDriver();
  readonly vendor = new MemoryBlobStore('memory://vendor');
  readonly blobs: HookedStore;
  readonly machine: FakeMachine;
  readonly jobs: BackupJobInput[] = [];
  readonly specs: JobSpec[] = [];

  readonly retention: Retention | undefined;

  private constructor({ immutable = true, job, retention }: WorldOptions) {
    this.retention = retention;
    this.blobs = new HookedStore('memory://backups', { immutable });
    this.machine = this.driver.add(address, {
      runJob: (spec) => {
        const input = spec.input as BackupJobInput;
        this.jobs.push(input);
        this.specs.push(spec);
        return job?.(this.jobs.length, input, this) ?? { result: storeLikeAJob(this.blobs, input) };
      },
    });
  }

  static async create(options: WorldOptions = {}): Promise<World> {
    const world = new World(options);
    await storeRelease(world.vendor);
    const { privateKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const { cluster } = world;
    await cluster.create(
      secrets,
      { metadata: { namespace: 'acme', name: 'ssh' }, stringData: { 'ssh-privatekey': privateKey } },
      { signal },
    );
    await cluster.create(
      secrets,
      {
        metadata: { namespace: 'acme', name: 'main-credentials' },
        stringData: { 'database-root-password': 'root-password-1' },
      },
      { signal },
    );
    await cluster.create(storeKind, aStore('vendor', { tier: 'Vendor', accessMode: 'ReadOnly' }), { signal });
    await cluster.create(
      storeKind,
      aStore('backups', {
        immutability: { policy: options.policy ?? 'Required', retentionDays: 180 },
        ...(options.keys === undefined ? {} : { encryptionKeySecretRef: { name: 'keys' } }),
      }),
      { signal },
    );
    if (options.keys !== undefined)
      await cluster.create(
        secrets,
        { metadata: { namespace: 'acme', name: 'keys' }, stringData: options.keys },
        { signal },
      );
    const stack = await cluster.create(stackKind, aStack(), { signal });
    const host = world.driver.host({ address } as never);
    const owner = { clusterID: 'cluster-1', namespace: 'acme', name: 'main', uid: stack.metadata.uid };
    await host.claim(project, { owner, epoch: 3 }, signal);
    await host.record(
      project,
      { data: { source: 'vanilla 3.43.2' }, applied: { digest: 'd'.repeat(64), version: '3.43.2' } },
      { owner, epoch: 3 },
      signal,
    );
    world.runDatabase();
    await world.ask(options.asked);
    return world;
  }

  runDatabase(): void {
    const { containers, volumes } = this.machine.projects.get(project) ?? {};
    for (const volume of ['database', 'files'])
      volumes?.set(`${project}_${volume}`, { driver: 'local', options: {} });
    const container = {
      id: 'c',
      service: 'acd-dbm',
      image: 'i',
      configHash: 'h',
      hasHealthCheck: true,
      createdAt: 0,
      startedAt: 0,
      state: 'running' as const,
      exitCode: 0,
      restarts: 0,
      broken: false,
    };
    containers?.set('acd-dbm', container);
  }

  async ask(asked: Partial<JtelBackup['spec']> = {}): Promise<void> {
    const wanted = aBackup(undefined, asked);
    await this.cluster.create(
      backupKind,
      { ...wanted, metadata: { namespace: 'acme', name: key.name } as JtelBackup['metadata'] },
      { signal },
    );
  }

  backup(): Promise<JtelBackup | undefined> {
    return this.cluster.find(backupKind, key, { signal });
  }

  manifests(): readonly string[] {
    return [...this.blobs.blobs.keys()].filter((name) => name.endsWith(manifestName));
  }
}

function aStore(name: string, spec: Partial<JtelBackupStore['spec']>): JtelBackupStore {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackupStore',
    metadata: { namespace: 'acme', name } as JtelBackupStore['metadata'],
    spec: {
      tier: 'Customer',
      accessMode: 'ReadWrite',
      azure: { endpoint: 'https://x', container: 'c', credentialsSecretRef: { name: 'none' } },
      immutability: { policy: 'None', retentionDays: 180 },
      ...spec,
    },
  };
}

/** A process that can be killed: whatever it was doing ends, and nothing of it has any effect any more. */
export class Process {
  readonly #abort = new AbortController();
  readonly #reconciler: Reconciler;
  readonly #activities: Activities<never>;
  readonly #world: World;
  readonly #ended: Promise<void>;
  #due = true;
  crashed = false;

  constructor(world: World, crashAt?: number, limits: Limits = quick) {
    this.#world = world;
    let effects = 0;
    const effect = (): void => {
      if (this.crashed) throw new Error('this process is dead');
      effects += 1;
      if (effects !== crashAt) return;
      this.crashed = true;
      this.#abort.abort(new Error('killed'));
      throw new Error('killed');
    };
    const mutating = new Set(['claim', 'pull', 'startJob', 'removeJob']);
    world.machine.onCall = ({ method }) => {
      if (mutating.has(method)) effect();
      else if (this.crashed) throw new Error('this process is dead');
    };
    world.cluster.onWrite = effect;
    world.blobs.onCreate = effect;
    const { cluster, driver } = world;
    this.#activities = new Activities<never>({ enqueue: () => (this.#due = true), logger: silentLogger });
    this.#reconciler = backupReconciler({
      cluster,
      driver,
      releases: new ReleaseSource(),
      credentials: new CredentialStore(cluster),
      toolbox: { repository: 'registry.example/jtel/toolbox', digest: `sha256:${'7'.repeat(64)}`, tag: 'x' },
      openStore: async (_cluster, namespace, name) => {
        const { retention } = world;
        const resource = await cluster.get(storeKind, { namespace, name }, { signal });
        return {
          resource,
          blobs: name === 'vendor' ? world.vendor : world.blobs,
          ...(retention === undefined ? {} : { retention: () => Promise.resolve(retention) }),
        };
      },
      activities: this.#activities,
      events: { record: () => undefined },
      claims: new HostClaims(),
      clusterID: 'cluster-1',
      limits,
      mayAct: () => !this.crashed,
      clock: () => new Date(),
      random: () => 0,
    });
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    let wake = 0;
    while (!this.#abort.signal.aborted) {
      if (this.#due || Date.now() >= wake) {
        this.#due = false;
        try {
          const result = await this.#reconciler.reconcile(key, {
            signal: this.#abort.signal,
            logger: silentLogger,
          });
          // As if all pauses were a hundredth.
          wake = Date.now() + (result?.requeueAfterSeconds ?? 1) * 10;
        } catch {
          wake = Date.now() + 2;
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async kill(): Promise<void> {
    this.crashed = true;
    this.#abort.abort(new Error('killed'));
    await this.#ended;
    await this.#activities.close();
    this.#world.machine.onCall = undefined;
    this.#world.cluster.onWrite = undefined;
    this.#world.blobs.onCreate = undefined;
  }
}

/** Ended, and nothing left to clean up. */
export async function untilOver(world: World, process: Process): Promise<JtelBackup | 'crashed' | 'gone'> {
  return await waitFor(
    'the backup to end',
    async () => {
      if (process.crashed) return 'crashed';
      const backup = await world.backup();
      if (backup === undefined) return 'gone';
      const over = backup.status?.phase === 'Completed' || backup.status?.phase === 'Failed';
      return over && (backup.metadata.finalizers ?? []).length === 0 && backup;
    },
    { timeoutSeconds: 20, intervalMilliseconds: 2 },
  );
}

/** Completed or Failed, and nothing left to clean up. */
export async function untilEnded(world: World, process: Process): Promise<JtelBackup> {
  const over = await untilOver(world, process);
  if (typeof over === 'string') throw new Error(`the backup is ${over}`);
  return over;
}

export async function expectRestorable(world: World, backup: JtelBackup): Promise<void> {
  expect(world.manifests()).toHaveLength(1);
  const { backupID = '', identity = '', manifestDigest } = backup.status ?? {};
  const loaded = await loadBackup(world.blobs, identity, backupID, signal);
  expect(loaded.manifestDigest).toBe(manifestDigest);
  await requireComplete(world.blobs, loaded, signal);
}
