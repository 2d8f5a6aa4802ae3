/** Builder for the tests of this folder: a customer's store with full access that was never looked at before. */
import type { JtelBackupStore, JtelBackupStoreSpec, JtelBackupStoreStatus } from '../../crds/index.ts';
import { optional } from '../../base/optional.ts';

export const now = new Date('2026-03-01T03:00:00Z');

export function aStore(
  spec: Partial<JtelBackupStoreSpec> = {},
  status?: JtelBackupStoreStatus,
  generation = 1,
): JtelBackupStore {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackupStore',
    metadata: {
      namespace: 'acme',
      name: 'backups',
      uid: 'store-uid',
      generation,
      resourceVersion: '1',
      creationTimestamp: '2026-03-01T00:00:00Z',
    },
    spec: {
      tier: 'Customer',
      accessMode: 'ReadWrite',
      azure: {
        endpoint: 'https://acme.blob.core.windows.net',
        container: 'backups',
        credentialsSecretRef: { name: 'backups' },
      },
      immutability: { policy: 'Preferred', retentionDays: 180 },
      ...spec,
    },
    ...optional({ status }),
  };
}

/** A time before {@link now}, as a status has it. */
export function hoursAgo(hours: number): string {
  return new Date(now.getTime() - hours * 3_600_000).toISOString();
}

/** For tests of what others make of a status. */
export { summarise as summariseStore } from './report/status.ts';
export type { Observed as StoreObserved } from './observe/observed.ts';
