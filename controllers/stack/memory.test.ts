import { expect, it } from 'vitest';
import { afterFailure, afterSuccess, Memory } from './memory.ts';
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

it('forgets failures when the spec changes, but not that it holds the host', () => {
  const memory = new Memory();
  memory.keep(key, { ...afterFailure(memory.recall(key, 'uid', 1), failure, now, 0), heldEpoch: 7 });
  expect(memory.recall(key, 'uid', 2)).toEqual({ uid: 'uid', generation: 2, failures: 0, heldEpoch: 7 });
});

it('knows nothing of an object that was deleted and created again', () => {
  const memory = new Memory();
  memory.keep(key, { uid: 'uid', generation: 1, failures: 0, heldEpoch: 7 });
  expect(memory.recall(key, 'other', 1)).toEqual({ uid: 'other', generation: 1, failures: 0 });
});

it('lets go of the host when somebody newer holds it, and forgets failures after a success', () => {
  const entry = { uid: 'uid', generation: 1, failures: 0, heldEpoch: 7 };
  expect(afterFailure(entry, { reason: 'Fenced', message: '' }, now, 0).heldEpoch).toBeUndefined();
  expect(afterSuccess(afterFailure(entry, failure, now, 0))).toEqual(entry);
});
