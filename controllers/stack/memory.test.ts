import { expect, it } from 'vitest';
import { afterFailure, afterSuccess, atRest, Memory } from './memory.ts';
import { now } from './testing.ts';

const key = { namespace: 'acme', name: 'main' };
const failure = { reason: 'ComposeFailed', message: 'no' } as const;

it('pauses longer after each failure, up to five minutes', () => {
  let entry = new Memory().recall(key, 'uid', 1);
  const pauses: number[] = [];
  for (let count = 0; count < 10; count += 1) {
    entry = afterFailure(entry, failure, now, 0.5);
    pauses.push(((entry.retryTime ?? 0) - now.getTime()) / 1000);
  }
  expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
});

it('forgets failures when the spec changes', () => {
  const memory = new Memory();
  memory.keep(key, afterFailure(memory.recall(key, 'uid', 1), failure, now, 0));
  expect(memory.recall(key, 'uid', 2)).toEqual({ uid: 'uid', generation: 2, failures: 0 });
});

it('knows nothing of an object that was deleted and created again', () => {
  const memory = new Memory();
  memory.keep(key, { uid: 'uid', generation: 1, failures: 2 });
  expect(memory.recall(key, 'other', 1)).toEqual({ uid: 'other', generation: 1, failures: 0 });
});

it('forgets failures after a success', () => {
  const entry = { uid: 'uid', generation: 1, failures: 0 };
  expect(afterSuccess(afterFailure(entry, failure, now, 0), 'Apply', now)).toEqual(entry);
});

it('pauses between repairs that help nothing, until the stack comes to rest', () => {
  const pauseOf = ({ retryTime }: { readonly retryTime?: number }): number =>
    retryTime === undefined ? 0 : (retryTime - now.getTime()) / 1000;
  let entry = new Memory().recall(key, 'uid', 1);
  const pauses = [1, 2, 3, 4].map(() => {
    entry = afterSuccess(entry, 'Repair', now);
    return pauseOf(entry);
  });
  expect(pauses).toEqual([0, 2, 4, 8]);
  expect(pauseOf(afterSuccess(atRest(entry), 'Repair', now))).toBe(0);
});
