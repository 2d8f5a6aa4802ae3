/**
 * What the stack controller asks other controllers for, as any user would: a backup before an update or a move, and its data after a
 * failed one. Names are derived, so a second process asks for the very same; "there already" is success.
 */

import {
  backupKind,
  labels,
  madeByOperator,
  restoreKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
} from '../../crds/index.ts';
import { isAlreadyExists } from '../../runtime/client/api-error.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import type { ResourceKind } from '../../crds/index.ts';

/** Neither is owned by the stack: what they say stays readable when it is gone. */
export async function askForBackup(
  cluster: Cluster,
  stack: JtelStack,
  name: string,
  trigger: 'PreUpdate' | 'Relocation',
  options: CallOptions,
): Promise<void> {
  await ensure(
    cluster,
    backupKind,
    {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelBackup',
      metadata: metadataOf(stack, name) as JtelBackup['metadata'],
      spec: { stackRef: { name: stack.metadata.name }, trigger, verify: 'Checksum' },
    },
    options,
  );
}

/** The data of a failed update: for whoever wants to see what went wrong with them. */
const wayBackKeptHours = 24;

/** The data that are there are of a failed update, so they are overwritten without a backup of their own. */
export async function askForWayBack(
  cluster: Cluster,
  stack: JtelStack,
  name: string,
  backupRef: string,
  options: CallOptions,
): Promise<void> {
  const stackName = stack.metadata.name;
  await ensure(
    cluster,
    restoreKind,
    {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelRestore',
      metadata: metadataOf(stack, name) as JtelRestore['metadata'],
      spec: {
        stackRef: { name: stackName },
        source: { backupRef: { name: backupRef } },
        mode: 'Execute',
        ifNotEmpty: 'Replace',
        confirmReplace: stackName,
        preRestoreBackup: 'Skip',
        verify: 'Checksum',
        inPlace: 'Accept',
        keepPreviousHours: wayBackKeptHours,
      },
    },
    options,
  );
}

function metadataOf({ metadata }: JtelStack, name: string): NonNullable<KubernetesObject['metadata']> {
  return {
    name,
    namespace: metadata.namespace,
    labels: { [labels.stack]: metadata.name, ...madeByOperator },
  };
}

async function ensure<T extends KubernetesObject>(
  cluster: Cluster,
  kind: ResourceKind<T>,
  object: T,
  options: CallOptions,
): Promise<void> {
  try {
    await cluster.create(kind, object, options);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
