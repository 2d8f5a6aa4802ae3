/** The stores of a world in memory. */
import type { JtelBackupStore } from '../../../crds/index.ts';
import { testSigner } from '../signing.ts';

export function aStore(
  namespace: string,
  name: string,
  tier: 'Vendor' | 'Customer',
  spec: Partial<JtelBackupStore['spec']> = {},
): JtelBackupStore {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackupStore',
    metadata: { namespace, name } as JtelBackupStore['metadata'],
    spec: {
      tier,
      accessMode: tier === 'Vendor' ? 'ReadOnly' : 'ReadWrite',
      azure: { endpoint: 'https://x', container: 'c', credentialsSecretRef: { name: 'none' } },
      immutability: { policy: tier === 'Vendor' ? 'None' : 'Required', retentionDays: 180 },
      trustedKeys: [testSigner.publicKey],
      ...spec,
    },
  };
}
