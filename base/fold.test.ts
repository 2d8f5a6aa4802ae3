import { expect, it } from 'vitest';
import { fold } from './fold.ts';

it.each([
  ['one two', 7, ['one two']],
  ['one two', 6, ['one', 'two']],
  ['  a: one two three', 12, ['  a: one two', '  three']],
  ['a  b', 4, ['a  b']],
  ['averylongword x', 5, ['averylongword', 'x']],
  ['one two', undefined, ['one two']],
  ['one two', Infinity, ['one two']],
])('%j in %s columns', (line, width, expected) => {
  expect(fold(line, width)).toEqual(expected);
});
