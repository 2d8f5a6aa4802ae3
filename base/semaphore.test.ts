import { describe, expect, it, vi } from 'vitest';
import { Semaphore } from './semaphore.ts';

const signal = new AbortController().signal;

describe('a semaphore', () => {
  it('lets so many in and the rest in order', async () => {
    const semaphore = new Semaphore(2);
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const begun: number[] = [];
    const runs = gates.map((gate, index) =>
      semaphore.run(signal, () => {
        begun.push(index);
        return gate.promise;
      }),
    );
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    gates[1]?.resolve();
    await runs[1];
    await vi.waitFor(() => expect(begun).toEqual([0, 1, 2]));
    for (const gate of gates) gate.resolve();
    await Promise.all(runs);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('gives the place of one that failed to the next', async () => {
    const semaphore = new Semaphore(1);
    await expect(semaphore.run(signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(semaphore.run(signal, () => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  it('forgets one who gave up waiting', async () => {
    const semaphore = new Semaphore(1);
    const gate = Promise.withResolvers<void>();
    const first = semaphore.run(signal, () => gate.promise);
    const impatient = new AbortController();
    const second = semaphore.run(impatient.signal, () => Promise.resolve());
    const third = semaphore.run(signal, () => Promise.resolve('third'));
    impatient.abort(new Error('gave up'));
    await expect(second).rejects.toThrow('gave up');
    gate.resolve();
    await first;
    await expect(third).resolves.toBe('third');
  });
});
