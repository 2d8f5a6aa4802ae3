/**
 * Tables that fit the screen. Columns are as wide as their content; if that is too much, some are left out
 * and one is shortened.
 */
import { printable } from '../../base/printable.ts';
import { fold } from '../../base/fold.ts';
import type { Colour, Paint } from './paint.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** If the screen is too narrow, columns go, the greatest number first. A column without a number stays. */
  readonly dropOrder?: number;
  /** Takes the rest of the width. What is longer is shortened to it, or goes on in further lines below itself. */
  readonly flexible?: 'Shorten' | 'Wrap';
}

export type Cell = string | { readonly text: string; readonly colour?: Colour | undefined };

export interface TableOptions {
  readonly paint: Paint;
  /** Width of the terminal in columns. Absent in a pipe, where nothing is left out or shortened. */
  readonly width?: number | undefined;
  readonly indent?: number;
}

const gap = 2;
const leastFlexible = 24;

/** @returns lines without trailing spaces; the first has the titles. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { paint, width, indent = 0 }: TableOptions,
): string[] {
  const texts = rows.map((row) => row.map((cell) => printable(typeof cell === 'string' ? cell : cell.text)));
  let shown = columns.map((_, index) => index);
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...texts.map((row) => row[index]?.length ?? 0)),
  );
  const isFlexible = (index: number): boolean => columns[index]?.flexible !== undefined;
  const needed = (index: number): number =>
    isFlexible(index) ? Math.min(widths[index] ?? 0, leastFlexible) : (widths[index] ?? 0);
  const total = (of: (index: number) => number): number =>
    indent + shown.reduce((sum, index) => sum + of(index), 0) + gap * Math.max(0, shown.length - 1);
  if (width !== undefined) {
    while (total(needed) > width) {
      const droppable = shown.filter((index) => columns[index]?.dropOrder !== undefined);
      const [worst] = droppable.toSorted(
        (a, b) => (columns[b]?.dropOrder ?? 0) - (columns[a]?.dropOrder ?? 0),
      );
      if (worst === undefined) break;
      shown = shown.filter((index) => index !== worst);
    }
    const flexible = shown.find(isFlexible);
    if (flexible !== undefined) {
      const others = total((index) => (index === flexible ? 0 : (widths[index] ?? 0)));
      widths[flexible] = Math.min(widths[flexible] ?? 0, Math.max(leastFlexible, width - others));
    }
  }
  const line = (
    cells: readonly { readonly text: string; readonly colour?: Colour | undefined }[],
  ): string => {
    const parts = shown.map((index, position) => {
      const { text = '', colour } = cells[index] ?? {};
      const size = widths[index] ?? 0;
      const short = columns[index]?.flexible === 'Shorten' ? shorten(text, size) : text;
      const padding = ' '.repeat(Math.max(0, size - short.length));
      if (columns[index]?.align === 'right') return padding + paint(colour, short);
      return paint(colour, short) + (position === shown.length - 1 ? '' : padding);
    });
    return (' '.repeat(indent) + parts.join(' '.repeat(gap))).trimEnd();
  };
  const head = line(columns.map(({ title }) => ({ text: title, colour: 'dim' })));
  const wrapped = columns.findIndex(({ flexible }) => flexible === 'Wrap');
  const body = rows.flatMap((row, at) => {
    const cells = row.map((cell, index) => ({
      text: texts[at]?.[index] ?? '',
      colour: typeof cell === 'string' ? undefined : cell.colour,
    }));
    const [first = '', ...more] = fold(cells[wrapped]?.text ?? '', widths[wrapped]);
    return [
      line(cells.map((cell, index) => (index === wrapped ? { ...cell, text: first } : cell))),
      ...more.map((text) =>
        line(cells.map((cell, index) => ({ ...cell, text: index === wrapped ? text : '' }))),
      ),
    ];
  });
  return [head, ...body];
}

export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1)).trimEnd()}…`;
}
