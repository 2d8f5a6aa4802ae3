import { expect, it } from 'vitest';
import { leases } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import type { Kit } from '../kit.ts';
import { Collection } from './collection.ts';
import { collectOperator } from './operator.ts';

const now = new Date('2026-03-01T12:00:00Z');
const options = { signal: new AbortController().signal };

async function missingIn(cluster: MemoryCluster): Promise<Readonly<Record<string, string>>> {
  const collection = new Collection({ ...options, secrets: new SecretRegistry(), progress: () => undefined });
  const kit = { cluster, call: options, surroundings: { now: () => now } } as unknown as Kit;
  await collectOperator(kit, 'sys', collection);
  return Object.fromEntries(collection.missing.map(({ path, reason }) => [path, reason]));
}

it('without a pod of the operator advises to name its namespace', async () => {
  expect(await missingIn(new MemoryCluster())).toEqual({
    'operator/pods': expect.stringMatching(/no pod in namespace sys .*--operator-namespace$/),
  });
});

it('says that an operator without a pod, which renews its Lease, runs outside the cluster', async () => {
  const cluster = new MemoryCluster();
  const spec = { holderIdentity: 'laptop-1', renewTime: now.toISOString(), leaseDurationSeconds: 15 };
  await cluster.create(leases, { metadata: { namespace: 'sys', name: 'jtel-operator' }, spec }, options);
  // As others have in a namespace that they share with the operator.
  await cluster.create(leases, { metadata: { namespace: 'sys', name: 'a-job' }, spec }, options);
  const { 'operator/pods': reason } = await missingIn(cluster);
  expect(reason).toMatch(/laptop-1, which holds Lease jtel-operator, runs outside the cluster; add its log/);
  expect(reason).not.toContain('--operator-namespace');
});
