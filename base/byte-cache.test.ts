import { expect, it } from 'vitest';
import { ByteCache } from './byte-cache.ts';

const kept = (cache: ByteCache<number>, keys: string) =>
  [...keys].filter((key) => cache.get(key) !== undefined).join('');

it('keeps what fits, and forgets what was not used for longest', () => {
  const cache = new ByteCache<number>(10);
  cache.set('a', 1, 4);
  cache.set('b', 2, 4);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3, 4);
  expect(kept(cache, 'abc')).toBe('ac');
  expect(cache.bytes).toBe(8);
});

it('forgets as many as a bigger one needs', () => {
  const cache = new ByteCache<number>(10);
  for (const key of ['a', 'b', 'c', 'd', 'e']) cache.set(key, 1, 2);
  cache.set('f', 2, 7);
  expect(kept(cache, 'abcdef')).toBe('ef');
  expect(cache.bytes).toBe(9);
});

it('counts a value that replaces another one once', () => {
  const cache = new ByteCache<number>(10);
  cache.set('a', 1, 6);
  cache.set('a', 2, 8);
  expect([cache.get('a'), cache.bytes]).toEqual([2, 8]);
  cache.delete('a');
  expect([cache.get('a'), cache.bytes]).toEqual([undefined, 0]);
});

it('does not keep what is bigger than itself, nor lose the others for it', () => {
  const cache = new ByteCache<number>(10);
  cache.set('a', 1, 5);
  cache.set('b', 2, 11);
  expect(kept(cache, 'ab')).toBe('a');
});
