import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Activities,
  addFinalizer,
  Controller,
  Informer,
  isConflict,
  removeFinalizer,
  setCondition,
  silentLogger,
  WaveController,
  type WaveTypes,
} from '../../../runtime/index.ts';
import { call, createNamespace, openCluster, type TestCluster } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait.ts';
import { installWidgets, widget, widgets, type Widget } from '../../support/widgets.ts';

const finalizer = 'test.jtel.de/clean-up';

interface Types extends WaveTypes {
  readonly object: Widget;
  readonly plan: 'Ready' | 'CleanUp';
}

function readyStatus({ spec, status, metadata }: Widget, now: Date): NonNullable<Widget['status']> {
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'AllWell',
    message: `size ${spec?.size}`,
  } as const;
  const observedGeneration = metadata?.generation ?? 0;
  const conditions = setCondition(status?.conditions, { ...ready, observedGeneration }, now);
  return { phase: 'Ready', conditions };
}

describe('a controller with a finalizer on a real API server', () => {
  let cluster: TestCluster;
  let namespace: string;
  let stop: AbortController;
  let running: Promise<unknown>;
  let activities: Activities<unknown>;
  let story: string[];
  let cleanUp: () => Promise<void>;
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
    cleanUp = async () => undefined;
    const informer = new Informer(widgets, {
      connection: cluster.connection,
      namespaces: [namespace],
      logger: silentLogger,
    });
    const controller: Controller<Widget> = new Controller<Widget>({
      name: 'widget',
      store: informer.store,
      logger: silentLogger,
      queue: { baseDelaySeconds: 0.05 },
      reconciler: aReconciler(),
    });
    activities = new Activities({ enqueue: (key) => controller.enqueue(key), logger: silentLogger });
    running = Promise.all([
      informer.run(stop.signal),
      informer.synced(stop.signal).then(async () => controller.run(stop.signal)),
    ]);
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await activities.close();
  });

  /** Says Ready for the generation that it saw, writes only what is new, and cleans up in a wave. */
  function aReconciler(): WaveController<Types> {
    return new WaveController<Types>(
      {
        kind: widgets,
        finalizer: { name: finalizer, isDue: () => true },
        forget: (key) => void story.push(`${key.name} is gone`),
        observe: () => Promise.resolve(undefined),
        plan: ({ object }) => (object.metadata?.deletionTimestamp === undefined ? 'Ready' : 'CleanUp'),
        within: () => Promise.resolve(undefined),
        summarise: ({ object, plan, now }) => {
          expect(object.metadata?.finalizers).toContain(finalizer);
          return plan === 'Ready' ? readyStatus(object, now) : (object.status ?? {});
        },
        isLocked: () => true,
        events: () => {
          statusWrites += 1;
          return [];
        },
        nextLook: () => 600,
        waves: {
          get activities() {
            return activities;
          },
          mayAct: () => true,
          waveOf: (plan) => (plan === 'CleanUp' ? { step: plan, wave: [{ type: plan }] } : undefined),
          execute: async (_, { look, signal }) => {
            story.push('clean up');
            await cleanUp();
            await removeFinalizer(cluster.client, widgets, look.object, finalizer, { signal });
          },
          failureOf: (error) => ({ reason: 'Failed', message: String(error) }),
          pauses: { backOff: { firstSeconds: 0.05, longestSeconds: 0.05 }, spread: [1, 1] },
        },
      },
      {
        cluster: cluster.client,
        events: { record: () => undefined },
        clock: () => new Date(),
        random: () => 0,
      },
    );
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
      if (attempts < 4) throw new Error('host away');
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
    cleanUp = async () => void (await letGo('other.example/g', finalizer));
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
