/** Fits text to a width. */
import { printable } from '../base/printable.ts';

/** Breaks words into lines of at most `width`; without a width, one line. A longer word stays whole. */
export function wrap(text: string, width: number | undefined): string[] {
  const words = text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(printable);
  if (width === undefined) return [words.join(' ')];
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.length === 0 ? [''] : lines;
}
