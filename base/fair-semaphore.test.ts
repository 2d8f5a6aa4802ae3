import { afterEach, expect, it, vi } from 'vitest';
import { FairSemaphore } from './fair-semaphore.ts';

const { signal } = new AbortController();

afterEach(() => vi.useRealTimers());

/** Work that lasts until it is told to end. */
function work(): { readonly run: () => Promise<void>; readonly end: () => void; begun: boolean } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const one = { end: resolve, begun: false, run: () => ((one.begun = true), promise) };
  return one;
}

it('a fair semaphore keeps places for other namespaces, and serves all in the end', async () => {
  const semaphore = new FairSemaphore(4);
  const [hog, quiet] = [Array.from({ length: 6 }, work), work()];
  const runs = hog.map(({ run }) => semaphore.run('hog', signal, run));
  const other = semaphore.run('quiet', signal, quiet.run);
  await Promise.resolve();
  expect([hog.filter(({ begun }) => begun).length, quiet.begun, semaphore.waiting]).toEqual([2, true, 4]);
  for (const { end } of [...hog, quiet]) end();
  await Promise.all([...runs, other]);
  expect([hog.every(({ begun }) => begun), semaphore.waiting]).toEqual([true, 0]);
});

it('a fair semaphore gives on the place of who failed, and forgets who gave up waiting', async () => {
  const semaphore = new FairSemaphore(1);
  await expect(semaphore.run('a', signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const first = work();
  const running = semaphore.run('a', signal, first.run);
  const impatient = new AbortController();
  const gaveUp = semaphore.run('b', impatient.signal, () => Promise.resolve('never'));
  const third = semaphore.run('c', signal, () => Promise.resolve('third'));
  impatient.abort(new Error('gave up'));
  await expect(gaveUp).rejects.toThrow('gave up');
  expect(semaphore.waiting).toBe(1);
  first.end();
  await running;
  expect(await third).toBe('third');
});

it('a fair semaphore leaves places to others while work waits that waited in vain before', async () => {
  const semaphore = new FairSemaphore(8);
  const [lame, well] = [Array.from({ length: 6 }, work), Array.from({ length: 6 }, work)];
  const runs = [
    ...lame.map(({ run }, index) => semaphore.run(`lame${index}`, signal, run, true)),
    ...well.map(({ run }, index) => semaphore.run(`well${index}`, signal, run)),
  ];
  await Promise.resolve();
  expect([lame, well].map((all) => all.filter(({ begun }) => begun).length)).toEqual([2, 6]);
  for (const { end } of [...lame, ...well]) end();
  await Promise.all(runs);
});

it('a fair semaphore gives the place of work that lasts to the next, if it is told to', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const semaphore = new FairSemaphore(1, { parkAfterSeconds: 2 });
  const [long, next] = [work(), work()];
  const runs = [long, next].map(({ run }, index) => semaphore.run(`tenant${index}`, signal, run));
  await vi.advanceTimersByTimeAsync(1_999);
  expect(next.begun).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(next.begun).toBe(true);
  for (const { end } of [long, next]) end();
  await Promise.all(runs);
});
