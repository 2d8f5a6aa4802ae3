import { expect, it } from 'vitest';
import { Busiest, mostAtOnce } from './busiest.ts';

it('counts how many spans overlap at the most', () => {
  expect(mostAtOnce([])).toBe(0);
  expect(
    mostAtOnce([
      { from: 0, to: 5 },
      { from: 4, to: 6 },
      { from: 4.5, to: 9 },
      { from: 20, to: 21 },
    ]),
  ).toBe(3);
});

it('does not count one that ends when another begins', () => {
  expect(
    mostAtOnce([
      { from: 5, to: 9 },
      { from: 0, to: 5 },
    ]),
  ).toBe(1);
});

it('knows the busiest second', () => {
  const busiest = new Busiest();
  for (const seconds of [0.1, 0.9, 1, 1.5, 1.99, 7]) busiest.count(seconds);
  expect(busiest.most).toBe(3);
});
