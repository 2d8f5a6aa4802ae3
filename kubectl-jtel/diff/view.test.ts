import { describe, expect, it } from 'vitest';
import { diffView } from './view.ts';
import { plain } from '../view/paint.ts';

function diff(before: string, after: string): string[] {
  return diffView({ title: 'one', text: before }, { title: 'two', text: after }, plain);
}

const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `line ${index + 1}`).join('\n');

describe('a difference', () => {
  it('is empty for the same text', () => expect(diff('a\nb\n', 'a\nb')).toEqual([]));

  it('shows what went and what came, with three lines around', () => {
    expect(diff(lines(9), lines(9).replace('line 5', 'changed'))).toEqual([
      '--- one',
      '+++ two',
      '@@ -2 +2 @@',
      '  line 2',
      '  line 3',
      '  line 4',
      '- line 5',
      '+ changed',
      '  line 6',
      '  line 7',
      '  line 8',
    ]);
  });

  it('leaves out what lies between two changes far from each other', () => {
    const shown = diff(lines(40), lines(40).replace('line 2\n', 'x\n').replace('line 38', 'y'));
    expect(shown.filter((line) => line.startsWith('@@'))).toEqual(['@@ -1 +1 @@', '@@ -35 +35 @@']);
    expect(shown).not.toContain('  line 20');
  });

  it('takes the shortest way: one line put in is one line', () => {
    expect(diff('a\nb\nc', 'a\nx\nb\nc').filter((line) => /^[+-] /.test(line))).toEqual(['+ x']);
  });

  it('begins and ends with nothing in common, too', () => {
    expect(diff('a', 'b').slice(3)).toEqual(['- a', '+ b']);
  });
});
