/**
 * The whole controller over a Kubernetes API, a blob store and a compose host in memory: the story of an installation, and the
 * same story with the process killed before and after each of its effects.
 */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import {
  annotations,
  restoreKind,
  stackKind,
  storeKind,
  type JtelBackupStore,
  type JtelStack,
} from '../../crds/index.ts';
import { FakeHostDriver } from '../../host-driver/fake/driver.ts';
import type { FakeMachine } from '../../host-driver/fake/machine.ts';
import { Activities } from '../../runtime/control/activities.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { EventRecorder } from '../../runtime/report/event-recorder.ts';
import { silentLogger } from '../../runtime/report/logger.ts';
import { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { storeRelease } from '../../test/support/release-builder.ts';
import { waitFor } from '../../test/support/wait.ts';
import { HostClaims } from '../hosts/claims.ts';
import { ReleaseSource } from '../inputs/release-source.ts';
import { CredentialStore } from '../inputs/credentials.ts';
import { BackupSource } from './data-source.ts';
import type { Progress } from './execute.ts';
import type { Reconciler } from '../../runtime/control/reconciler.ts';
import { stackReconciler } from './reconcile.ts';
import { aStack } from './testing.ts';
import { HostWatcher } from './watch-hosts.ts';

const key = { namespace: 'acme', name: 'main' };
const address = '192.0.2.10';
const { signal: never } = new AbortController();

/** What outlives a process: the API, the host, the store. */
class World {
  readonly cluster = new MemoryCluster();
  readonly driver = new FakeHostDriver();
  readonly machine: FakeMachine = this.driver.add(address);
  readonly blobs = new MemoryBlobStore();

  static async create(stack: JtelStack = aStack()): Promise<World> {
    const world = new World();
    world.machine.withoutDocker();
    await storeRelease(world.blobs);
    const store: JtelBackupStore = {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelBackupStore',
      metadata: { namespace: 'acme', name: 'vendor' } as JtelBackupStore['metadata'],
      spec: {
        tier: 'Vendor',
        accessMode: 'ReadOnly',
        azure: { endpoint: 'https://x', container: 'c', credentialsSecretRef: { name: 'none' } },
        immutability: { policy: 'None', retentionDays: 180 },
      },
    };
    const { privateKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    await world.cluster.create(storeKind, store, { signal: never });
    await world.cluster.create(
      secrets,
      { metadata: { namespace: 'acme', name: 'ssh' }, stringData: { 'ssh-privatekey': privateKey } },
      { signal: never },
    );
    await world.cluster.create(stackKind, stack, { signal: never });
    return world;
  }

  stack(): Promise<JtelStack> {
    return this.cluster.get(stackKind, key, { signal: never });
  }
}

/** A process that can be killed: whatever it was doing ends, and nothing of it has any effect any more. */
class Process {
  readonly #abort = new AbortController();
  readonly #reconciler: Reconciler;
  readonly #activities: Activities<Progress>;
  readonly #watcher: HostWatcher;
  readonly #world: World;
  #due = true;
  #ended: Promise<void>;
  crashed = false;

  constructor(world: World, crashAt?: number) {
    this.#world = world;
    let effects = 0;
    const effect = (): void => {
      if (this.crashed) throw new Error('this process is dead');
      effects += 1;
      if (effects === crashAt) {
        this.crashed = true;
        this.#abort.abort(new Error('killed'));
        throw new Error('killed');
      }
    };
    const mutating = new Set([
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
    ]);
    world.machine.onCall = ({ method }) => {
      if (mutating.has(method)) effect();
      else if (this.crashed) throw new Error('this process is dead');
    };
    world.cluster.onWrite = ({ kind }) => {
      if (kind !== 'Event') effect();
    };
    const enqueue = (): void => {
      this.#due = true;
    };
    const { cluster, driver } = world;
    this.#activities = new Activities<Progress>({
      enqueue,
      logger: silentLogger,
      progressIntervalSeconds: 0,
    });
    this.#watcher = new HostWatcher({ enqueue, logger: silentLogger });
    this.#reconciler = stackReconciler({
      cluster,
      driver,
      releases: new ReleaseSource(),
      credentials: new CredentialStore(cluster),
      backups: new BackupSource(),
      restoresOf: async ({ metadata }) =>
        (await cluster.list(restoreKind, { namespace: metadata.namespace }, { signal: never })).filter(
          ({ spec }) => spec.stackRef.name === metadata.name,
        ),
      toolbox: { repository: 'registry.example/jtel/toolbox', digest: `sha256:${'7'.repeat(64)}`, tag: 'x' },
      openStore: async (_cluster, namespace, name) => ({
        resource: await cluster.get(storeKind, { namespace, name }, { signal: never }),
        blobs: world.blobs,
      }),
      activities: this.#activities,
      events: new EventRecorder({
        cluster,
        reportingController: 't',
        reportingInstance: 't',
        secrets: new SecretRegistry(),
        logger: silentLogger,
      }),
      watcher: this.#watcher,
      claims: new HostClaims(),
      clusterID: 'cluster-1',
      mayAct: () => !this.crashed,
      clock: () => new Date(),
      random: () => 0,
      resyncSeconds: 300,
    });
    this.#ended = this.#run();
  }

  /** Looks whenever woken, or a moment after a failure, as the controller's queue would. */
  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      if (this.#due) {
        this.#due = false;
        try {
          const result = await this.#reconciler.reconcile(key, {
            signal: this.#abort.signal,
            logger: silentLogger,
          });
          // Short pauses are conditions that nothing announces; long ones are resyncs.
          if ((result?.requeueAfterSeconds ?? 300) < 60) this.#due = true;
        } catch {
          this.#due = true;
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** As the watch would on a change of the object. */
  wake(): void {
    this.#due = true;
  }

  async kill(): Promise<void> {
    this.crashed = true;
    this.#abort.abort(new Error('killed'));
    this.#watcher.close();
    await this.#ended;
    await this.#activities.close();
    this.#world.machine.onCall = undefined;
    this.#world.cluster.onWrite = undefined;
  }
}

let running: Process | undefined;
afterEach(() => running?.kill());

async function untilReadyOrCrashed(world: World, process: Process): Promise<boolean> {
  return (
    (await waitFor(
      'the stack to be Ready',
      async () => {
        if (process.crashed) return 'crashed';
        const { status } = await world.stack();
        return status?.phase === 'Ready' && status.operation === undefined && 'ready';
      },
      { timeoutSeconds: 30, intervalMilliseconds: 2 },
    )) === 'ready'
  );
}

function endState(world: World): unknown {
  const project = world.machine.projects.get('jtel-acme-main');
  return {
    containers: [...(project?.containers.values() ?? [])].map(({ service, image, state }) => ({
      service,
      image,
      state,
    })),
    volumes: [...(project?.volumes.keys() ?? [])],
    releases: project?.releases.size,
    data: project?.state?.data?.source,
    version: project?.state?.applied?.version,
    jobs: world.machine.jobs.size,
  };
}

describe('an installation', () => {
  it('goes from a bare host to Ready, and then leaves everything alone', async () => {
    const world = await World.create();
    running = new Process(world);
    expect(await untilReadyOrCrashed(world, running)).toBe(true);
    expect(endState(world)).toMatchObject({
      data: 'vanilla 3.43.2',
      version: '3.43.2',
      jobs: 0,
      releases: 1,
    });
    await running.kill();

    // A new process finds nothing to do: no write to the API, no change on the host.
    const writes: string[] = [];
    running = new Process(world);
    const hook = world.cluster.onWrite;
    world.cluster.onWrite = (write) => {
      if (write.kind !== 'Event' && write.phase === 'before') writes.push(`${write.verb} ${write.kind}`);
      hook?.(write);
    };
    const seen = world.machine.calls.length;
    await waitFor('a look at the host', () => world.machine.calls.length > seen, { intervalMilliseconds: 2 });
    await running.kill();
    expect(writes).toEqual([]);
    expect(
      world.machine.calls
        .slice(seen)
        .map(({ method }) => method)
        .filter((method) => method !== 'observe' && method !== 'events'),
    ).toEqual([]);
  });

  it('never puts a generated password or a key into a status', async () => {
    const world = await World.create();
    running = new Process(world);
    await untilReadyOrCrashed(world, running);
    const credentials = await world.cluster.getSecret('acme', 'main-credentials', { signal: never });
    const status = JSON.stringify((await world.stack()).status);
    for (const name of credentials.keys) expect(status).not.toContain(credentials.get(name));
  });
});

describe('killed at any moment', () => {
  it('an installation still ends the same', async () => {
    const reference = await World.create();
    running = new Process(reference);
    await untilReadyOrCrashed(reference, running);
    await running.kill();
    const expected = endState(reference);

    let crashes = 0;
    for (let crashAt = 1; ; crashAt += 1) {
      const world = await World.create();
      running = new Process(world, crashAt);
      const ready = await untilReadyOrCrashed(world, running);
      await running.kill();
      if (ready) break;
      crashes += 1;
      running = new Process(world);
      expect(await untilReadyOrCrashed(world, running), `after a crash at effect ${crashAt}`).toBe(true);
      await running.kill();
      expect(endState(world), `after a crash at effect ${crashAt}`).toEqual(expected);
    }
    // Before and after each effect: at least claim, set-up, files, pull, database, load, record, apply, record, clean-up.
    expect(crashes).toBeGreaterThan(20);
  }, 180_000);
});

describe('a stack that is deleted', () => {
  const deleted = async (
    stack: JtelStack,
    consent: (uid: string) => Record<string, string>,
  ): Promise<World> => {
    const world = await World.create(stack);
    running = new Process(world);
    await untilReadyOrCrashed(world, running);
    await running.kill();
    const live = await world.stack();
    const annotated = await world.cluster.patchAnnotations(
      stackKind,
      live,
      consent(live.metadata.uid ?? ''),
      { signal: never },
    );
    await world.cluster.delete(stackKind, key, { uid: annotated.metadata.uid ?? '' }, { signal: never });
    running = new Process(world);
    return world;
  };
  const gone = (world: World): Promise<true> =>
    waitFor(
      'the object to go',
      async () => (await world.cluster.find(stackKind, key, { signal: never })) === undefined,
      { intervalMilliseconds: 2 },
    );

  it('runs on when its policy is Orphan', async () => {
    const world = await deleted(aStack(), () => ({}));
    await gone(world);
    expect(world.machine.projects.get('jtel-acme-main')?.containers.size).toBeGreaterThan(0);
  });

  it('is destroyed with consent, and only then', async () => {
    const world = await deleted(aStack({ deletionPolicy: 'Destroy' }), () => ({
      [annotations.confirmDestroy]: 'of another life',
    }));
    await waitFor('the refusal', async () => (await world.stack()).status?.phase === 'Deleting', {
      intervalMilliseconds: 2,
    });
    expect(world.machine.projects.size).toBe(1);
    const live = await world.stack();
    await world.cluster.patchAnnotations(
      stackKind,
      live,
      { [annotations.confirmDestroy]: live.metadata.uid ?? '' },
      { signal: never },
    );
    running?.wake();
    await gone(world);
    expect(world.machine.projects.size).toBe(0);
    expect(
      await world.cluster.find(secrets, { namespace: 'acme', name: 'main-credentials' }, { signal: never }),
    ).toBeUndefined();
  });
});
