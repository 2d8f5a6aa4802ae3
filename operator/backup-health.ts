/** The state of a stack's backups, from the caches: what the stack's controller shows of other kinds. */
import { withBackupHealth } from '../controllers/stack/index.ts';
import type { JtelStack, JtelStackStatus } from '../crds/index.ts';
import type { Caches } from './caches.ts';

export function backupHealthFrom(
  caches: Pick<Caches, 'backups' | 'restores'>,
): (status: JtelStackStatus, stack: JtelStack, now: Date) => JtelStackStatus {
  const id = (namespace: string, name: string): string => `${namespace}/${name}`;
  const backups = caches.backups.index((one) => [id(one.metadata.namespace, one.spec.stackRef.name)]);
  const restores = caches.restores.index((one) => [id(one.metadata.namespace, one.spec.stackRef.name)]);
  return (status, stack, now) => {
    const key = id(stack.metadata.namespace, stack.metadata.name);
    return withBackupHealth(status, {
      stack,
      backups: backups.get(key),
      restores: restores.get(key),
      now,
    });
  };
}
