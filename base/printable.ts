/**
 * Text from outside (hosts, stores, other people's objects) on its way to a terminal, a log or an object. Every place
 * where such text leaves us uses this one definition of what must not pass.
 */

/** C0 and C1 controls except tab, and characters that reverse the direction of writing. */
export const harmful = /(?!\t)[\p{Cc}\p{Bidi_Control}]/gu;

/**
 * Makes foreign text fit for a terminal: characters that would move the cursor, hide, retitle or begin a line
 * become visible.
 */
export function printable(text: string): string {
  return text.replace(harmful, visible);
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** The same with escapes, for text within JSON or double quotes in YAML: programs read what it was. */
export function escaped(text: string): string {
  return text.replace(
    harmful,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** The same with one sign for each character, so a text keeps its length. Line ends stay. */
export function tame(text: string): string {
  return text.replace(harmful, (character) => (character === '\n' ? character : '\ufffd'));
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 ? `^${String.fromCodePoint(code + 0x40)}` : String.fromCodePoint(0xfffd);
}
