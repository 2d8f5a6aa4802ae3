/** Fits text of others to a width. */
import { fold } from '../base/fold.ts';
import { printable } from '../base/printable.ts';

/** Breaks words into lines of at most `width`; without a width, one line. A longer word stays whole. */
export function wrap(text: string, width: number | undefined): string[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return fold(words.map(printable).join(' '), width);
}

/**
 * The same behind a head, such as a label or a number; further lines begin below its text.
 * @param indent columns of the head, which may have colours
 */
export function hanging(head: string, indent: number, text: string, width: number | undefined): string[] {
  const lines = wrap(text, width === undefined ? undefined : width - indent);
  return lines.map((line, index) => `${index === 0 ? head : ' '.repeat(indent)}${line}`);
}
