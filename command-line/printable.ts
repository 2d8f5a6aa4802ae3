/** Makes text of others fit for a terminal, and text fit for its width. */

/** C0 and C1 controls except tab, and characters that reverse the direction of writing. */
const harmful = /(?!\t)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Makes foreign text fit for a terminal: characters that would move the cursor, hide, retitle or begin a line
 * become visible.
 */
export function printable(text: string): string {
  return text.replace(harmful, visible);
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 ? `^${String.fromCodePoint(code + 0x40)}` : String.fromCodePoint(0xfffd);
}

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
