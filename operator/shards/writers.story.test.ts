/**
 * The real controllers in replicas that share the stacks, over one API and the same hosts, all in memory. Whoever changes
 * a host is noted there, with who else could have at that moment.
 */
import { afterEach, expect, it } from 'vitest';
import { aStack } from '../../controllers/stack/testing.ts';
import { InputError } from '../../controllers/inputs/input-error.ts';
import { ReleaseSource } from '../../controllers/inputs/release-source.ts';
import { backupKind, restoreKind, stackKind, storeKind, type JtelStack } from '../../crds/index.ts';
import type { Host, HostDriver } from '../../host-driver/host.ts';
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { LeadershipLost } from '../../runtime/errors.ts';
import { EventRecorder, SecretRegistry, silentLogger, type Leadership } from '../../runtime/index.ts';
import { countedCluster, isWrite } from '../../test/support/counted-cluster.ts';
import { reading, World } from '../../test/support/world/world.ts';
import { waitFor } from '../../test/support/wait.ts';
import type { Caches } from '../caches.ts';
import { runControllers } from '../controllers.ts';
import { partOf } from './part.ts';
import { runShards } from './run-shards.ts';
import { shardOf } from './share.ts';

const shards = 4;
const { signal: never } = new AbortController();
const tenants = Array.from({ length: 8 }, (_, index) => ({
  namespace: `tenant-${index}`,
  address: `198.51.100.${index + 1}`,
}));
const replicas: Replica[] = [];

function shardAt(address: string): number {
  return shardOf(tenants.find((one) => one.address === address)?.namespace ?? '', shards);
}

afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()));
  replicas.length = 0;
});

class Replica {
  readonly identity: string;
  readonly leads = new Map<number, Leadership>();
  readonly #world: World;
  readonly #whole: Caches;
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  readonly #note: (address: string, fault: string | undefined) => void;
  isKilled = false;

  constructor(world: World, identity: string, note: (address: string, fault: string | undefined) => void) {
    this.identity = identity;
    this.#world = world;
    this.#note = note;
    const followed = <T extends Parameters<typeof world.cluster.follow>[0]>(kind: T): never => {
      const store = new ObjectStore();
      world.cluster.follow(kind, store);
      return store as never;
    };
    this.#whole = {
      stacks: followed(stackKind),
      stores: followed(storeKind),
      backups: followed(backupKind),
      restores: followed(restoreKind),
    };
    const lease = { namespace: 'jtel-system', name: 'jtel-operator' };
    const cluster = countedCluster(world.cluster, () => this.#throwIfKilled());
    const mark = { labels: {}, annotations: {} };
    this.#ended = runShards(
      { cluster, lease, identity, shards, leaseDurationSeconds: 5, mark, logger: silentLogger },
      this.#stop.signal,
      (leadership, shard) => this.#lead(leadership, shard),
    ).catch((error: unknown) => error);
    replicas.push(this);
  }

  holds(shard: number): boolean {
    return !this.isKilled && this.leads.get(shard)?.isHeld() === true;
  }

  async kill(): Promise<void> {
    this.isKilled = true;
    this.#stop.abort(new Error('killed'));
    await this.#ended;
  }

  #throwIfKilled(): void {
    if (this.isKilled) throw new Error('this process is dead');
  }

  async #lead(leadership: Leadership, shard: number): Promise<void> {
    const world = this.#world;
    this.leads.set(shard, leadership);
    const cluster = countedCluster(world.cluster, (call) => {
      this.#throwIfKilled();
      if (isWrite(call) && !leadership.isHeld()) throw new LeadershipLost('not held');
    });
    const part = partOf(this.#whole, (namespace) => shardOf(namespace, shards) === shard);
    const events = new EventRecorder({
      cluster,
      reportingController: 't',
      reportingInstance: this.identity,
      secrets: new SecretRegistry(),
      logger: silentLogger,
    });
    try {
      await runControllers(
        {
          cluster,
          caches: part.caches,
          whole: this.#whole,
          driver: this.#driver(),
          releases: new ReleaseSource(),
          openStore: async (asking, namespace, name, field) => {
            const resource = await asking.find(storeKind, { namespace, name }, { signal: never });
            if (resource === undefined) throw new InputError('StoreNotFound', `${field}: ${name}`);
            return { resource, blobs: world.vendor, now: () => new Date() };
          },
          toolbox: { repository: 'registry.example/toolbox', digest: `sha256:${'7'.repeat(64)}`, tag: 'x' },
          events,
          logger: silentLogger,
          clusterID: await world.cluster.clusterID({ signal: never }),
          ownNamespace: 'jtel-system',
          secretVersions: world.cluster.versions(secrets),
          mayAct: () => leadership.isHeld(),
          clock: () => new Date(),
          random: Math.random,
          workers: 2,
          monitorSeconds: 0,
          resyncSeconds: 60,
        },
        leadership.signal,
      );
    } finally {
      part.close();
      await events.close();
      this.leads.delete(shard);
    }
  }

  /** The hosts of all, which a dead process does not reach. Only what a host did counts: it refuses outdated epochs. */
  #driver(): HostDriver {
    const { driver } = this.#world;
    const watched = (host: Host, address: string): Host =>
      new Proxy(host, {
        get: (inner, method) => {
          const value: unknown = Reflect.get(inner, method, inner);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]): unknown => {
            this.#throwIfKilled();
            const result: unknown = Reflect.apply(value, inner, args);
            if (reading.has(String(method)) || !(result instanceof Promise)) return result;
            const others = replicas.filter((one) => one !== this && one.holds(shardAt(address)));
            const fault = others.map((one) => `${this.identity} ${String(method)}, led by ${one.identity}`);
            void result.then(
              () => this.#note(address, fault[0]),
              () => undefined,
            );
            return result;
          };
        },
      });
    return {
      host: (target) => watched(driver.host(target), target.address),
      closeIdle: () => undefined,
      close: () => Promise.resolve(),
    };
  }
}

function stackOf({ namespace, address }: (typeof tenants)[number], change = 0): JtelStack {
  const { host } = aStack().spec;
  const spec = { host: { ...host, address }, revisionHistoryLimit: 5 + change };
  return aStack(spec, { name: 'main', namespace, uid: namespace });
}

it('change each host one after the other, also when one of them is killed in the middle', async () => {
  const world = await World.create();
  const writers = new Map<string, Set<string>>();
  const faults: string[] = [];
  const start = (identity: string): Replica =>
    new Replica(world, identity, (address, fault) => {
      if (fault !== undefined) faults.push(`${address}: ${fault}`);
      writers.set(address, (writers.get(address) ?? new Set()).add(identity));
    });
  const inherit = { signal: never };
  const acme = { namespace: 'acme', name: 'vendor' };
  const { metadata: _metadata, ...vendor } = await world.cluster.get(storeKind, acme, inherit);
  const ssh = await world.cluster.getSecret('acme', 'ssh', inherit);
  for (const tenant of tenants) {
    const { namespace, address } = tenant;
    // Slow enough that the work is under way for a while.
    world.machine(address).latencyMilliseconds = 20;
    const metadata = { namespace, name: 'vendor' } as NonNullable<typeof _metadata>;
    await world.cluster.create(storeKind, { ...vendor, metadata }, inherit);
    const stringData = { 'ssh-privatekey': ssh.find('ssh-privatekey') ?? '' };
    await world.cluster.create(secrets, { metadata: { namespace, name: 'ssh' }, stringData }, inherit);
  }
  const [a, b] = [start('a'), start('b')];
  const count = (replica: Replica): number => [0, 1, 2, 3].filter((shard) => replica.holds(shard)).length;
  await waitFor('half for each', () => count(a) === 2 && count(b) === 2);
  for (const tenant of tenants) await world.cluster.create(stackKind, stackOf(tenant), inherit);
  const changed = (who: string): number => [...writers.values()].filter((one) => one.has(who)).length;
  await waitFor('both to change hosts', () => changed('a') > 0 && changed('b') > 0, {
    intervalMilliseconds: 5,
  });
  await a.kill();
  const phases = async (): Promise<readonly (string | undefined)[]> =>
    await Promise.all(
      tenants.map(async ({ namespace }) => {
        const stack = await world.cluster.get(stackKind, { namespace, name: 'main' }, inherit);
        return stack.status?.phase;
      }),
    );
  await waitFor('all to be Ready', async () => (await phases()).every((phase) => phase === 'Ready'));
  expect(faults).toEqual([]);
}, 150_000);
