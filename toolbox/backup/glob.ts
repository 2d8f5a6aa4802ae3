/**
 * Globs of a release's file trees: `*` and `?` within a segment, `**` any number of segments. Everything else
 * is itself.
 */

export class Globs {
  readonly #patterns: readonly RegExp[];
  readonly #below: readonly RegExp[];

  /** @param globs relative to the tree, such as `recordings/**`. */
  constructor(globs: readonly string[]) {
    this.#patterns = globs.map((glob) => toPattern(glob));
    this.#below = globs.filter((glob) => glob.endsWith('/**')).map((glob) => toPattern(glob.slice(0, -3)));
  }

  /** @param path relative, with no slash at either end. */
  matches(path: string): boolean {
    return this.#patterns.some((pattern) => pattern.test(path));
  }

  /** Nothing below this directory is wanted. */
  matchesAllBelow(path: string): boolean {
    return this.#below.some((pattern) => pattern.test(path)) || this.matches(path);
  }
}

/** Paths are Latin-1, one character per byte, so globs are too. */
function toPattern(glob: string): RegExp {
  const bytes = Buffer.from(glob.replace(/^\.?\//, '').replace(/\/$/, '')).toString('latin1');
  const parts = bytes.split('/').map((segment) => (segment === '**' ? '**' : toSegment(segment)));
  let source = '';
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === '**') source += isLast ? '[^]+' : '([^/]+/)*';
    else source += isLast ? part : `${part}/`;
  }
  return new RegExp(`^${source}$`);
}

function toSegment(segment: string): string {
  return segment
    .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
}
