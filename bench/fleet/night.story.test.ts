/** The short form of `node bench/fleet/night.ts`. */
import { expect, it } from 'vitest';
import { beyondBounds, night } from './night.ts';

it('backs a few stacks up within the bounds of a night', { timeout: 300_000 }, async () => {
  const figures = await night(8);
  expect(beyondBounds(figures)).toEqual([]);
  expect(figures.completed).toBe(8);
});
