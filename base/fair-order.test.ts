import { describe, expect, it } from 'vitest';
import { FairOrder } from './fair-order.ts';

/** Keys `tenant/0`, `tenant/1`, … are due. */
function due(order: FairOrder, tenant: string, count: number): void {
  for (let index = 0; index < count; index += 1) order.add(`${tenant}/${index}`);
}

/** Takes all that may begin. @returns how many of each tenant */
function takeAll(order: FairOrder): Record<string, number> {
  const taken: Record<string, number> = {};
  for (let key = order.take(); key !== undefined; key = order.take()) {
    const [tenant = ''] = key.split('/');
    taken[tenant] = (taken[tenant] ?? 0) + 1;
  }
  return taken;
}

describe('the order of due keys', () => {
  it('gives namespaces their turns, and the keys of each in the order they became due', () => {
    const order = new FairOrder(Number.POSITIVE_INFINITY);
    due(order, 'hog', 3);
    due(order, 'other', 2);
    const taken = Array.from({ length: 6 }, () => order.take());
    expect(taken).toEqual(['hog/0', 'other/0', 'hog/1', 'other/1', 'hog/2', undefined]);
  });

  it.each([
    [1, { a: 16 }],
    [2, { a: 11, b: 11 }],
    [3, { a: 8, b: 8, c: 8 }],
  ])('leaves workers free, although %i namespaces want all', (hogs, expected) => {
    const order = new FairOrder(32);
    for (const tenant of ['a', 'b', 'c'].slice(0, hogs)) due(order, tenant, 100);
    expect(takeAll(order)).toEqual(expected);
    due(order, 'quiet', 1);
    expect(takeAll(order)).toEqual({ quiet: 1 });
  });

  it('lets a namespace begin that has nothing in work, until the last worker', () => {
    const order = new FairOrder(2);
    due(order, 'a', 5);
    due(order, 'b', 1);
    due(order, 'c', 1);
    expect(takeAll(order)).toEqual({ a: 1, b: 1 });
    order.done('a/0');
    expect(takeAll(order)).toEqual({ c: 1 });
  });

  it('goes on with a namespace when its work ends', () => {
    const order = new FairOrder(4);
    due(order, 'a', 4);
    expect(takeAll(order)).toEqual({ a: 2 });
    expect(order.waiting).toBe(2);
    order.done('a/0');
    expect(takeAll(order)).toEqual({ a: 1 });
    order.done('a/1');
    order.done('a/2');
    expect(takeAll(order)).toEqual({ a: 1 });
    order.done('a/3');
    expect([order.waiting, order.isInWork('a/3')]).toEqual([0, false]);
  });

  it('serves who came during the work of another before that other one', () => {
    const order = new FairOrder(1);
    due(order, 'a', 2);
    expect(order.take()).toBe('a/0');
    due(order, 'b', 1);
    order.done('a/0');
    expect(order.take()).toBe('b/0');
  });

  it('works with a single worker, in turns', () => {
    const order = new FairOrder(1);
    due(order, 'a', 2);
    due(order, 'b', 1);
    const taken: (string | undefined)[] = [];
    for (let index = 0; index < 3; index += 1) {
      const key = order.take();
      taken.push(key);
      if (key !== undefined) order.done(key);
    }
    expect(taken).toEqual(['a/0', 'b/0', 'a/1']);
  });
});
