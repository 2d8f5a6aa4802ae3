import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addFinalizer,
  Controller,
  finalizerStep,
  Informer,
  isConflict,
  removeFinalizer,
  setCondition,
  silentLogger,
  statusChanged,
  type ReconcileContext,
  type ReconcileResult,
} from '../../../runtime/index.ts';
import { call, createNamespace, openCluster, type TestCluster } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait.ts';
import { installWidgets, widget, widgets, type Widget } from '../../support/widgets.ts';

const finalizer = 'test.jtel.de/clean-up';

describe('a controller with a finalizer on a real API server', () => {
  let cluster: TestCluster;
  let namespace: string;
  let stop: AbortController;
  let running: Promise<unknown>;
  let story: string[];
  /** @returns whether it is done. */
  let cleanUp: () => Promise<boolean>;
  let statusWrites: number;

  beforeAll(async () => {
    cluster = await openCluster('controller');
    await installWidgets(cluster.client);
  });
  afterAll(async () => cluster.close());
  beforeEach(async () => {
    namespace = await createNamespace(cluster.client, 'controller');
    stop = new AbortController();
    story = [];
    statusWrites = 0;
    cleanUp = async () => true;
    const informer = new Informer(widgets, {
      connection: cluster.connection,
      namespaces: [namespace],
      logger: silentLogger,
    });
    const controller = new Controller({
      name: 'widget',
      store: informer.store,
      logger: silentLogger,
      queue: { baseDelaySeconds: 0.05 },
      reconciler: {
        reconcile: async (key, context): Promise<ReconcileResult | void> => {
          const object = informer.store.get(key);
          if (object === undefined) {
            story.push(`${key.name} is gone`);
            return;
          }
          const step = finalizerStep(object, finalizer);
          if (step === 'Leave') return;
          if (step === 'CleanUp') {
            story.push('clean up');
            if (!(await cleanUp())) return { requeueAfterSeconds: 0.05 };
            await removeFinalizer(cluster.client, widgets, object, finalizer, context);
            return;
          }
          const live =
            step === 'Add' ? await addFinalizer(cluster.client, widgets, object, finalizer, context) : object;
          await makeReady(live, context);
        },
      },
    });
    running = Promise.all([
      informer.run(stop.signal),
      informer.synced(stop.signal).then(async () => controller.run(stop.signal)),
    ]);
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  /** Says Ready for the generation it saw; writes only what is new. */
  async function makeReady(live: Widget, context: ReconcileContext): Promise<void> {
    story.push(`reconcile size ${live.spec?.size}`);
    expect(live.metadata?.finalizers).toContain(finalizer);
    const observedGeneration = live.metadata?.generation ?? 0;
    const conditions = setCondition(
      live.status?.conditions,
      {
        type: 'Ready',
        status: 'True',
        reason: 'AllWell',
        message: `size ${live.spec?.size}`,
        observedGeneration,
      },
      new Date(),
    );
    const status = { phase: 'Ready', conditions };
    if (!statusChanged(live.status, status)) return;
    // Locked on the version that was looked at: a cache that lags behind leads to a conflict, not to the same status twice.
    const { name = '', resourceVersion = '' } = live.metadata ?? {};
    await cluster.client.applyStatus(widgets, { namespace, name }, status, { resourceVersion }, context);
    statusWrites += 1;
  }

  const key = (name: string): { namespace: string; name: string } => ({ namespace, name });
  const read = (name: string): Promise<Widget | undefined> => cluster.client.find(widgets, key(name), call());
  const ready = (name: string, message: string): Promise<unknown> =>
    waitFor(`${name} ready with ${message}`, async () =>
      (await read(name))?.status?.conditions?.some(
        (each) => each.status === 'True' && each.message === message,
      ),
    );

  it('brings an object to Ready, follows its changes, cleans up, and lets it go', async () => {
    await cluster.client.create(widgets, widget(namespace, 'a', { size: 1 }), call());
    await ready('a', 'size 1');
    await cluster.client.apply(widgets, widget(namespace, 'a', { size: 2 }), call());
    await ready('a', 'size 2');
    await cluster.client.delete(widgets, key('a'), {}, call());
    await waitFor('the end of the story', () => story.includes('a is gone'));
    expect(await read('a')).toBeUndefined();
    expect(story.filter((line) => line === 'clean up')).toHaveLength(1);
    expect(statusWrites).toBe(2);
  });

  it('keeps a deleted object until its clean-up succeeds', async () => {
    await cluster.client.create(widgets, widget(namespace, 'b'), call());
    await ready('b', 'size 1');
    let attempts = 0;
    cleanUp = async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('host away');
      return attempts === 4;
    };
    await cluster.client.delete(widgets, key('b'), {}, call());
    await waitFor('the first attempt', () => attempts >= 1);
    await waitFor('the end of the story', () => story.includes('b is gone'));
    expect(attempts).toBe(4);
  });

  it('removes only its own finalizer, also when others let go of theirs meanwhile', async () => {
    const finalizers = ['other.example/f', 'other.example/g'];
    await cluster.client.create(
      widgets,
      { ...widget(namespace, 'c'), metadata: { namespace, name: 'c', finalizers } },
      call(),
    );
    await ready('c', 'size 1');
    const letGo = async (...kept: string[]): Promise<unknown> =>
      cluster.client.patchFinalizers(
        widgets,
        await cluster.client.get(widgets, key('c'), call()),
        kept,
        call(),
      );
    cleanUp = async () => {
      await letGo('other.example/g', finalizer);
      return true;
    };
    await cluster.client.delete(widgets, key('c'), {}, call());
    await waitFor(
      'our finalizer gone',
      async () => !(await read('c'))?.metadata?.finalizers?.includes(finalizer),
    );
    expect((await read('c'))?.metadata?.finalizers).toEqual(['other.example/g']);
    await letGo();
  });

  it('takes no finalizer from an object re-created under the name, and sets none on a stale version', async () => {
    const first = await cluster.client.create(
      widgets,
      { ...widget(namespace, 'd'), metadata: { namespace, name: 'd', uid: '' } },
      call(),
    );
    await ready('d', 'size 1');
    await expect(addFinalizer(cluster.client, widgets, first, 'other.example/x', call())).rejects.toSatisfy(
      isConflict,
    );
    await cluster.client.delete(widgets, key('d'), {}, call());
    await waitFor('d to go', async () => (await read('d')) === undefined);
    await cluster.client.create(widgets, widget(namespace, 'd'), call());
    await ready('d', 'size 1');
    await removeFinalizer(cluster.client, widgets, first, finalizer, call());
    expect((await read('d'))?.metadata?.finalizers).toEqual([finalizer]);
  });
});
