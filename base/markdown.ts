/** Text in pages that people read as files, on GitHub and as a site (VitePress, where `<host>` outside of code would be a tag). */

/** Of one cell of a table: words with a place to fill in (`https://<host>`) become code, and a bar does not end the cell. */
export function cellText(text: string): string {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[^\s()]*<[^\s()]*[^\s().,;:]/g, '`$&`')))
    .join('`')
    .replaceAll('|', String.raw`\|`);
}
