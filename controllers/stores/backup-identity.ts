/** Under which names backups may be used through a store object: the boundary between customers that share a store. */

import { defaultIdentity } from '../../backup-format/names.ts';
import type { JtelBackupStore, JtelStack } from '../../crds/index.ts';
import { InputError } from '../inputs/input-error.ts';

/** `spec.backup.identity`, or the default. */
export function stackIdentity(stack: JtelStack): string {
  return stack.spec.backup?.identity ?? defaultIdentity(stack.metadata.namespace, stack.metadata.name);
}

/**
 * Default identities of the store object's own namespace are free; others its owner has to list. References never leave a
 * namespace, so this holds for whoever may create stacks and restores but not stores.
 * @throws {InputError} `BackupNotAllowed`
 */
export function requireIdentityAllowed(store: JtelBackupStore, identity: string): void {
  const { namespace, name } = store.metadata;
  const allowed = store.spec.identities ?? [];
  // A namespace has no dot in its name, so nobody's default identity begins like another's.
  if (identity.startsWith(`${namespace}.`) || allowed.includes(identity) || allowed.includes('*')) return;
  throw new InputError(
    'BackupNotAllowed',
    `Backups of ${identity} may not be used through JtelBackupStore ${namespace}/${name}: add "${identity}" to its spec.identities if that is wanted.`,
  );
}
