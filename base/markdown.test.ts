import { expect, it } from 'vitest';
import { cellText } from './markdown.ts';

it.each([
  ['at https://<host>', 'at `https://<host>`'],
  ['default: <namespace>-<stack>-<time>.tar.gz here', 'default: `<namespace>-<stack>-<time>.tar.gz` here'],
  ['its name, <namespace>.<name> when absent', 'its name, `<namespace>.<name>` when absent'],
  ['(as <name>). More', '(as `<name>`). More'],
  ['as `<name> of it` says', 'as `<name> of it` says'],
  ['one | two', String.raw`one \| two`],
])('%s', (text, expected) => {
  expect(cellText(text)).toBe(expected);
});
