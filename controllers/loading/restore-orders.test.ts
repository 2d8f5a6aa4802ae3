import { expect, test } from 'vitest';
import { describeCarriedOut } from './restore-orders.ts';

const order = { id: 'o-1', requestUID: 'u-1', name: 'back', time: '2026-03-01T02:00:00.123Z' };

test.each([
  [
    { backupID: 'b-1' },
    /carried out already at 2026-03-01T02:00:00Z with backup b-1,.*name than back,.*spec\.notAfter/,
  ],
  [{}, /carried out already at 2026-03-01T02:00:00Z, so nothing was done/],
])('an order that was carried out is told with the way to repeat it: %j', (more, words) => {
  expect(describeCarriedOut({ ...order, ...more })).toMatch(words);
});
