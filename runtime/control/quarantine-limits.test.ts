import { describe, expect, it } from 'vitest';
import { LookBudget, nextTry, usualLimits } from './quarantine-limits.ts';

const since = new Date('2026-11-01T00:00:00Z');
const after = (seconds: number): Date => new Date(since.getTime() + seconds * 1000);
const secondsOf = (time: Date): number => (time.getTime() - since.getTime()) / 1000;

/** Seconds after the beginning at which an object is tried, one after the other. */
function tries(count: number): readonly number[] {
  const found: number[] = [];
  for (let now = 0; found.length < count; now = found.at(-1) ?? 0)
    found.push(secondsOf(nextTry(since, after(now), usualLimits)));
  return found;
}

describe('the tries of an object that was put aside', () => {
  it('come after pauses that double up to an hour', () => {
    const times = tries(10);
    const pauses = times.map((time, index) => time - (times[index - 1] ?? 0));
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
  });

  it('are at the same times for every process, whenever it starts', () => {
    const times = tries(12);
    for (const now of [0, 29, 30, 31, 89, 200, 5000, 10_000]) {
      const next = secondsOf(nextTry(since, after(now), usualLimits));
      expect(times).toContain(next);
      expect(next).toBeGreaterThan(now);
      expect(times.find((time) => time > now)).toBe(next);
    }
  });

  it('are not later than an hour from now, whatever the object says', () => {
    const now = after(0);
    for (const said of [new Date(0), new Date(Number.NaN), after(1e9)]) {
      const seconds = secondsOf(nextTry(said, now, usualLimits));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(3600);
    }
  });
});

describe('the budget of looks', () => {
  it('allows a burst, then so many a second', () => {
    const budget = new LookBudget({ burst: 3, looksPerSecond: 2 }, since);
    expect([0, 0, 0, 0, 0.5, 0.5, 100, 100, 100, 100].map((now) => budget.take(after(now)))).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('does not grow when the clock goes back', () => {
    const budget = new LookBudget({ burst: 1, looksPerSecond: 1 }, since);
    expect(budget.take(since)).toBe(true);
    expect(budget.take(after(-100))).toBe(false);
  });
});
