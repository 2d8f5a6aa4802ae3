import { describe, expect, it } from 'vitest';
import { escaped, printable, printableLines, tame } from './printable.ts';

describe('text of others', () => {
  it.each([
    ['cursor movement', 'a\u001b[2Jb', 'a^[[2Jb', String.raw`a\u001b[2Jb`, 'a\ufffd[2Jb'],
    ['a title', '\u001b]0;x\u0007', '^[]0;x^G', String.raw`\u001b]0;x\u0007`, '\ufffd]0;x\ufffd'],
    ['a delete', 'a\u007fb', 'a\ufffdb', String.raw`a\u007fb`, 'a\ufffdb'],
    ['a C1 control', 'a\u009b2Jb', 'a\ufffd2Jb', String.raw`a\u009b2Jb`, 'a\ufffd2Jb'],
    ['reversed writing', 'a\u202eb', 'a\ufffdb', String.raw`a\u202eb`, 'a\ufffdb'],
    ['a line end', 'a\nb', 'a^Jb', String.raw`a\u000ab`, 'a\nb'],
    ['tabs and all writing', 'a\tÄ→日😀', 'a\tÄ→日😀', 'a\tÄ→日😀', 'a\tÄ→日😀'],
  ])('with %s obeys nobody, in any of the forms', (_, text, shown, withEscapes, tamed) =>
    expect([printable(text), escaped(text), tame(text)]).toEqual([shown, withEscapes, tamed]),
  );

  it('with escapes is read from JSON as it was', () =>
    expect(JSON.parse(`"${escaped('a\u001b\u202e\n')}"`)).toBe('a\u001b\u202e\n'));

  it('of several lines keeps these', () => expect(printableLines('a\u0007\nb\r')).toBe('a^G\nb^M'));
});
