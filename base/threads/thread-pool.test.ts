import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ThreadMessage } from './messages.ts';
import type { TestingTasks } from './testing-thread.ts';
import { ThreadPool, type ThreadPoolOptions } from './thread-pool.ts';

const { signal } = new AbortController();
let ids = 0;
const of = (owner: string) => ({ owner, signal, id: `${(ids += 1)}` });

function aPool(changes: Partial<ThreadPoolOptions> = {}): ThreadPool<TestingTasks> {
  const pool = new ThreadPool<TestingTasks>({
    file: new URL('testing-thread.ts', import.meta.url),
    ...changes,
  });
  onTestFinished(() => pool.close());
  return pool;
}

/** A measurement that finds nothing until a thread says what it is at, and much from then on. */
function muchOnceAt(): (thread: Worker) => Promise<number> {
  const seconds = new Map<Worker, number>();
  return async (thread) => {
    if (!seconds.has(thread)) {
      seconds.set(thread, 0);
      thread.on('message', ({ kind }: ThreadMessage) => kind === 'At' && seconds.set(thread, 100));
    }
    return seconds.get(thread) ?? 0;
  };
}

describe('a pool', { timeout: 60_000 }, () => {
  it('starts its thread with the first task and keeps it for the next', async () => {
    const pool = aPool();
    expect(pool.started).toBe(0);
    const answers = await Promise.all([1, 2, 3].map((value) => pool.run('double', value, of('acme'))));
    expect(answers).toEqual([2, 4, 6]);
    expect(pool.started).toBe(1);
  });

  it('ends a thread that has nothing to do, and starts another one when it is needed', async () => {
    const pool = aPool({ idleSeconds: 0.01 });
    await pool.run('double', 1, of('acme'));
    await vi.waitFor(() => expect(pool.hasThread).toBe(false), 30_000);
    expect(await pool.run('double', 2, of('acme'))).toBe(4);
    expect(pool.started).toBe(2);
  });

  it('says which part of a task took too long, and goes on with the next task in a new thread', async () => {
    const pool = aPool({ processorSeconds: muchOnceAt() });
    const [first, second] = await Promise.allSettled([
      pool.run('forEver', undefined, of('acme')),
      pool.run('double', 2, of('acme')),
    ]);
    expect(first).toMatchObject({
      reason: {
        name: 'TaskLimitError',
        at: 'the part that never ends',
        limit: { kind: 'Time', seconds: 2 },
      },
    });
    expect(second).toMatchObject({ value: 4 });
    expect(pool.started).toBe(2);
  });

  it('does not blame a task for what its thread took before, although nobody knew how much', async () => {
    const answers = [undefined, undefined, 100, undefined, 101, 101.9];
    const processorSeconds = async () => (answers.length > 1 ? answers.shift() : answers[0]);
    const pool = aPool({ taskSeconds: 2, longestSeconds: 1, processorSeconds });
    await expect(pool.run('never', undefined, of('acme'))).rejects.toMatchObject({
      limit: { kind: 'Time', seconds: 1 },
    });
  });

  it('gives up a thread that never takes a task, and does not blame the task', async () => {
    const file = new URL('data:text/javascript,setInterval(() => undefined, 1000)');
    const pool = aPool({ file, startSeconds: 0.2 });
    const again = of('acme');
    for (const started of [1, 2]) {
      await expect(pool.run('double', 1, again)).rejects.toThrow('did not take double within 0.2 s');
      expect([pool.started, pool.hasThread]).toEqual([started, false]);
    }
  });

  it('does not begin again what it ended, for a while', async () => {
    const again = { ...of('acme'), id: 'the same' };
    const pool = aPool({ taskSeconds: 0.2 });
    await expect(pool.run('forEver', undefined, again)).rejects.toThrow('takes more than 0.2 s');
    await expect(pool.run('forEver', undefined, again)).rejects.toThrow('takes more than 0.2 s');
    expect(pool.started).toBe(1);
    const forgetful = aPool({ taskSeconds: 0.2, refuseSeconds: 0 });
    for (const started of [1, 2]) {
      await expect(forgetful.run('forEver', undefined, again)).rejects.toThrow('takes more than 0.2 s');
      expect(forgetful.started).toBe(started);
    }
  });

  it('gives up a task that does nothing and does not end', async () => {
    const pool = aPool({ longestSeconds: 0.5 });
    await expect(pool.run('never', undefined, of('acme'))).rejects.toMatchObject({ limit: { kind: 'Time' } });
  });

  it('survives a task that takes all memory', async () => {
    const pool = aPool({ megabytes: 24, taskSeconds: 60 });
    await expect(pool.run('hoard', undefined, of('acme'))).rejects.toMatchObject({
      at: 'the part that hoards',
      limit: { kind: 'Memory', megabytes: 24 },
    });
    expect(await pool.run('double', 2, of('acme'))).toBe(4);
  });

  it('refuses what is longer than its limit', async () => {
    const pool = aPool({ outputBytes: 1000 });
    expect(await pool.run('text', 900, of('acme'))).toHaveLength(900);
    await expect(pool.run('text', 1001, of('acme'))).rejects.toMatchObject({
      limit: { kind: 'Output', bytes: 1000 },
    });
  });

  it('serves owners in turn, however many tasks one has', async () => {
    const pool = aPool();
    const order: string[] = [];
    const done = (owner: string) => async () => {
      await pool.run('double', 1, of(owner));
      order.push(owner);
    };
    await Promise.all(
      [...Array.from({ length: 5 }, () => done('many')), done('one'), done('other')].map((run) => run()),
    );
    expect(order.slice(0, 3).toSorted()).toEqual(['many', 'one', 'other']);
  });

  it('does once what one owner asks for several times at once, and again what comes later', async () => {
    const pool = aPool();
    const same = { owner: 'acme', signal, id: 'the same' };
    const first = await Promise.all([1, 2, 3].map((value) => pool.run('double', value, same)));
    expect(first).toEqual([2, 2, 2]);
    expect(await pool.run('double', 4, same)).toBe(8);
    const other = await Promise.all(
      ['one', 'other'].map((owner, index) => pool.run('double', index, { ...same, owner })),
    );
    expect(other).toEqual([0, 2]);
  });

  it('goes on with what several wait for as long as one of them waits', async () => {
    const pool = aPool();
    const leaver = new AbortController();
    const same = { owner: 'acme', id: 'the same' };
    const leaving = pool.run('double', 1, { ...same, signal: leaver.signal });
    const staying = pool.run('double', 1, { ...same, signal });
    leaver.abort(new Error('nobody waits'));
    await expect(leaving).rejects.toThrow('nobody waits');
    expect(await staying).toBe(2);
  });

  it.each([
    ['a task', 'work', {}],
    ['a task that failed', 'fail', {}],
    ['a task that was ended', 'forEver', { processorSeconds: muchOnceAt() }],
  ] as const)(
    'lets an owner that has used up its time wait after %s, and nobody else',
    async (_, name, changes) => {
      const pool = aPool({ ...changes, ownerSeconds: 0, ownerShare: 1e-6 });
      const done: string[] = [];
      await pool.run<keyof TestingTasks>(name, undefined as never, of('acme')).catch(() => undefined);
      const waiting = pool.run('double', 1, of('acme')).finally(() => done.push('acme'));
      expect(await pool.run('double', 2, of('other'))).toBe(4);
      expect(done).toEqual([]);
      await Promise.all([expect(waiting).rejects.toThrow('closed'), pool.close()]);
    },
  );

  it('lets a task count as often as it says', async () => {
    const pool = aPool({ ownerSeconds: 0, ownerShare: 1e-6 });
    for (const _ of [1, 2]) await pool.run('work', undefined, { ...of('acme'), weight: 0 });
    expect(pool.started).toBe(1);
  });

  it('takes no more than may wait', async () => {
    const pool = aPool({ mostWaiting: 1 });
    const running = pool.run('double', 1, of('acme'));
    const waiting = pool.run('double', 2, of('acme'));
    await expect(pool.run('double', 3, of('acme'))).rejects.toThrow('1 tasks wait');
    expect(await Promise.all([running, waiting])).toEqual([2, 4]);
  });

  it('tells what a task threw', async () => {
    await expect(aPool().run('fail', 'no such thing', of('acme'))).rejects.toThrow(
      /task fail failed: .*no such thing/,
    );
  });

  it('lets go of whoever no longer waits, and gives the place in the queue to the next', async () => {
    const pool = aPool({ mostWaiting: 1, processorSeconds: muchOnceAt() });
    const controller = new AbortController();
    const running = pool.run('forEver', undefined, of('acme'));
    const waiting = pool.run('double', 1, { ...of('acme'), signal: controller.signal });
    controller.abort(new Error('nobody waits'));
    await expect(waiting).rejects.toThrow('nobody waits');
    const third = pool.run('double', 3, of('acme'));
    await expect(running).rejects.toMatchObject({ limit: { kind: 'Time' } });
    expect(await third).toBe(6);
  });

  it('lets go of whoever leaves a running task, and gives the thread on when that ends', async () => {
    const pool = aPool({ processorSeconds: muchOnceAt() });
    const controller = new AbortController();
    const running = pool.run('forEver', undefined, { ...of('acme'), signal: controller.signal });
    const next = pool.run('double', 2, of('acme'));
    await setImmediate();
    expect(pool.started).toBe(1);
    controller.abort(new Error('nobody waits'));
    await expect(running).rejects.toThrow('nobody waits');
    expect(await next).toBe(4);
    expect(pool.started).toBe(2);
  });

  it('that is closed takes and leaves nothing', async () => {
    const pool = aPool();
    const running = pool.run('never', undefined, of('acme'));
    const waiting = [1, 2].map((value) => pool.run('double', value, of('acme')));
    await setImmediate();
    expect(pool.started).toBe(1);
    await Promise.all([
      ...[running, ...waiting].map((each) => expect(each).rejects.toThrow('closed')),
      pool.close(),
    ]);
    await expect(pool.run('double', 1, of('acme'))).rejects.toThrow('closed');
    expect([pool.started, pool.hasThread]).toEqual([1, false]);
  });

  it('that is closed at once begins nothing', async () => {
    const pool = aPool();
    const running = pool.run('never', undefined, of('acme'));
    await Promise.all([expect(running).rejects.toThrow('closed'), pool.close()]);
    expect([pool.started, pool.hasThread]).toEqual([0, false]);
  });

  it('tells when its thread cannot be started', async () => {
    const pool = aPool({ file: new URL('no-such-file.ts', import.meta.url) });
    await expect(pool.run('double', 1, of('acme'))).rejects.toThrow('no-such-file');
  });
});
