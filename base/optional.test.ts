import { expect, expectTypeOf, test } from 'vitest';
import { optional } from './optional.ts';

test('properties that are undefined are absent; everything else stays, null and empty too', () => {
  const given: { a?: number; b: string | null; c: string } = { b: null, c: '' };
  const some = optional({ a: given.a, b: given.b, c: given.c });
  expect(Object.keys(some)).toEqual(['b', 'c']);
  expectTypeOf(some.a).toEqualTypeOf<number | undefined>();
  expectTypeOf(some.c).toEqualTypeOf<string>();
});
