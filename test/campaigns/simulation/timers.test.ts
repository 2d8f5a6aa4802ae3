import { expect, it } from 'vitest';
import { Dice } from './dice.ts';
import { Timers, type Timed } from './timers.ts';

it('gives timers back by when they are due, and of one moment the first that was set', () => {
  const [dice, timers] = [new Dice(5), new Timers<Timed>()];
  const all = Array.from({ length: 500 }, (_, order) => ({ due: dice.integer(0, 50), order, isSet: true }));
  for (const one of all) timers.add(one);
  const given: Timed[] = [];
  for (let first = timers.first(); first !== undefined; first = timers.first()) {
    given.push(first);
    timers.removeFirst();
  }
  expect(given).toEqual(all.toSorted((one, other) => one.due - other.due || one.order - other.order));
});
