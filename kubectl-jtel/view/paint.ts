/** Colours as a value that views receive, so they need not ask whether there is a terminal. */
import picocolors from 'picocolors';
import { printable } from '../../base/printable.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'dim' | 'bold';
export type Paint = (colour: Colour | undefined, text: string) => string;

/** Text without colours: for pipes, NO_COLOR and --no-color. */
export const plain: Paint = (_, text) => text;

export function colourful(): Paint {
  const colours = picocolors.createColors(true);
  return (colour, text) => (colour === undefined || text === '' ? text : colours[colour](text));
}

const escape = String.fromCodePoint(0x1b);
const colourCode = new RegExp(`(${escape}\\[[0-9;]*m)`);
/** What {@link colourful} writes. Others can hide text. */
const ourColourCode = new RegExp(`(${escape}\\[(?:[12]|22|3[1-6]|39)m)`);

/** The same for the output of containers, which may have colours. */
export function printableInColour(text: string): string {
  return printableExcept(colourCode, text);
}

/** The same for our own output: what a view forgot to make printable ends here. */
export function printableInOurColours(text: string): string {
  return text
    .split('\n')
    .map((line) => printableExcept(ourColourCode, line))
    .join('\n');
}

function printableExcept(code: RegExp, text: string): string {
  return text
    .split(code)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('');
}

/** `████████░░░░░░░░  50 %`, readable as text in a pipe, too. */
export function progressBar(percent: number, length: number, paint: Paint): string {
  const bounded = Math.min(100, Math.max(0, percent));
  const full = Math.round((bounded / 100) * length);
  return `${paint('cyan', '█'.repeat(full))}${paint('dim', '░'.repeat(length - full))} ${String(Math.floor(bounded)).padStart(3)} %`;
}
