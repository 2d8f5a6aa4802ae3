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
});
