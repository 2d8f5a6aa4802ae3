/** Colours as a value that views receive, so they need not ask whether there is a terminal. */
import picocolors from 'picocolors';

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'dim' | 'bold';
export type Paint = (colour: Colour | undefined, text: string) => string;

/** Text without colours: for pipes, NO_COLOR and --no-color. */
export const plain: Paint = (_, text) => text;

export function colourful(): Paint {
  const colours = picocolors.createColors(true);
  return (colour, text) => (colour === undefined || text === '' ? text : colours[colour](text));
}

/** C0 and C1 controls except tab, and characters that reverse the direction of writing. */
const harmful = /(?!\t)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
const escape = String.fromCodePoint(0x1b);
const colourCode = new RegExp(`(${escape}\\[[0-9;]*m)`);

/**
 * Makes foreign text fit for a terminal: characters that would move the cursor, hide, retitle or begin a line
 * become visible.
 */
export function printable(text: string): string {
  return text.replace(harmful, visible);
}

/** The same for the output of containers, which may have colours. */
export function printableInColour(text: string): string {
  return text
    .split(colourCode)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('');
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 ? `^${String.fromCodePoint(code + 0x40)}` : String.fromCodePoint(0xfffd);
}

/** `████████░░░░░░░░  50 %`, readable as text in a pipe, too. */
export function progressBar(percent: number, length: number, paint: Paint): string {
  const bounded = Math.min(100, Math.max(0, percent));
  const full = Math.round((bounded / 100) * length);
  return `${paint('cyan', '█'.repeat(full))}${paint('dim', '░'.repeat(length - full))} ${String(Math.floor(bounded)).padStart(3)} %`;
}
