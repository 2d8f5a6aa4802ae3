import { expect, it } from 'vitest';
import { hanging, wrap } from './wrap.ts';

it.each([
  ['one two  three', 8, ['one two', 'three']],
  ['an-extremely-long-word x', 8, ['an-extremely-long-word', 'x']],
  ['one\ntwo', undefined, ['one two']],
  ['  one two', 20, ['one two']],
  ['one \u001b[2J', 20, ['one ^[[2J']],
  ['', 8, ['']],
])('%j in %s columns', (text, width, lines) => expect(wrap(text, width)).toEqual(lines));

it('further lines hang below the text behind the head, whatever colours that has', () => {
  const head = '\u001b[36m1.\u001b[39m ';
  expect(hanging(head, 3, 'one two three', 10)).toEqual([`${head}one two`, '   three']);
  expect(hanging('1. ', 3, 'one two three', undefined)).toEqual(['1. one two three']);
});
