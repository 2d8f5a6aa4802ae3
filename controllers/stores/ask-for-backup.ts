/** Asks for a JtelBackup, as any user would. The name is derived, so a second process asks for the same backup. */

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

/** The stack does not own it, so it stays readable when the stack is gone. @returns false when it was there already */
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

/** The metadata of an object that the operator asks for. The server adds the rest. */
export function newMetadata(namespace: string, stackName: string, name: string): ObjectMeta {
  return { namespace, name, labels: { [labels.stack]: stackName, ...madeByOperator } };
}

/** @returns false when there is one with this name already */
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
