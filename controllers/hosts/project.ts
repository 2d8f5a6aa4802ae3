/** The compose project of a stack: its name on the host, and of everything that belongs to it there. */

import { createHash } from 'node:crypto';

const longest = 63;

/**
 * `jtel-<namespace>-<name>`; where that is too long, or where two stacks could meet (`a-b`/`c` and `a`/`b-c`), a digest of both
 * keeps names apart.
 */
export function projectName(namespace: string, name: string): string {
  const plain = `jtel-${namespace}-${name}`;
  if (!namespace.includes('-') && !name.includes('-') && plain.length <= longest) return plain;
  const digest = createHash('sha256').update(`${namespace}/${name}`).digest('hex').slice(0, 8);
  return `${plain.slice(0, longest - digest.length - 1).replace(/-+$/, '')}-${digest}`;
}
