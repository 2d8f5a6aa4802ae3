/**
 * The one world in memory, for stories and campaigns: the Kubernetes API, blob stores and compose hosts as
 * their fakes. The real operator (`operator/controllers.ts`) runs in it, and can be killed at any effect.
 * Time runs a hundred times faster.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { StreamedContent } from '../../../blob-store/blob-store.ts';
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import type { Retention } from '../../../blob-store/retention.ts';
import { optional } from '../../../base/optional.ts';
import { storeLikeAJob } from '../../../controllers/backup/testing.ts';
import {
  backupKind,
  channelKind,
  drillKind,
  restoreKind,
  stackKind,
  storeKind,
  type JtelBackup,
  type JtelBackupStore,
  type JtelChannel,
  type JtelDrill,
  type JtelRestore,
  type JtelStack,
} from '../../../crds/index.ts';
import type { BackupJobInput } from '../../../jobs/backup.ts';
import { InputError } from '../../../controllers/inputs/input-error.ts';
import { readSecret } from '../../../controllers/inputs/secret-input.ts';
import { ReleaseSource } from '../../../controllers/inputs/release-source.ts';
import type { openStore as openByName, OpenStore } from '../../../controllers/stores/store-access.ts';
import { FakeHostDriver } from '../../../host-driver/fake/driver.ts';
import type { FakeJobOutcome, FakeMachine } from '../../../host-driver/fake/machine.ts';
import type { JobSpec } from '../../../host-driver/host.ts';
import type { AuditLine } from '../../../operator/audit/lines.ts';
import { runControllers, type ControllerParts } from '../../../operator/controllers.ts';
import { ObjectStore } from '../../../runtime/cache/object-store.ts';
import { secrets } from '../../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../../runtime/fake/memory-cluster.ts';
import { EventRecorder } from '../../../runtime/report/event-recorder.ts';
import { silentLogger } from '../../../runtime/report/logger.ts';
import { SecretRegistry } from '../../../runtime/report/secret-registry.ts';
import type { Release } from '../../../release/generated/release.ts';
import { aRelease, componentsOf, physicalDatabase, storeRelease } from '../release-builder.ts';
import { countedCluster, type CountedCall } from '../counted-cluster.ts';
import { waitFor } from '../wait.ts';
import type { Interference } from './interference.ts';
import { aStore } from './a-store.ts';

/** Is read whenever a store is opened, as a real one's credentials are. */
const storeSecret = 'store-credentials';
export const toolboxImage = {
  repository: 'registry.example/jtel/toolbox',
  digest: `sha256:${'7'.repeat(64)}`,
  tag: 'x',
};
export const stackKey = { namespace: 'acme', name: 'main' };
const timeScale = 100;
const never = new AbortController().signal;
const origin = Date.now();
const begin = performance.now();

/** Counts what the operator writes. What a job writes does not count. */
class HookedStore extends MemoryBlobStore {
  onCreate: ((phase: 'before' | 'after') => void) | undefined;

  override async create(
    name: string,
    content: Buffer | StreamedContent,
    contentType: string,
    signal: AbortSignal,
  ): Promise<void> {
    this.onCreate?.('before');
    await super.create(name, content, contentType, signal);
    this.onCreate?.('after');
  }
}

export interface WorldOptions {
  /** Whether the customer's store protects its content; default true. */
  readonly immutable?: boolean;
  /** Further fields of the customer's JtelBackupStore. */
  readonly customer?: Partial<JtelBackupStore['spec']>;
  /** How many times faster than ours the time of operators runs; default 100. */
  readonly timeScale?: number;
  /** What time it is; default: ours, scaled. */
  readonly clock?: () => Date;
  /** The most backups at the same time; default: that of the operator. */
  readonly backupBounds?: NonNullable<ControllerParts['backupBounds']>;
}

/** What outlives a process. */
export class World {
  readonly cluster = new MemoryCluster();
  readonly driver = new FakeHostDriver();
  readonly vendor = new MemoryBlobStore('memory://vendor/releases');
  readonly customer: HookedStore;
  /** What the management plane says about the customer's store; undefined: it is not asked. */
  retention: Retention | undefined;
  /** The operator that was started last. */
  operator: Process | undefined;
  /** What all operators here told for the audit log. */
  readonly audit: AuditLine[] = [];
  /** What all operators here asked the Kubernetes API for, in order. */
  readonly calls: CountedCall[] = [];
  /** Stands between operators that start from now on and this world. */
  interference: Interference = {};

  /**
   * What jobs on all hosts do. By default backups store what real ones would, and all others succeed at once.
   */
  runJob: (job: JobSpec) => FakeJobOutcome = ({ type, input }) => ({
    result: type === 'backup' ? storeLikeAJob(this.customer, input as BackupJobInput) : {},
  });

  readonly timeScale: number;
  readonly clock: () => Date;
  readonly backupBounds: ControllerParts['backupBounds'];

  private constructor(options: WorldOptions) {
    const {
      immutable = true,
      timeScale: scale = timeScale,
      clock = () => clockOf(scale),
      backupBounds,
    } = options;
    this.timeScale = scale;
    this.clock = clock;
    this.backupBounds = backupBounds;
    this.customer = new HookedStore('memory://customer/backups', { immutable, sources: [this.vendor] });
  }

  /**
   * Two bare hosts, the releases 3.43.1, 3.43.2 and 3.44.0, the stores and the SSH key. There is no stack
   * yet.
   */
  static async create(options: WorldOptions = {}): Promise<World> {
    const world = new World(options);
    world.machine().withoutDocker();
    await storeRelease(world.vendor, releaseOf('3.43.1', [], '1'));
    await storeRelease(world.vendor, releaseOf('3.43.2', ['3.43.1'], '2'));
    await storeRelease(
      world.vendor,
      aRelease({ version: '3.44.0', updatableFrom: ['3.43.2'], database: physicalDatabase }),
    );
    for (const store of [
      aStore(stackKey.namespace, 'vendor', 'Vendor'),
      aStore(stackKey.namespace, 'customer', 'Customer', options.customer),
    ])
      await world.cluster.create(storeKind, store, { signal: never });
    await world.addSecret('ssh', { 'ssh-privatekey': sshKey });
    await world.addSecret(storeSecret, { accountName: 'memory' });
    return world;
  }

  async addSecret(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
    const metadata = { namespace: stackKey.namespace, name };
    await this.cluster.create(secrets, { metadata, stringData }, { signal: never });
  }

  /** The host with that address, made on first request. */
  machine(address = '192.0.2.10'): FakeMachine {
    return (
      this.driver.machines.get(address) ??
      this.driver.add(address, {
        facts: { machineID: `machine-${address}` },
        now: () => this.clock().getTime(),
        runJob: (job) => this.runJob(job),
      })
    );
  }

  /** Starts an operator. @param crashAt see {@link Process} */
  start(crashAt?: number): Process {
    return (this.operator = new Process(this, crashAt));
  }

  /** Kills the operator, if one runs. */
  async kill(): Promise<void> {
    await this.operator?.kill();
  }

  /** Waits for the condition. @returns false when the operator's effect killed it first. */
  async until(what: string, condition: () => Promise<boolean> | boolean): Promise<boolean> {
    if (this.operator === undefined)
      throw new Error(`no operator was started that could bring about: ${what}`);
    return await this.operator.until(what, condition);
  }

  /** As the operator opens a store, without credentials. */
  async openStore(...[asking, namespace, name, field]: Parameters<typeof openByName>): Promise<OpenStore> {
    const resource = await asking.find(storeKind, { namespace, name }, { signal: never });
    if (resource === undefined)
      throw new InputError(
        'StoreNotFound',
        `JtelBackupStore ${namespace}/${name}, which ${field} names, does not exist: create it.`,
      );
    await readSecret(asking, namespace, storeSecret, field, { signal: never });
    const now = (): Date => this.#storeTime();
    if (name === 'vendor') return { resource, blobs: this.vendor, now };
    const { customer: blobs, retention } = this;
    return { resource, blobs, now, ...optional({ retention: retention && (async () => retention) }) };
  }

  /** Not before the backups of tests, whatever the machine's clock says. */
  #storeTime(): Date {
    return new Date(Math.max(this.clock().getTime(), Date.parse('2026-12-31T00:00:00Z')));
  }

  apply(stack: JtelStack): Promise<JtelStack> {
    return this.cluster.create(stackKind, stack, { signal: never });
  }

  stack(): Promise<JtelStack> {
    return this.cluster.get(stackKind, stackKey, { signal: never });
  }

  /** The customer's store. */
  store(): Promise<JtelBackupStore> {
    const key = { namespace: stackKey.namespace, name: 'customer' };
    return this.cluster.get(storeKind, key, { signal: never });
  }

  find(): Promise<JtelStack | undefined> {
    return this.cluster.find(stackKind, stackKey, { signal: never });
  }

  /** Changes the spec as a user would, whatever the operator writes at the same time. */
  async change(spec: Partial<JtelStack['spec']>): Promise<void> {
    const live = await this.stack();
    await this.cluster.replace(stackKind, { ...live, spec: { ...live.spec, ...spec } }, { signal: never });
  }
}

/** Calls of a host that change nothing; every other one is an effect, also one that is new. */
export const reading: ReadonlySet<string> = new Set([
  'observe',
  'readJob',
  'events',
  'logs',
  'measureVolumes',
]);

const alive = new Set<Process>();

/** Kills every operator that a test left running. Call it in `afterEach`. */
export async function killAll(): Promise<void> {
  await Promise.all([...alive].map((process) => process.kill()));
}

/**
 * One life of the operator. Its effects are counted, before and after each. At the `crashAt`-th count it is
 * dead at once.
 */
export class Process {
  readonly #world: World;
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;
  readonly #unfollow: readonly (() => void)[];
  effects = 0;
  crashed = false;
  /** Why it ended by itself. */
  failure: unknown;
  /** Everything that this process changed, in order. */
  readonly log: string[] = [];

  constructor(world: World, crashAt = Number.POSITIVE_INFINITY) {
    this.#world = world;
    const between = world.interference;
    alive.add(this);
    const effect = (what: string): void => {
      if (this.crashed) throw new Error('this process is dead');
      this.effects += 1;
      this.log.push(what);
      between.effect?.(this.effects, what);
      if (this.effects < crashAt) return;
      this.crashed = true;
      this.#abort.abort(new Error('killed'));
      throw new Error('killed');
    };
    for (const machine of world.driver.machines.values()) {
      machine.onCall = ({ method, phase }) => {
        if (!reading.has(method)) effect(`${phase} ${method}`);
        else if (this.crashed) throw new Error('this process is dead');
      };
    }
    world.cluster.onWrite = ({ kind, verb, phase }) => {
      if (kind !== 'Event') effect(`${phase} ${verb} ${kind}`);
    };
    world.customer.onCreate = (phase) => effect(`${phase} create blob`);
    const caches = {
      stacks: new ObjectStore<JtelStack>(),
      stores: new ObjectStore<JtelBackupStore>(),
      backups: new ObjectStore<JtelBackup>(),
      restores: new ObjectStore<JtelRestore>(),
      channels: new ObjectStore<JtelChannel>(),
      drills: new ObjectStore<JtelDrill>(),
    };
    const { follow = (cluster, kind, store) => cluster.follow(kind, store) }: Interference = between;
    this.#unfollow = [
      follow(world.cluster, stackKind, caches.stacks),
      follow(world.cluster, storeKind, caches.stores),
      follow(world.cluster, backupKind, caches.backups),
      follow(world.cluster, restoreKind, caches.restores),
      follow(world.cluster, channelKind, caches.channels),
      follow(world.cluster, drillKind, caches.drills),
    ];
    this.#ended = this.#run(caches, between);
    // `kill` waits for it, too.
    this.#ended.catch((error: unknown) => (this.failure ??= error));
  }

  async #run(caches: ControllerParts['caches'], between: Interference): Promise<void> {
    const world = this.#world;
    const driver = between.hosts?.(world.driver) ?? world.driver;
    const counted = countedCluster(world.cluster, (call) => world.calls.push(call));
    const cluster = between.api?.(counted) ?? counted;
    const logger = between.logger ?? silentLogger;
    const versions = world.cluster.versions(secrets);
    const parts: ControllerParts = {
      cluster,
      caches,
      driver,
      releases: new ReleaseSource(),
      toolbox: toolboxImage,
      openStore: (...asked) => world.openStore(...asked),
      events: new EventRecorder({
        cluster,
        reportingController: 't',
        reportingInstance: 't',
        secrets: new SecretRegistry(),
        logger,
      }),
      logger,
      clusterID: await cluster.clusterID({ signal: never }),
      ownNamespace: 'jtel-system',
      secretVersions: between.versions?.(versions) ?? versions,
      mayAct: () => !this.crashed && between.mayAct?.() !== false,
      clock: world.clock,
      random: () => 0.5,
      workers: 2,
      resyncSeconds: 60,
      backupLimits: { retrySeconds: 1 },
      ...optional({ backupBounds: world.backupBounds }),
      queue: { timeScale: world.timeScale, random: () => 0.5 },
      audit: (line) => void world.audit.push(line),
    };
    await runControllers(parts, this.#abort.signal);
  }

  /** Kills it as a power failure would: what it was doing has no further effect. */
  async kill(): Promise<void> {
    alive.delete(this);
    this.crashed = true;
    this.#abort.abort(new Error('killed'));
    for (const unfollow of this.#unfollow) unfollow();
    await this.#ended.catch(() => undefined);
    for (const machine of this.#world.driver.machines.values()) machine.onCall = undefined;
    this.#world.cluster.onWrite = undefined;
    this.#world.customer.onCreate = undefined;
  }

  /** Waits for the condition (true), or until an effect killed this process (false). */
  async until(what: string, condition: () => Promise<boolean> | boolean): Promise<boolean> {
    const seen = await waitFor(
      what,
      async () => (this.crashed ? 'crashed' : (await condition()) && 'reached'),
      { timeoutSeconds: 30, intervalMilliseconds: 2 },
    );
    return seen === 'reached';
  }
}

/**
 * A release with images of its own, physical backups, and a component that updates the data.
 * @param digit of which its image digests consist
 */
function releaseOf(version: string, updatableFrom: readonly string[], digit: string): Release {
  return aRelease({
    version,
    updatableFrom: [...updatableFrom],
    dataUpdater: 'acd-task-runner',
    database: physicalDatabase,
    components: componentsOf(version, digit),
  });
}

function clockOf(scale: number): Date {
  return new Date(origin + (performance.now() - begin) * scale);
}

const sshKey = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;
