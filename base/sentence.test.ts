import { expect, test } from 'vitest';
import { sentence } from './sentence.ts';

test.each([
  ['it failed', 'it failed.'],
  ['it failed.', 'it failed.'],
  ['really? ', 'really?'],
  ['', ''],
])('%j', (text, expected) => {
  expect(sentence(text)).toBe(expected);
});
