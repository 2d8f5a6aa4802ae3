/**
 * What the stack controller asks the restore controller for, as any user would: its data of before a failed update. The name is derived,
 * so a second process asks for the very same; "there already" is success.
 */

import { restoreKind, type JtelRestore, type JtelStack } from '../../../crds/index.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import { createOnce, newMetadata } from '../../stores/ask-for-backup.ts';

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
  await createOnce(
    cluster,
    restoreKind,
    {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelRestore',
      metadata: newMetadata(stack.metadata.namespace, stackName, name) as JtelRestore['metadata'],
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
