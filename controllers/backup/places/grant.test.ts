/** Who may begin, and in which order. */
import { describe, expect, test } from 'vitest';
import { grant, type Taken, type Waiting } from './grant.ts';

const bounds = { perStore: 2, inAll: 4 };
const aWaiting = (namespace: string, name: string, changes: Partial<Waiting> = {}): Waiting => ({
  uid: `${namespace}/${name}`,
  namespace,
  name,
  store: `${namespace}/store`,
  isScheduled: true,
  created: '2026-06-01T00:00:00Z',
  ...changes,
});
const aTaken = (namespace: string, store = 'store'): Taken => ({ namespace, store: `${namespace}/${store}` });
const orderOf = (taken: readonly Taken[], ...waiting: readonly Waiting[]): readonly string[] =>
  grant(taken, waiting, bounds).order.map(({ uid }) => uid);
const admittedOf = (taken: readonly Taken[], ...waiting: readonly Waiting[]): readonly string[] => [
  ...grant(taken, waiting, bounds).admitted,
];

describe('the order', () => {
  test('is by namespace in turn, then by age', () => {
    const older = { created: '2026-05-31T00:00:00Z' };
    expect(
      orderOf(
        [],
        aWaiting('a', '1', older),
        aWaiting('a', '2', older),
        aWaiting('b', '1'),
        aWaiting('c', '1'),
      ),
    ).toEqual(['a/1', 'b/1', 'c/1', 'a/2']);
    expect(orderOf([], aWaiting('b', 'young'), aWaiting('b', 'old', older))).toEqual(['b/old', 'b/young']);
  });

  test('lets a namespace wait that has more under way', () => {
    expect(
      orderOf([aTaken('a'), aTaken('a')], aWaiting('a', '1'), aWaiting('b', '1'), aWaiting('b', '2')),
    ).toEqual(['b/1', 'b/2', 'a/1']);
  });

  test('begins with what people asked for', () => {
    const asked = { isScheduled: false, created: '2026-06-01T02:00:00Z' };
    expect(
      orderOf([aTaken('a')], aWaiting('b', '1'), aWaiting('a', '1'), aWaiting('a', 'now', asked)),
    ).toEqual(['a/now', 'b/1', 'a/1']);
  });
});

describe('the places', () => {
  test('are so many in a store, whose queue holds up nobody else', () => {
    const many = ['1', '2', '3', '4', '5'].map((name) => aWaiting('a', name));
    expect(admittedOf([], ...many)).toEqual(['a/1', 'a/2']);
    expect(admittedOf([], ...many, aWaiting('b', '1'))).toEqual(['a/1', 'b/1', 'a/2']);
    expect(admittedOf([aTaken('a'), aTaken('a')], ...many, aWaiting('b', '1'))).toEqual(['b/1']);
    expect(admittedOf([], ...many, aWaiting('a', '6', { store: 'a/other' }))).toEqual(['a/1', 'a/2', 'a/6']);
  });

  test('are so many in all, however many run already', () => {
    const four = ['a', 'b', 'c', 'd'];
    expect(admittedOf([], ...[...four, 'e'].map((namespace) => aWaiting(namespace, '1')))).toHaveLength(4);
    expect(
      admittedOf(
        four.map((namespace) => aTaken(namespace)),
        aWaiting('e', '1'),
      ),
    ).toEqual([]);
    expect(
      admittedOf(
        [...four, 'f'].map((namespace) => aTaken(namespace)),
        aWaiting('e', '1'),
      ),
    ).toEqual([]);
  });
});
