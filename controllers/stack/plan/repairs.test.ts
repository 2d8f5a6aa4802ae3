import { expect, it } from 'vitest';
import { afterSuccess } from './repairs.ts';

it('repairs that help nothing pause from the second on, longer each time', () => {
  let repairs = 0;
  const pauses = [1, 2, 3, 4].map(() => {
    const next = afterSuccess(repairs, 'Repair');
    ({ repairs } = next);
    return next.pauseSeconds;
  });
  expect(pauses).toEqual([undefined, 2, 4, 8]);
});

it('any other wave that succeeds ends the row', () => {
  expect(afterSuccess(3, 'Apply')).toEqual({ repairs: 0 });
});
