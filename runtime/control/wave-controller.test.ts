import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../client/api-error.ts';
import { waitFor } from '../../test/support/wait.ts';
import { isConflict } from '../client/api-error.ts';
import { LeadershipLost } from '../errors.ts';
import { MemoryCluster } from '../fake/memory-cluster.ts';
import type { KubernetesObject } from '../objects.ts';
import type { EventDetails } from '../report/event-recorder.ts';
import { silentLogger } from '../report/logger.ts';
import { Activities } from './activities.ts';
import { WaveController, type WaveTypes } from './wave-controller.ts';

interface Widget extends KubernetesObject {
  readonly spec?: { readonly size: number };
  readonly status?: { readonly size?: number; readonly doing?: string; readonly trouble?: string };
}

interface Types extends WaveTypes {
  readonly object: Widget;
  readonly seen: number;
  readonly plan: 'Grow' | 'Shrink' | 'Done';
  readonly found: undefined;
  readonly action: { readonly type: 'Grow' | 'Shrink' };
  readonly notes: { readonly grown?: number };
}

const kind = { group: 'x.test', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true } as const;
const key = { namespace: 'x', name: 'a' };
const finalizer = 'x.test/clean-up';
const context = { signal: new AbortController().signal, logger: silentLogger };

/** A thing outside the cluster that has a size; its controller makes the size what the widget says. */
class World {
  readonly cluster = new MemoryCluster();
  readonly events: EventDetails[] = [];
  readonly activities = new Activities<unknown>({ enqueue: () => undefined, logger: silentLogger });
  size = 0;
  nowMilliseconds = 0;
  leads = true;
  tellsProgress: (before: Widget['status'], after: Widget['status']) => boolean = () => false;
  onObserve: () => Promise<void> = () => Promise.resolve();
  /** Called in the middle of an action. */
  onAction: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  readonly controller = new WaveController<Types>(
    {
      kind,
      finalizer: { name: finalizer, isDue: (_, plan) => plan === 'Grow' },
      isOver: (object) => object.spec?.size === -1,
      observe: async () => {
        await this.onObserve();
        return this.size;
      },
      plan: ({ object: { spec, metadata } }, seen) => {
        const wanted = metadata?.deletionTimestamp === undefined ? (spec?.size ?? 0) : 0;
        return seen === wanted ? 'Done' : seen < wanted ? 'Grow' : 'Shrink';
      },
      within: () => Promise.resolve(undefined),
      summarise: ({ seen, plan, memory }) => ({
        size: seen,
        doing: plan,
        ...(memory.failure === undefined ? {} : { trouble: memory.failure.message }),
      }),
      tellsProgress: (before, after) => this.tellsProgress(before, after),
      events: (_, { doing = '' }) => [{ type: 'Normal', reason: 'Told', action: doing, note: '' }],
      nextLook: (_, isBusy) => (isBusy ? 10 : 60),
      waves: {
        activities: this.activities,
        mayAct: () => this.leads,
        waveOf: (plan) => (plan === 'Done' ? undefined : { step: plan, wave: [{ type: plan }] }),
        abandon: (_, begun, { metadata }) =>
          begun?.generation === metadata?.generation ? undefined : 'the spec changed',
        execute: async ({ type }, { signal, note }) => {
          await this.onAction(signal);
          this.size += type === 'Grow' ? 1 : -1;
          note({ grown: this.size });
        },
        failureOf: (error) => ({ reason: 'Failed', message: String(error) }),
        failed: (_, { reason, message }, step) => [{ type: 'Warning', reason, action: step, note: message }],
        pauses: { backOff: { firstSeconds: 2, longestSeconds: 300 }, spread: [1, 1] },
      },
    },
    {
      cluster: this.cluster,
      events: { record: (_kind, _object, event) => this.events.push(event) },
      clock: () => new Date(this.nowMilliseconds),
      random: () => 0,
    },
  );

  async look(): Promise<number | undefined> {
    return (await this.controller.reconcile(key, context))?.requeueAfterSeconds;
  }

  async waveEnds(): Promise<void> {
    await waitFor('the wave to end', () => this.activities.size === 0, { intervalMilliseconds: 1 });
  }

  widget(): Promise<Widget | undefined> {
    return this.cluster.find<Widget>(kind, key, context);
  }

  async resize(size: number): Promise<void> {
    const live = await this.cluster.get<Widget>(kind, key, context);
    await this.cluster.replace(kind, { ...live, spec: { size } }, context);
  }
}

let world: World;
beforeEach(async () => {
  world = new World();
  await world.cluster.create<Widget>(kind, { metadata: key, spec: { size: 1 } }, context);
});

describe('a controller of waves', () => {
  it('tells what it will do, does it beside the look, and rests when it is done', async () => {
    expect(await world.look()).toBe(10);
    expect(await world.widget()).toMatchObject({
      metadata: { finalizers: [finalizer] },
      status: { doing: 'Grow' },
    });
    await world.waveEnds();
    const grown = await world.cluster.get<Widget>(kind, key, context);
    expect(world.controller.notes(grown)).toEqual({ grown: 1 });
    expect(world.controller.notes({ ...grown, metadata: { ...key, generation: 99 } })).toEqual({});
    expect(await world.look()).toBe(60);
    expect(await world.widget()).toMatchObject({ status: { size: 1, doing: 'Done' } });
    expect(world.events.map(({ action }) => action)).toEqual(['Grow', 'Done']);
  });

  it('writes and tells nothing when nothing changed', async () => {
    await world.look();
    await world.waveEnds();
    await world.look();
    const before = await world.widget();
    await world.look();
    expect(await world.widget()).toEqual(before);
    expect(world.events).toHaveLength(2);
  });

  it('pauses longer after each failure, and tries at once when the object changed', async () => {
    world.onAction = () => Promise.reject(new Error('no'));
    const pauses: (number | undefined)[] = [];
    for (let count = 0; count < 3; count += 1) {
      await world.look();
      await world.waveEnds();
      const pause = (await world.look()) ?? 0;
      pauses.push(pause);
      world.nowMilliseconds += pause * 1000;
    }
    expect(pauses).toEqual([2, 4, 8]);
    expect((await world.widget())?.status?.trouble).toBe('Error: no');
    expect(world.events.filter(({ reason }) => reason === 'Failed')).toHaveLength(3);
    world.nowMilliseconds -= 1000;
    world.onAction = () => Promise.resolve();
    await world.resize(2);
    expect(await world.look()).toBe(10);
    await world.waveEnds();
    expect(world.size).toBe(1);
  });

  it.each([
    ['the API server is in trouble', new ApiError(503, 'ServiceUnavailable', 'try again')],
    ['somebody else was first to change something', new ApiError(409, 'Conflict', 'has been modified')],
    ['somebody else was first to make something', new ApiError(409, 'AlreadyExists', 'already exists')],
  ])('pauses and tells nothing when %s', async (_, error) => {
    world.onAction = () => Promise.reject(error);
    await world.look();
    await world.waveEnds();
    expect(await world.look()).toBe(2);
    expect((await world.widget())?.status?.trouble).toBeUndefined();
    expect(world.events.filter(({ reason }) => reason === 'Failed')).toEqual([]);
  });

  it('tells trouble of the API server that does not end, in place of what was told before', async () => {
    world.onAction = () => Promise.reject(new Error('no'));
    const troubles: (string | undefined)[] = [];
    for (let count = 0; count < 7; count += 1) {
      await world.look();
      await world.waveEnds();
      const pause = (await world.look()) ?? 0;
      world.nowMilliseconds += pause * 1000;
      troubles.push((await world.widget())?.status?.trouble);
      world.onAction = () => Promise.reject(new ApiError(500, 'InternalError', 'failed calling webhook'));
    }
    expect(troubles).toEqual([
      ...Array.from({ length: 6 }, () => 'Error: no'),
      expect.stringContaining('failed calling webhook'),
    ]);
    expect(world.events.filter(({ reason }) => reason === 'Failed')).toHaveLength(2);
  });

  it('tries at once when it is told that something changed', async () => {
    world.onAction = () => Promise.reject(new Error('no'));
    await world.look();
    await world.waveEnds();
    expect(await world.look()).toBe(2);
    world.controller.tryAgain(key);
    expect(await world.look()).toBe(10);
  });

  it('starts no wave when somebody changed the object since it was read', async () => {
    world.onObserve = () => world.resize(5);
    await expect(world.look()).rejects.toSatisfy(isConflict);
    expect(world.activities.size).toBe(0);
  });

  it('tells waves that follow each other at once together, and the end of the work at once', async () => {
    world.tellsProgress = (before) => before !== undefined;
    await world.resize(3);
    const told: unknown[] = [];
    for (let count = 0; count < 4; count += 1) {
      const nextSeconds = await world.look();
      await world.waveEnds();
      told.push([nextSeconds, (await world.widget())?.status?.size]);
    }
    expect(told).toEqual([
      [10, 0],
      [2, 0],
      [2, 0],
      [60, 3],
    ]);
    expect(world.events.map(({ action }) => action)).toEqual(['Grow', 'Done']);
  });

  it('tells after two seconds how far the work is, and at once what is more than that', async () => {
    world.tellsProgress = (before, after) => before !== undefined && after?.size !== 2;
    await world.resize(9);
    const sizes: unknown[] = [];
    for (let count = 0; count < 6; count += 1) {
      await world.look();
      await world.waveEnds();
      sizes.push((await world.widget())?.status?.size);
      world.nowMilliseconds += 1000;
    }
    expect(sizes).toEqual([0, 0, 2, 2, 4, 4]);
  });

  it('tells of the first work when it is over, or after two seconds', async () => {
    world.tellsProgress = (before) => before === undefined;
    const end = Promise.withResolvers<void>();
    world.onAction = () => end.promise;
    expect(await world.look()).toBe(2);
    expect((await world.widget())?.status).toBeUndefined();
    world.nowMilliseconds = 2000;
    expect(await world.look()).toBe(10);
    expect(await world.widget()).toMatchObject({ status: { doing: 'Grow' } });
    end.resolve();
    await world.waveEnds();
  });

  it('tells at once that the first work is over, or has failed', async () => {
    world.tellsProgress = (before) => before === undefined;
    world.onAction = () => Promise.reject(new Error('no'));
    await world.look();
    await world.waveEnds();
    await world.look();
    expect(await world.widget()).toMatchObject({ status: { trouble: 'Error: no' } });
  });

  it('starts no wave without leadership', async () => {
    world.leads = false;
    await expect(world.look()).rejects.toThrow(LeadershipLost);
    expect(world.size).toBe(0);
  });

  it('aborts a wave that is not wanted any more, and starts none before it has ended', async () => {
    world.onAction = (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    await world.look();
    await world.resize(3);
    expect(await world.look()).toBe(10);
    await world.waveEnds();
    world.onAction = () => Promise.resolve();
    expect(await world.look()).toBe(10);
    await world.waveEnds();
    expect(world.size).toBe(1);
    expect(world.events.filter(({ reason }) => reason === 'Failed')).toEqual([]);
  });

  it('lets an object go that is over, and has nothing to do with one that is deleted without its finalizer', async () => {
    await world.look();
    await world.waveEnds();
    await world.resize(-1);
    expect(await world.look()).toBeUndefined();
    expect((await world.widget())?.metadata?.finalizers ?? []).toEqual([]);
    await world.cluster.delete(kind, key, {}, context);
    expect(await world.look()).toBeUndefined();
  });
});
