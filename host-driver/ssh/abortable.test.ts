import { afterEach, expect, it } from 'vitest';
import { setImmediate as turn } from 'node:timers/promises';
import { abortable } from './abortable.ts';

const unhandled: unknown[] = [];
const heard = (reason: unknown): void => void unhandled.push(reason);
afterEach(() => process.off('unhandledRejection', heard));

it('work that fails after its caller gave up is no rejection that nobody awaits', async () => {
  process.on('unhandledRejection', heard);
  const work = Promise.withResolvers<never>();
  const gone = new Error('gave up');
  await expect(abortable(work.promise, AbortSignal.abort(gone))).rejects.toBe(gone);
  const late = new Error('no Docker daemon answers');
  work.reject(late);
  await turn();
  await turn();
  expect(unhandled).not.toContain(late);
});
