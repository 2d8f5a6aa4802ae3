/** The compose project of a stack. Its name is the name of everything that the stack has on its host. */

import { createHash } from 'node:crypto';

const longest = 63;

/**
 * `jtel-<namespace>-<name>`. A digest is added where that is too long, or where two stacks could get one name (`a-b`/`c`
 * and `a`/`b-c`).
 */
export function projectName(namespace: string, name: string): string {
  const plain = `jtel-${namespace}-${name}`;
  if (!namespace.includes('-') && !name.includes('-') && plain.length <= longest) return plain;
  const digest = createHash('sha256').update(`${namespace}/${name}`).digest('hex').slice(0, 8);
  return `${plain.slice(0, longest - digest.length - 1).replace(/-+$/, '')}-${digest}`;
}
