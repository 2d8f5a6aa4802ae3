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

  test('begins in a namespace with what people asked for', () => {
    const asked = { isScheduled: false, created: '2026-06-01T02:00:00Z' };
    expect(orderOf([], aWaiting('a', '1'), aWaiting('a', 'now', asked))).toEqual(['a/now', 'a/1']);
  });

  test('puts nobody behind what a namespace with more under way calls requests of people', () => {
    const many = ['1', '2', '3', '4', '5'].map((name) =>
      aWaiting('bad', name, { isScheduled: false, created: '2026-05-31T00:00:00Z' }),
    );
    expect(orderOf([aTaken('bad')], ...many, aWaiting('good', '1'))[0]).toBe('good/1');
  });
});

describe('the places', () => {
  test('are so many in a store, whose queue holds up nobody else', () => {
    const many = ['1', '2', '3', '4', '5'].map((name) => aWaiting('a', name));
    expect(admittedOf([], ...many)).toEqual(['a/1', 'a/2']);
    expect(admittedOf([], ...many, aWaiting('b', '1'))).toEqual(['a/1', 'b/1', 'a/2']);
    expect(admittedOf([aTaken('a'), aTaken('a')], ...many, aWaiting('b', '1'))).toEqual(['b/1']);
    const toOther = aWaiting('a', '6', { store: 'a/other' });
    const { admitted } = grant([], [...many, toOther], { perStore: 2, inAll: 6 });
    expect([...admitted]).toEqual(['a/1', 'a/2', 'a/6']);
  });

  test('are no more than half of all for one namespace, whatever its stores and requests are', () => {
    const wide = { perStore: 10, inAll: 4 };
    const admitted = (changes: Partial<Waiting>) =>
      grant(
        [],
        [...['1', '2', '3', '4'].map((name) => aWaiting('bad', name, changes)), aWaiting('good', '1')],
        wide,
      );
    for (const changes of [{}, { isScheduled: false }]) {
      const { admitted: uids, refused } = admitted(changes);
      expect([...uids].toSorted()).toEqual(['bad/1', 'bad/2', 'good/1']);
      expect(refused.get('bad/4')).toEqual({ full: 'Namespace', before: 3 });
    }
  });

  test('that are missing are named, with those who wait for the same and come first', () => {
    const refusedOf = (taken: readonly Taken[], ...waiting: readonly Waiting[]) =>
      grant(taken, waiting, { perStore: 2, inAll: 9 }).refused;
    const others = ['b', 'c', 'd', 'e'].map((namespace) => aWaiting(namespace, '1'));
    // Of those before it, none goes to its store.
    expect(refusedOf([aTaken('a'), aTaken('a')], ...others, aWaiting('a', '1')).get('a/1')).toEqual({
      full: 'Store',
      before: 0,
    });
    // Its store has a place, which the one before it takes.
    expect(refusedOf([aTaken('a')], aWaiting('a', '1'), aWaiting('a', '2')).get('a/2')).toEqual({
      full: 'Store',
      before: 1,
    });
    const nine = Array.from({ length: 9 }, (_, index) => aTaken(`n${index}`));
    expect(refusedOf(nine, ...others, aWaiting('f', '1')).get('f/1')).toEqual({ full: 'All', before: 4 });
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
