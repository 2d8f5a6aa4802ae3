import { afterEach, describe, expect, it, vi } from 'vitest';
import { Allowance } from './allowance.ts';
import { TimeTurns } from './time-turns.ts';

const { signal } = new AbortController();

/** Work that takes as long as it says, by a clock that only work moves on. */
function aMachine() {
  let now = 0;
  const turns = new TimeTurns({ now: () => now });
  const done: string[] = [];
  const work = (owner: string, milliseconds: number): Promise<void> =>
    turns.run(owner, signal, async () => {
      await Promise.resolve();
      now += milliseconds;
      done.push(owner);
    });
  return { turns, done, work };
}

/** In seconds of the simulated clock; each owner has ten at once and then a twentieth of the time. */
function aSharedMachine() {
  vi.useFakeTimers();
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) / 100) / 10;
  const allowance = new Allowance({ atOnce: 10_000, share: 0.05 });
  const turns = new TimeTurns({ allowance });
  const begun: (readonly [owner: string, at: number])[] = [];
  const work = (owner: string, milliseconds: number, leaving = signal): Promise<void> =>
    turns.run(owner, leaving, async () => {
      begun.push([owner, seconds()]);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      allowance.spend(owner, milliseconds, performance.now());
    });
  return { turns, begun, work };
}

describe('turns by time', () => {
  it('let dear work of one owner wait for cheap work of others, however much of that there is', async () => {
    const { done, work } = aMachine();
    const dear = [1, 2, 3].map(() => work('dear', 1200));
    const cheap = Array.from({ length: 20 }, () => ['one', 'other'].map((owner) => work(owner, 5))).flat();
    await Promise.all([...dear, ...cheap]);
    expect(done[0]).toBe('dear');
    expect(done.lastIndexOf('one')).toBeLessThan(done.indexOf('dear', 1));
    expect(done.lastIndexOf('other')).toBeLessThan(done.indexOf('dear', 1));
    expect(done.slice(1, 5)).toEqual(['one', 'other', 'one', 'other']);
  });

  it('let nobody starve: each gets its share of the time', async () => {
    const { done, work } = aMachine();
    await Promise.all([
      ...Array.from({ length: 100 }, () => work('cheap', 10)),
      ...Array.from({ length: 5 }, () => work('dear', 100)),
    ]);
    expect(done.slice(0, 60).filter((owner) => owner === 'dear').length).toBe(5);
  });

  it('give an owner that comes late no time that it did not use before', async () => {
    const { done, work } = aMachine();
    const early = Array.from({ length: 50 }, () => work('early', 10));
    let late: Promise<void>[] = [];
    await early[24];
    late = Array.from({ length: 50 }, () => work('late', 10));
    await Promise.all([...early, ...late]);
    const inTurn = done.slice(27, 47);
    expect(inTurn.filter((owner) => owner === 'late').length).toBe(10);
  });

  it('pass over whoever no longer waits, and whose work failed', async () => {
    const { turns, done, work } = aMachine();
    const leaver = new AbortController();
    const failing = turns.run('one', signal, () => Promise.reject(new Error('failed')));
    const leaving = turns.run('other', leaver.signal, () => Promise.resolve());
    const staying = work('other', 1);
    expect(turns.waiting).toBe(2);
    leaver.abort(new Error('nobody waits'));
    await expect(leaving).rejects.toThrow('nobody waits');
    await expect(failing).rejects.toThrow('failed');
    await staying;
    expect([done, turns.waiting]).toEqual([['other'], 0]);
  });
});

describe('turns by time with an allowance', () => {
  afterEach(() => void vi.useRealTimers());

  it('let an owner that asks all the time have its share, also when nobody else wants anything', async () => {
    const { begun, work } = aSharedMachine();
    const all = Promise.all(Array.from({ length: 20 }, () => work('dear', 1200)));
    await vi.advanceTimersByTimeAsync(3_600_000);
    await all;
    const at = begun.map(([, seconds]) => seconds);
    // What it has at once, and what its share has caught up with meanwhile.
    expect(at.slice(0, 9).at(-1)).toBeLessThan(10);
    expect(at.filter((seconds) => seconds < 60).length).toBeLessThanOrEqual(11);
    // 1.2 s in 24 s.
    expect((at[19] ?? 0) - (at[14] ?? 0)).toBeCloseTo(5 * 24, 0);
  });

  it('let nobody else wait for one that has used up its own', async () => {
    const { begun, work } = aSharedMachine();
    const dear = Promise.all(Array.from({ length: 12 }, () => work('dear', 1200)));
    await vi.advanceTimersByTimeAsync(20_000);
    const before = begun.length;
    const other = work('other', 10);
    await vi.advanceTimersByTimeAsync(0);
    expect(begun.slice(before)).toEqual([['other', 20]]);
    await vi.advanceTimersByTimeAsync(600_000);
    await Promise.all([dear, other]);
  });

  it('forget whoever leaves while it has to wait', async () => {
    const { turns, begun, work } = aSharedMachine();
    const first = work('dear', 20_000);
    await vi.advanceTimersByTimeAsync(20_000);
    await first;
    const leaver = new AbortController();
    const leaving = work('dear', 1, leaver.signal);
    await vi.advanceTimersByTimeAsync(1000);
    expect([turns.waiting, begun.length]).toEqual([1, 1]);
    leaver.abort(new Error('nobody waits'));
    await expect(leaving).rejects.toThrow('nobody waits');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect([turns.waiting, begun.length]).toEqual([0, 1]);
  });

  it('let an owner that rested have all at once again', async () => {
    const { begun, work } = aSharedMachine();
    for (const burst of [1, 2]) {
      const all = Promise.all(Array.from({ length: 5 }, () => work('dear', 2000)));
      await vi.advanceTimersByTimeAsync(10_000);
      await all;
      expect(begun.length).toBe(burst * 5);
      await vi.advanceTimersByTimeAsync(200_000);
    }
  });
});
