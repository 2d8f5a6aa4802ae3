import { beforeEach, describe, expect, it } from 'vitest';
import { call } from '../../test/support/cluster.ts';
import { RecordingLogger } from '../../test/support/recording-logger.ts';
import { widget, widgets, type Widget } from '../../test/support/widgets.ts';
import { ObjectStore } from '../cache/object-store.ts';
import { ApiError } from '../client/api-error.ts';
import { MemoryCluster } from '../fake/memory-cluster.ts';
import { findCondition, type Condition } from '../report/conditions.ts';
import { Quarantine } from './quarantine.ts';

const key = { namespace: 'a', name: 'loops' };
const askAgain = 'test.jtel.de/ask-again';
const limits = { failures: 3, burst: 5, looksInTry: 2, looksPerSecond: 0.01 };
const fault = new Error('cannot read property of undefined');

describe('quarantine', () => {
  let cluster: MemoryCluster;
  let now: Date;
  let events: string[];

  beforeEach(async () => {
    cluster = new MemoryCluster();
    now = new Date('2026-11-01T00:00:00Z');
    events = [];
    await cluster.create(widgets, widget(key.namespace, key.name), call());
  });

  const context = { ...call(), logger: new RecordingLogger() };
  const pass = (seconds: number): void => void (now = new Date(now.getTime() + seconds * 1000));

  /** Of a process that starts now. */
  function start(
    change: Partial<ConstructorParameters<typeof Quarantine<Widget>>[0]> = {},
  ): Quarantine<Widget> {
    const store = new ObjectStore<Widget>();
    cluster.follow(widgets, store);
    return new Quarantine({
      kind: widgets,
      store,
      cluster,
      events: { record: (_kind, _object, { reason }) => void events.push(reason) },
      clock: () => now,
      freedBy: askAgain,
      limits,
      ...change,
    });
  }

  const condition = async (): Promise<Condition | undefined> =>
    findCondition((await cluster.get(widgets, key, call())).status?.conditions, 'Quarantined');

  /** Looks until it has to wait. @returns seconds to wait, and how many looks there were */
  async function look(
    quarantine: Quarantine<Widget>,
    result: 'fails' | 'succeeds',
    most = 20,
  ): Promise<{ readonly seconds: number; readonly looks: number }> {
    for (let looks = 0; looks < most; looks += 1) {
      const seconds = await quarantine.before(key, context);
      if (seconds > 0) return { seconds, looks };
      if (result === 'fails') await quarantine.failed(key, fault, context);
      else await quarantine.succeeded(key, context);
    }
    return { seconds: 0, looks: most };
  }

  it('puts an object aside whose looks fail, and says so once', async () => {
    const quarantine = start();
    expect(await look(quarantine, 'fails')).toEqual({ seconds: 30, looks: 3 });
    expect(await condition()).toMatchObject({ status: 'True', reason: 'LooksFail', observedGeneration: 1 });
    expect([quarantine.size, events]).toEqual([1, ['LooksFail']]);
    pass(30);
    expect(await look(quarantine, 'fails')).toEqual({ seconds: 60, looks: 1 });
    expect(events).toEqual(['LooksFail']);
    expect((await condition())?.lastTransitionTime).toBe('2026-11-01T00:00:00Z');
  });

  it('says which right is missing without putting the object aside, until a look succeeds', async () => {
    const quarantine = start();
    const refusal =
      'User "system:serviceaccount:a:b" cannot create resource "cronjobs" in API group "batch" in the namespace "a"';
    const fails = (one: Quarantine<Widget>): Promise<void> =>
      one.failed(key, new ApiError(403, 'Forbidden', refusal), context);
    for (let looks = 0; looks < 5; looks += 1) {
      expect(await quarantine.before(key, context)).toBe(0);
      await fails(quarantine);
      // It may have been given just now.
      expect((await condition())?.reason).toBe(looks === 0 ? undefined : 'RightMissing');
    }
    expect((await condition())?.message).toContain('lacks the right to create cronjobs.batch.');
    expect([quarantine.size, events]).toEqual([0, []]);
    const next = start();
    expect(await next.before(key, context)).toBe(0);
    expect((await condition())?.status).toBe('True');
    await next.succeeded(key, context);
    expect(await condition()).toBeUndefined();
  });

  it('puts none aside for an error that several namespaces have', async () => {
    const quarantine = start();
    const keys = ['a', 'b', 'c'].map((namespace) => ({ namespace, name: 'loops' }));
    for (const { namespace } of keys.slice(1))
      await cluster.create(widgets, widget(namespace, 'loops'), call());
    for (let round = 0; round < 4; round += 1)
      for (const one of keys) {
        expect(await quarantine.before(one, context)).toBe(0);
        await quarantine.failed(one, fault, context);
      }
    expect([quarantine.size, events]).toEqual([0, []]);
  });

  it('writes a condition of its own if it is told to, and frees by that one alone', async () => {
    const second = start({ condition: 'OtherQuarantined', subject: 'what is planned for it' });
    await look(second, 'fails');
    const { conditions } = (await cluster.get(widgets, key, call())).status ?? {};
    expect(conditions?.map(({ type }) => type)).toEqual(['OtherQuarantined']);
    expect(conditions?.[0]?.message).toContain('Every look at what is planned for it fails.');
    expect(await start().before(key, context)).toBe(0);
    expect((await cluster.get(widgets, key, call())).status?.conditions).toHaveLength(1);
  });

  it('puts an object aside that is looked at without end, although each look succeeds', async () => {
    const quarantine = start();
    expect(await look(quarantine, 'succeeds')).toEqual({ seconds: 30, looks: 5 });
    expect(await condition()).toMatchObject({ reason: 'LooksWithoutEnd' });
    pass(30);
    expect(await look(quarantine, 'succeeds')).toEqual({ seconds: 60, looks: 2 });
  });

  it('is found by a new process, which tries the object when the old one would have', async () => {
    const first = start();
    await look(first, 'fails');
    pass(30);
    await look(first, 'fails');
    pass(10);
    const second = start();
    expect(await look(second, 'succeeds')).toEqual({ seconds: 50, looks: 0 });
    expect(second.size).toBe(1);
    pass(50);
    expect(await look(start(), 'fails')).toEqual({ seconds: 120, looks: 0 });
  });

  it('lets no object whose looks fail wait for more than five minutes, also in a new process', async () => {
    let quarantine = start();
    await look(quarantine, 'fails');
    for (const seconds of [30, 60, 120, 240, 300, 300]) {
      pass(seconds - 1);
      if (seconds === 300) quarantine = start();
      expect(await look(quarantine, 'fails')).toEqual({ seconds: 1, looks: 0 });
      pass(1);
      await look(quarantine, 'fails');
    }
    const without = start();
    expect((await look(without, 'fails')).seconds).toBe(300);
  });

  it('lets an object whose looks do not end wait for up to an hour', async () => {
    const quarantine = start();
    await look(quarantine, 'succeeds');
    const pauses = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600];
    for (const [index, seconds] of pauses.slice(0, -1).entries()) {
      pass(seconds);
      expect((await look(quarantine, 'succeeds')).seconds).toBe(pauses[index + 1]);
    }
  });

  it('ends after a try that stays calm', async () => {
    const quarantine = start();
    await look(quarantine, 'fails');
    pass(30);
    expect(await quarantine.before(key, context)).toBe(0);
    expect(await quarantine.succeeded(key, context)).toBe(60);
    expect((await condition())?.status).toBe('True');
    pass(60);
    expect(await quarantine.before(key, context)).toBe(0);
    expect(await quarantine.succeeded(key, context)).toBeUndefined();
    expect([await condition(), quarantine.size]).toEqual([undefined, 0]);
  });

  it.each([
    ['a change of the spec', (live: Widget) => ({ ...live, spec: { size: 2 } })],
    [
      'the annotation',
      ({ metadata, ...rest }: Widget) => ({
        ...rest,
        metadata: { ...metadata, annotations: { [askAgain]: '2026-11-01T00:00:10Z' } },
      }),
    ],
  ])('ends with %s', async (_, change) => {
    for (const restarted of [false, true]) {
      let quarantine = start();
      await look(quarantine, 'fails');
      expect(await condition()).toBeDefined();
      await cluster.replace(widgets, change(await cluster.get(widgets, key, call())), call());
      if (restarted) quarantine = start();
      expect(await quarantine.before(key, context)).toBe(0);
      expect([await condition(), quarantine.size]).toEqual([undefined, 0]);
      await cluster.delete(widgets, key, {}, call());
      await cluster.create(widgets, widget(key.namespace, key.name), call());
    }
  });

  it('does not blame an object for trouble that the API has with everybody', async () => {
    const quarantine = start();
    for (const status of [0, 401, 403, 429, 500, 503]) {
      expect(await quarantine.before(key, context)).toBe(0);
      await quarantine.failed(key, new ApiError(status, 'x', 'x'), context);
      pass(1000);
    }
    expect(quarantine.size).toBe(0);
  });

  it('counts failures in a row only', async () => {
    const quarantine = start();
    for (let round = 0; round < 3; round += 1) {
      await look(quarantine, 'fails', 2);
      await look(quarantine, 'succeeds', 1);
      pass(1000);
    }
    expect(quarantine.size).toBe(0);
  });

  it('holds although the condition cannot be written', async () => {
    const quarantine = start();
    cluster.onWrite = () => {
      throw new ApiError(500, 'InternalError', 'etcd is away');
    };
    expect(await look(quarantine, 'fails')).toEqual({ seconds: 30, looks: 3 });
    cluster.onWrite = undefined;
    pass(30);
    await look(quarantine, 'fails');
    expect(await condition()).toBeDefined();
  });

  it('forgets an object that is gone', async () => {
    const quarantine = start();
    await look(quarantine, 'fails');
    await cluster.delete(widgets, key, {}, call());
    expect(await quarantine.before(key, context)).toBe(0);
    expect(quarantine.size).toBe(0);
  });
});
