import { expect, test } from 'vitest';
import { mergeCarriedOut } from './carried-out.ts';
import type { CarriedOutOrder } from './host.ts';

const order = (id: string, time: string): CarriedOutOrder => ({
  id,
  name: 'back',
  requestUID: `uid-of-${id}`,
  time,
});
const dayOf = (day: number): string => new Date(Date.UTC(2026, 0, 1 + day)).toISOString();

test('lists become one, oldest first, each order as it was noted last', () => {
  const again = { ...order('a', dayOf(3)), requestUID: 'of-its-second-life' };
  expect(mergeCarriedOut([order('b', dayOf(2)), order('a', dayOf(1))], undefined, [again])).toEqual([
    order('b', dayOf(2)),
    again,
  ]);
  expect(mergeCarriedOut([again], [order('a', dayOf(1))])).toEqual([again]);
});

test('the list has an end: the oldest are forgotten', () => {
  const many = Array.from({ length: 150 }, (_, day) => order(`o${day}`, dayOf(day)));
  const kept = mergeCarriedOut(many);
  expect(kept.length).toBe(100);
  expect([kept[0]?.id, kept.at(-1)?.id]).toEqual(['o50', 'o149']);
});

test.each<[string, unknown]>([
  ['no list', 'all of them'],
  ['nothing in it', [null, 7, {}]],
  ['a name longer than any', [{ ...order('a', dayOf(1)), name: 'x'.repeat(10_000) }]],
  ['a time that is none', [order('a', 'yesterday')]],
  ['a backup that is no text', [{ ...order('a', dayOf(1)), backupID: { $ne: '' } }]],
])('of a host that says %s nothing is believed', (_, said) => {
  expect(mergeCarriedOut(said as readonly CarriedOutOrder[])).toEqual([]);
});
