/** Which rows of a long list are drawn: those in sight, and some before and after. Pure. */

export interface Sight {
  /** Pixels scrolled away above. */
  readonly top: number;
  /** Pixels in sight. */
  readonly height: number;
}

export interface Window {
  /** Index of the first row. */
  readonly from: number;
  /** Index after the last row. */
  readonly to: number;
}

/** Enough that a key held down, or Tab, finds the next row. */
const margin = 8;
export function windowOf({ top, height }: Sight, rowHeight: number, rows: number): Window {
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight), rows - 1));
  const last = Math.ceil((top + height) / rowHeight);
  return { from: Math.max(0, first - margin), to: Math.min(rows, last + margin) };
}

/** How far to scroll so that a row is in sight; the present place if it is. */
export function scrolledTo(index: number, { top, height }: Sight, rowHeight: number): number {
  const [begin, end] = [index * rowHeight, (index + 1) * rowHeight];
  if (begin < top) return begin;
  return end > top + height ? end - height : top;
}
