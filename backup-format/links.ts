/** Symbolic links of a file tree. Attribute parts have those that lead out of their tree; an index has none. */

/**
 * True for a link that is absolute, or whose text leads out of its tree from where it lies.
 * @param path of the link, relative to the tree, one character a byte.
 */
export function leadsOut(path: string, target: string): boolean {
  if (target.startsWith('/')) return true;
  let depth = path.split('/').length - 1;
  for (const segment of target.split('/')) {
    if (segment === '..') depth--;
    else if (segment !== '' && segment !== '.') depth++;
    if (depth < 0) return true;
  }
  return false;
}
