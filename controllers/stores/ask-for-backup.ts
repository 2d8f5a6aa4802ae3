/** Asks for a JtelBackup, as any user would. Names are derived, so a second process asks for the very same. */

import { backupKind, labels, madeByOperator, type JtelBackup } from '../../crds/index.ts';
import { isAlreadyExists } from '../../runtime/client/api-error.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import type { KubernetesObject, ObjectMeta } from '../../runtime/objects.ts';
import type { ResourceKind } from '../../crds/index.ts';

export interface BackupRequest {
  readonly namespace: string;
  readonly stackName: string;
  readonly name: string;
  readonly trigger: JtelBackup['spec']['trigger'];
  readonly verify: JtelBackup['spec']['verify'];
}

/** It is not owned by the stack: what it says stays readable when that is gone. @returns whether it was not there yet */
export async function askForBackup(
  cluster: Cluster,
  { namespace, stackName, name, trigger, verify }: BackupRequest,
  options: CallOptions,
): Promise<boolean> {
  const backup = {
    apiVersion: 'jtel.de/v1alpha1' as const,
    kind: 'JtelBackup' as const,
    metadata: newMetadata(namespace, stackName, name) as JtelBackup['metadata'],
    spec: { stackRef: { name: stackName }, trigger, verify },
  };
  return await createOnce(cluster, backupKind, backup, options);
}

/** Of an object that the operator asks for; the server fills in the rest. */
export function newMetadata(namespace: string, stackName: string, name: string): ObjectMeta {
  return { namespace, name, labels: { [labels.stack]: stackName, ...madeByOperator } };
}

/** @returns false when one of that name was there already */
export async function createOnce<T extends KubernetesObject>(
  cluster: Cluster,
  kind: ResourceKind<T>,
  object: T,
  options: CallOptions,
): Promise<boolean> {
  try {
    await cluster.create(kind, object, options);
    return true;
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
}
