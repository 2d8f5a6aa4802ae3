import { describe, expect, it } from 'vitest';
import { plain } from './paint.ts';
import { shorten, table } from './table.ts';

const columns = [
  { title: 'NAME' },
  { title: 'SIZE', align: 'right' },
  { title: 'EXTRA', dropOrder: 1 },
  { title: 'MESSAGE', flexible: 'Shorten' },
] as const;
const long = 'a message that goes on for longer than anybody has room for on a small terminal';
const rows = [
  ['acme', '7', 'extra', long],
  ['berlin', '120', '', 'short'],
] as const;

describe('a table', () => {
  it('is as wide as it needs in a pipe, with nothing left out', () => {
    expect(table(columns, rows, { paint: plain })).toEqual([
      'NAME    SIZE  EXTRA  MESSAGE',
      `acme       7  extra  ${long}`,
      'berlin   120         short',
    ]);
  });

  it('shortens the flexible column to what a terminal has left', () => {
    const lines = table(columns, rows, { paint: plain, width: 60 });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines[1]).toMatch(/^acme {7}7 {2}extra {2}a message that .*…$/);
  });

  it('goes on below itself in a column that says so, and nothing of it is lost', () => {
    const wraps = columns.map((column) =>
      column.title === 'MESSAGE' ? { ...column, flexible: 'Wrap' as const } : column,
    );
    expect(table(wraps, rows, { paint: plain, width: 60 })).toEqual([
      'NAME    SIZE  EXTRA  MESSAGE',
      'acme       7  extra  a message that goes on for longer than',
      '                     anybody has room for on a small',
      '                     terminal',
      'berlin   120         short',
    ]);
  });

  it('drops what can be dropped before it shortens to nothing', () => {
    const lines = table(columns, rows, { paint: plain, width: 40 });
    expect(lines[0]).toBe('NAME    SIZE  MESSAGE');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('measures text, not colours', () => {
    const coloured = table([{ title: 'A' }, { title: 'B' }], [[{ text: 'x', colour: 'red' }, 'y']], {
      paint: (colour, text) => `[${colour ?? ''}]${text}`,
    });
    expect(coloured[1]).toBe('[red]x  []y');
  });

  it('lets no text of others break a line or move the cursor', () => {
    expect(table([{ title: 'A' }], [['x\ny\u001b[2J']], { paint: plain })[1]).toBe('x^Jy^[[2J');
  });
});

describe('words', () => {
  it('are shortened with a mark', () => expect(shorten('abcdef', 4)).toBe('abc…'));
});
