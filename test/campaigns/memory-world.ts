/**
 * A world in memory for campaigns: the Kubernetes API, blob stores and compose hosts as their fakes, and in it the very
 * operator (`operator/controllers.ts`), whose process can be killed at any effect. Time runs a hundred times faster.
 */
import { generateKeyPairSync } from 'node:crypto';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import {
  backupKind,
  restoreKind,
  stackKind,
  storeKind,
  type JtelBackup,
  type JtelBackupStore,
  type JtelRestore,
  type JtelStack,
} from '../../crds/index.ts';
import { InputError } from '../../controllers/inputs/input-error.ts';
import { ReleaseSource } from '../../controllers/inputs/release-source.ts';
import { FakeHostDriver } from '../../host-driver/fake/driver.ts';
import type { FakeJobOutcome, FakeMachine } from '../../host-driver/fake/machine.ts';
import type { JobSpec } from '../../host-driver/host.ts';
import { runControllers, type ControllerParts } from '../../operator/controllers.ts';
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { EventRecorder } from '../../runtime/report/event-recorder.ts';
import { silentLogger } from '../../runtime/report/logger.ts';
import { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import type { Release } from '../../release/generated/release.ts';
import { aRelease, storeRelease } from '../support/release-builder.ts';
import { waitFor } from '../support/wait.ts';

export const stackKey = { namespace: 'acme', name: 'main' };
const timeScale = 100;
const never = new AbortController().signal;
const origin = Date.now();
const begin = performance.now();

/** What outlives a process. */
export class World {
  readonly cluster = new MemoryCluster();
  readonly driver = new FakeHostDriver();
  readonly vendor = new MemoryBlobStore('memory://vendor/releases');
  readonly customer = new MemoryBlobStore('memory://customer/backups', { sources: [this.vendor] });

  /** What jobs on all hosts do; default: they succeed at once. */
  runJob: (job: JobSpec) => FakeJobOutcome = () => ({ result: {} });

  /** Two bare hosts, the releases 3.43.1 and 3.43.2, the stores, the SSH key; no stack yet. */
  static async create(): Promise<World> {
    const world = new World();
    world.machine('192.0.2.10').withoutDocker();
    await storeRelease(world.vendor, releaseOf('3.43.1', [], '1'));
    await storeRelease(world.vendor, releaseOf('3.43.2', ['3.43.1'], '2'));
    for (const [name, tier] of [
      ['vendor', 'Vendor'],
      ['customer', 'Customer'],
    ] as const) {
      await world.cluster.create(storeKind, aStore(name, tier), { signal: never });
    }
    await world.cluster.create(
      secrets,
      { metadata: { namespace: stackKey.namespace, name: 'ssh' }, stringData: { 'ssh-privatekey': sshKey } },
      { signal: never },
    );
    return world;
  }

  /** The host with that address, made when it is asked for first. */
  machine(address: string): FakeMachine {
    return (
      this.driver.machines.get(address) ??
      this.driver.add(address, {
        facts: { machineID: `machine-${address}` },
        now: () => clock().getTime(),
        runJob: (job) => this.runJob(job),
      })
    );
  }

  apply(stack: JtelStack): Promise<JtelStack> {
    return this.cluster.create(stackKind, stack, { signal: never });
  }

  stack(): Promise<JtelStack> {
    return this.cluster.get(stackKind, stackKey, { signal: never });
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

const mutating: ReadonlySet<string> = new Set([
  'claim',
  'setUp',
  'writeRelease',
  'pull',
  'composeUp',
  'composeStop',
  'destroy',
  'record',
  'prune',
  'startJob',
  'removeJob',
  'markMoved',
  'createVolumes',
  'pruneVolumes',
]);

/** One life of the operator. Its effects are counted before and after each; at the `crashAt`-th it is dead at once. */
export class Process {
  readonly #world: World;
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;
  readonly #unfollow: readonly (() => void)[];
  effects = 0;
  crashed = false;
  /** Everything that this process changed, in order. */
  readonly log: string[] = [];

  constructor(world: World, crashAt = Number.POSITIVE_INFINITY) {
    this.#world = world;
    const effect = (what: string): void => {
      if (this.crashed) throw new Error('this process is dead');
      this.effects += 1;
      this.log.push(what);
      if (this.effects < crashAt) return;
      this.crashed = true;
      this.#abort.abort(new Error('killed'));
      throw new Error('killed');
    };
    for (const machine of world.driver.machines.values()) {
      machine.onCall = ({ method, phase }) => {
        if (mutating.has(method)) effect(`${phase} ${method}`);
        else if (this.crashed) throw new Error('this process is dead');
      };
    }
    world.cluster.onWrite = ({ kind, verb, phase }) => {
      if (kind !== 'Event') effect(`${phase} ${verb} ${kind}`);
    };
    const caches = {
      stacks: new ObjectStore<JtelStack>(),
      stores: new ObjectStore<JtelBackupStore>(),
      backups: new ObjectStore<JtelBackup>(),
      restores: new ObjectStore<JtelRestore>(),
    };
    const { cluster } = world;
    this.#unfollow = [
      cluster.follow(stackKind, caches.stacks),
      cluster.follow(storeKind, caches.stores),
      cluster.follow(backupKind, caches.backups),
      cluster.follow(restoreKind, caches.restores),
    ];
    this.#ended = this.#run(caches);
  }

  async #run(caches: ControllerParts['caches']): Promise<void> {
    const { cluster, driver, vendor, customer } = this.#world;
    const parts: ControllerParts = {
      cluster,
      caches,
      driver,
      releases: new ReleaseSource(),
      toolbox: { repository: 'registry.example/jtel/toolbox', digest: `sha256:${'7'.repeat(64)}`, tag: 'x' },
      openStore: async (_cluster, namespace, name, field) => {
        const resource = await cluster.find(storeKind, { namespace, name }, { signal: never });
        if (resource === undefined)
          throw new InputError(
            'StoreNotFound',
            `JtelBackupStore ${namespace}/${name}, which ${field} names, does not exist: create it.`,
          );
        return { resource, blobs: name === 'vendor' ? vendor : customer };
      },
      events: new EventRecorder({
        cluster,
        reportingController: 't',
        reportingInstance: 't',
        secrets: new SecretRegistry(),
        logger: silentLogger,
      }),
      logger: silentLogger,
      clusterID: await cluster.clusterID({ signal: never }),
      watchSecret: (secret, changed, signal) => cluster.watchNamed(secrets, secret, changed, signal),
      mayAct: () => !this.crashed,
      clock,
      random: () => 0.5,
      workers: 2,
      resyncSeconds: 60,
      queue: { timeScale, random: () => 0.5 },
    };
    await runControllers(parts, this.#abort.signal);
  }

  /** As a power failure: whatever it was doing has no effect any more. */
  async kill(): Promise<void> {
    this.crashed = true;
    this.#abort.abort(new Error('killed'));
    for (const unfollow of this.#unfollow) unfollow();
    await this.#ended.catch(() => undefined);
    for (const machine of this.#world.driver.machines.values()) machine.onCall = undefined;
    this.#world.cluster.onWrite = undefined;
  }

  /** Until the condition holds (true) or this process was killed by its effect (false). */
  async until(what: string, condition: () => Promise<boolean>): Promise<boolean> {
    const seen = await waitFor(
      what,
      async () => (this.crashed ? 'crashed' : (await condition()) && 'reached'),
      { timeoutSeconds: 30, intervalMilliseconds: 2 },
    );
    return seen === 'reached';
  }
}

/** Images of its own, physical backups, a component that updates the data. @param digit of which its image digests consist */
function releaseOf(version: string, updatableFrom: readonly string[], digit: string): Release {
  const { database, components } = aRelease();
  return aRelease({
    version,
    updatableFrom: [...updatableFrom],
    dataUpdater: 'acd-task-runner',
    database: {
      ...database,
      physical: { volume: 'database', dataDirectory: '/var/lib/mysql/data', uid: 999, gid: 999 },
    },
    components: components.map((component) => ({
      ...component,
      image: { ...component.image, tag: version, digest: `sha256:${digit.repeat(64)}` },
    })),
  });
}

function clock(): Date {
  return new Date(origin + (performance.now() - begin) * timeScale);
}

const sshKey = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;

function aStore(name: string, tier: 'Vendor' | 'Customer'): JtelBackupStore {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackupStore',
    metadata: { namespace: stackKey.namespace, name } as JtelBackupStore['metadata'],
    spec: {
      tier,
      accessMode: tier === 'Vendor' ? 'ReadOnly' : 'ReadWrite',
      azure: { endpoint: 'https://x', container: 'c', credentialsSecretRef: { name: 'none' } },
      immutability: { policy: tier === 'Vendor' ? 'None' : 'Required', retentionDays: 180 },
    },
  };
}
