/** Which identities a JtelBackupStore gives access to. This is the boundary between customers that share a store. */

import { defaultIdentity } from '../../backup-format/names.ts';
import type { JtelBackupStore, JtelStack } from '../../crds/index.ts';
import { InputError } from '../inputs/input-error.ts';

/** `spec.backup.identity`, or the default. */
export function stackIdentity(stack: JtelStack): string {
  return stack.spec.backup?.identity ?? defaultIdentity(stack.metadata.namespace, stack.metadata.name);
}

/**
 * Default identities of the store's own namespace are allowed; the store's owner must list all others. References never
 * leave a namespace, so this limits people who may create stacks and restores but not stores.
 * @throws {InputError} `BackupNotAllowed`
 */
export function requireIdentityAllowed(store: JtelBackupStore, identity: string): void {
  const { namespace, name } = store.metadata;
  const allowed = store.spec.identities ?? [];
  // A namespace has no dot in its name, so no default identity is the beginning of another one.
  if (identity.startsWith(`${namespace}.`) || allowed.includes(identity) || allowed.includes('*')) return;
  throw new InputError(
    'BackupNotAllowed',
    `Backups of ${identity} may not be used through JtelBackupStore ${namespace}/${name}: add "${identity}" to its spec.identities if that is wanted.`,
  );
}
