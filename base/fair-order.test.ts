import { describe, expect, it } from 'vitest';
import { FairOrder, type Line } from './fair-order.ts';

/** Keys `tenant/0`, `tenant/1`, … are due. */
function due(order: FairOrder, tenant: string, count: number, line?: Line): void {
  for (let index = 0; index < count; index += 1) order.add(`${tenant}/${index}`, line);
}

/** A tenant for each of so many keys. */
function dueOf(order: FairOrder, kind: string, count: number, line: Line): void {
  for (let index = 0; index < count; index += 1) order.add(`${kind}${index}/one`, line);
}

/** Takes and ends so many, one after the other. @returns the kinds of {@link dueOf} */
function kindsTaken(order: FairOrder, count: number): (string | undefined)[] {
  return Array.from({ length: count }, () => {
    const key = order.take();
    if (key !== undefined) order.done(key);
    return key?.replace(/\d.*/, '');
  });
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

describe('the lines of due keys', () => {
  it('serves what was asked for first, and what is due by the clock when it was passed over often', () => {
    const order = new FairOrder(1);
    dueOf(order, 'clock', 3, 'Periodic');
    dueOf(order, 'asked', 20, 'Asked');
    const taken = kindsTaken(order, 23);
    expect(taken.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => 'asked'));
    expect(taken.flatMap((kind, index) => (kind === 'clock' ? [index] : []))).toEqual([7, 15, 22]);
  });

  it('serves every line in the end, however much is asked for', () => {
    const order = new FairOrder(4);
    dueOf(order, 'asked', 100, 'Asked');
    dueOf(order, 'slow', 2, 'AskedSlow');
    dueOf(order, 'clock', 2, 'Periodic');
    dueOf(order, 'lame', 2, 'PeriodicSlow');
    const taken = kindsTaken(order, 40);
    const counts = ['slow', 'clock', 'lame'].map((kind) => taken.filter((one) => one === kind).length);
    expect(counts).toEqual([2, 2, 2]);
  });

  it('keeps a quarter of the workers for what is asked for', () => {
    const order = new FairOrder(32);
    dueOf(order, 'clock', 100, 'Periodic');
    dueOf(order, 'lame', 100, 'PeriodicSlow');
    expect(Object.keys(takeAll(order))).toHaveLength(24);
    dueOf(order, 'asked', 100, 'Asked');
    expect(Object.keys(takeAll(order))).toHaveLength(8);
  });

  it.each([
    [32, 8],
    [8, 2],
    [2, 1],
    [1, 1],
  ])('gives what waited in vain a quarter of %i workers at most, and one at least', (workers, expected) => {
    const order = new FairOrder(workers);
    dueOf(order, 'slow', 100, 'AskedSlow');
    dueOf(order, 'lame', 100, 'PeriodicSlow');
    expect(Object.keys(takeAll(order))).toHaveLength(expected);
  });

  it('moves a key up that is asked for while it waits', () => {
    const order = new FairOrder(1);
    dueOf(order, 'clock', 3, 'Periodic');
    order.ask('clock2/one');
    order.ask('nobody/one');
    expect([order.waitingIn('Asked'), order.waitingIn('Periodic'), order.waiting]).toEqual([1, 2, 3]);
    expect(order.take()).toBe('clock2/one');
  });

  it('gives the worker of a parked key to the next, and knows it as in work until it is done', () => {
    const order = new FairOrder(1);
    due(order, 'a', 2);
    expect(order.take()).toBe('a/0');
    order.park('a/0');
    expect([order.take(), order.take(), order.isInWork('a/0')]).toEqual(['a/1', undefined, true]);
    order.done('a/0');
    expect(order.isInWork('a/0')).toBe(false);
    due(order, 'b', 1);
    expect(order.take()).toBeUndefined();
    order.done('a/1');
    expect(order.take()).toBe('b/0');
  });

  it('parks so many for each worker; the next keeps its worker until one of them is done', () => {
    const order = new FairOrder(1);
    dueOf(order, 'hangs', 40, 'Asked');
    for (let key = order.take(); key !== undefined; key = order.take()) order.park(key);
    expect(order.waiting).toBe(40 - 9);
    order.done('hangs0/one');
    expect(order.take()).toBe('hangs9/one');
  });

  it('never lets one namespace take all places of the parked', () => {
    const order = new FairOrder(4);
    const parked = (): number => {
      let count = 0;
      for (let key = order.take(); key !== undefined; key = order.take(), count += 1) order.park(key);
      return count;
    };
    due(order, 'many', 100);
    // Half of the 32 places, and half of the four workers by those that find none.
    expect(parked()).toBe(16 + 2);
    due(order, 'other', 100);
    expect(parked()).toBeGreaterThanOrEqual(4);
    due(order, 'third', 1);
    expect(order.take()).toBe('third/0');
  });

  it('parks whoever finds a place when one is given back, though another one has waited longer', () => {
    const order = new FairOrder(2);
    const parkAll = (): void => {
      for (let key = order.take(); key !== undefined; key = order.take()) order.park(key);
    };
    due(order, 'many', 10);
    parkAll();
    due(order, 'other', 10);
    parkAll();
    const waiting = order.waiting;
    order.done('other/0');
    expect(order.take()?.startsWith('other/')).toBe(true);
    expect(order.waiting).toBe(waiting - 1);
  });
});
