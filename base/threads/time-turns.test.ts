import { describe, expect, it } from 'vitest';
import { TimeTurns } from './time-turns.ts';

const { signal } = new AbortController();

/** Work that takes as long as it says, by a clock that only work moves on. */
function aMachine() {
  let now = 0;
  const turns = new TimeTurns(() => now);
  const done: string[] = [];
  const work = (owner: string, milliseconds: number): Promise<void> =>
    turns.run(owner, signal, async () => {
      await Promise.resolve();
      now += milliseconds;
      done.push(owner);
    });
  return { turns, done, work };
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
