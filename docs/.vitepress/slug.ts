/**
 * The anchor of a heading, as GitHub makes it, so that a link to a heading works in the repository and on the site.
 * VitePress' own differs, for example for headings that begin with a digit.
 */
export function slug(heading: string): string {
  return heading
    .replaceAll(/[`*]/g, '')
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}_\- ]/gu, '')
    .replaceAll(' ', '-');
}
