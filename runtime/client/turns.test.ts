import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

const signal = new AbortController().signal;

it('lets so many work at the same time, and the others in their order', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const runs = ends.map((end, index) =>
    turns.run(signal, () => {
      begun.push(index);
      return end.promise;
    }),
  );
  await expect.poll(() => begun).toEqual([0, 1]);
  ends[1]?.resolve();
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  ends[0]?.reject(new Error('failed'));
  await expect(runs[0]).rejects.toThrow('failed');
  ends[2]?.resolve();
  ends[3]?.resolve();
  await Promise.all(runs.slice(1));
  expect(begun).toEqual([0, 1, 2, 3]);
});

it('takes no place for who gives up while waiting', async () => {
  const turns = new Turns(1);
  const first = Promise.withResolvers<void>();
  const running = turns.run(signal, () => first.promise);
  const giveUp = new AbortController();
  const waiting = turns.run(giveUp.signal, () => Promise.reject(new Error('ran')));
  const last = turns.run(signal, () => Promise.resolve('ran'));
  giveUp.abort(new Error('no longer wanted'));
  await expect(waiting).rejects.toThrow('no longer wanted');
  first.resolve();
  await running;
  expect(await last).toBe('ran');
});
