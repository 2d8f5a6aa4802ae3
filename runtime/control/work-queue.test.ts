import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WorkQueue } from './work-queue.ts';

describe('the work queue', () => {
  let queue: WorkQueue;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    queue = new WorkQueue({ baseDelaySeconds: 1, maxDelaySeconds: 60, random: () => 1 });
  });
  afterEach(() => {
    queue.close();
    vi.useRealTimers();
  });

  /** Takes what is due now, and gives it back at once. */
  async function takeDue(): Promise<string[]> {
    const keys: string[] = [];
    while (queue.depth > 0) {
      const key = await queue.take();
      if (key !== undefined) keys.push(key);
    }
    for (const key of keys) queue.done(key);
    return keys;
  }

  it('gives keys in the order they became due', async () => {
    queue.add('b');
    queue.add('a', 5);
    queue.add('c');
    expect(await takeDue()).toEqual(['b', 'c']);
    vi.advanceTimersByTime(5_000);
    expect(await takeDue()).toEqual(['a']);
  });

  it('waits after a failure as long as a busy server asks, then as long as its own pauses', () => {
    const patient = new WorkQueue({ baseDelaySeconds: 8, random: () => 0 });
    expect(patient.addAfterFailure('a', 7)).toBe(7);
    expect(patient.addAfterFailure('a', 7)).toBe(8);
    patient.close();
  });

  it('merges duplicates', async () => {
    queue.add('a');
    queue.add('a');
    queue.add('a', 10);
    expect(await takeDue()).toEqual(['a']);
  });

  it('lets the earlier deadline win, whichever came first', async () => {
    queue.add('a', 10);
    queue.add('a', 5);
    queue.add('b', 5);
    queue.add('b', 10);
    vi.advanceTimersByTime(4_999);
    expect(await takeDue()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(await takeDue()).toEqual(['a', 'b']);
    vi.advanceTimersByTime(60_000);
    expect(await takeDue()).toEqual([]);
  });

  it('never gives a key to two at a time; added meanwhile, it comes back once', async () => {
    queue.add('a');
    expect(await queue.take()).toBe('a');
    queue.add('a');
    queue.add('a', 7);
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(await takeDue()).toEqual(['a']);
    vi.advanceTimersByTime(60_000);
    expect(await takeDue()).toEqual([]);
  });

  it('counts the pause asked for during the work from then, not from its end', async () => {
    queue.add('a');
    await queue.take();
    queue.add('a', 10);
    vi.advanceTimersByTime(8_000);
    queue.done('a');
    vi.advanceTimersByTime(2_000);
    expect(await takeDue()).toEqual(['a']);
  });

  it('doubles the pause with each failure of a key up to the longest, and forgets after success', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => queue.addAfterFailure('a'))).toEqual([
      1, 2, 4, 8, 16, 32, 60, 60,
    ]);
    expect(queue.addAfterFailure('b')).toBe(1);
    queue.resetFailures('a');
    expect(queue.addAfterFailure('a')).toBe(1);
  });

  it('spreads the pauses by chance over the upper half', () => {
    const low = new WorkQueue({ baseDelaySeconds: 1, random: () => 0 });
    expect(low.addAfterFailure('a')).toBe(0.5);
    low.close();
  });

  it('waits for a key', async () => {
    const taken = queue.take();
    queue.add('a', 3);
    vi.advanceTimersByTime(3_000);
    expect(await taken).toBe('a');
  });

  it('keeps a deadline beyond what one timer can', async () => {
    const days = 60;
    queue.add('a', days * 86_400);
    vi.advanceTimersByTime(days * 86_400_000 - 1);
    expect(queue.depth).toBe(0);
    vi.advanceTimersByTime(1);
    expect(await takeDue()).toEqual(['a']);
  });

  it('wakes those who wait when it closes, and takes nothing more', async () => {
    const taken = queue.take();
    queue.close();
    queue.add('a');
    expect(await taken).toBeUndefined();
    expect(await queue.take()).toBeUndefined();
  });

  describe('with looks by the clock and looks that were asked for', () => {
    it('gives first what was asked for, and what wants to go on soon', async () => {
      const one = new WorkQueue({ workers: 1 });
      for (const key of ['a', 'b', 'c']) one.add(`${key}/clock`, 300);
      vi.advanceTimersByTime(299_000);
      one.add('d/soon', 1);
      vi.advanceTimersByTime(1_000);
      one.wake('e/woken');
      const taken: (string | undefined)[] = [];
      for (let count = 0; count < 5; count += 1) {
        const key = await one.take();
        taken.push(key);
        one.done(key ?? '');
      }
      expect(taken).toEqual(['d/soon', 'e/woken', 'a/clock', 'b/clock', 'c/clock']);
      one.close();
    });

    it.each([
      ['waits', (one: WorkQueue) => one.add('b/x', 0, 'Periodic')],
      ['has its time later', (one: WorkQueue) => one.add('b/x', 300)],
    ])('lets a key move up that is asked for while it %s', async (_, before) => {
      const one = new WorkQueue({ workers: 1 });
      one.add('a/x', 0, 'Periodic');
      before(one);
      one.wake('b/x');
      expect([one.depthOf('Asked'), one.depthOf('Periodic')]).toEqual([1, 1]);
      expect(await one.take()).toBe('b/x');
      one.close();
    });

    it('lets keys that are woken one after the other move up one after the other', async () => {
      const one = new WorkQueue({ workers: 1 });
      const keys = ['a/x', 'b/x', 'c/x'];
      for (const key of keys) one.add(key, 0, 'Periodic');
      for (const [second, key] of keys.entries()) one.wake(key, second);
      const lines = (): number[] => [one.depthOf('Asked'), one.depthOf('Periodic')];
      expect(lines()).toEqual([1, 2]);
      vi.advanceTimersByTime(1000);
      expect(lines()).toEqual([2, 1]);
      one.wake('c/x');
      expect(lines()).toEqual([3, 0]);
      one.close();
    });

    it('remembers that a key in work was asked for', async () => {
      const one = new WorkQueue({ workers: 1 });
      one.add('b/x', 0, 'Periodic');
      await one.take();
      one.add('a/x', 0, 'Periodic');
      one.add('b/x', 300);
      one.wake('b/x');
      one.done('b/x');
      expect([one.depthOf('Asked'), one.depthOf('Periodic')]).toEqual([1, 1]);
      one.close();
    });

    it('gives few workers to what waited in vain, and the rest to others', async () => {
      const one = new WorkQueue({ workers: 4, isSlow: (key) => key.startsWith('lame') });
      for (const key of ['lame1/x', 'lame2/x', 'lame3/x', 'well1/x', 'well2/x']) one.add(key);
      const taken = [await one.take(), await one.take(), await one.take()];
      expect([taken, one.depth]).toEqual([['well1/x', 'well2/x', 'lame1/x'], 2]);
      one.close();
    });

    it('gives the worker of a key to others that has it for long', async () => {
      const one = new WorkQueue({ workers: 1 });
      one.add('a/hangs');
      one.add('b/x');
      await one.take();
      const next = one.take();
      vi.advanceTimersByTime(2_000);
      expect(await next).toBe('b/x');
      one.wake('a/hangs');
      expect(one.depth).toBe(0);
      one.close();
    });
  });

  it('looks at a key that is woken without end a few times at once, then once a second, and after the end', async () => {
    let looks = 0;
    let seen = -1;
    let written = 0;
    const look = async (): Promise<void> => {
      if (queue.depth === 0) return;
      const key = await queue.take();
      looks += 1;
      seen = written;
      queue.done(key ?? '');
    };
    for (let patch = 0; patch < 200; patch += 1) {
      written = patch;
      queue.wake('a');
      await look();
      vi.advanceTimersByTime(50);
      await look();
    }
    // Ten seconds.
    expect(looks).toBe(13);
    vi.advanceTimersByTime(1_000);
    await look();
    expect(seen).toBe(199);
    vi.advanceTimersByTime(10_000);
    queue.wake('a');
    expect(queue.depth).toBe(1);
  });

  it('does not make a key wait that goes on by itself, nor one that somebody else is woken for', async () => {
    for (let count = 0; count < 20; count += 1) {
      queue.add('a');
      queue.done((await queue.take()) ?? '');
    }
    queue.wake('b');
    expect(await takeDue()).toEqual(['b']);
    queue.wake('a');
    expect(queue.depth).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(queue.depth).toBe(1);
  });
});
