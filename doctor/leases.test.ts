import { expect, it } from 'vitest';
import { annotations, shardLease } from '../crds/index.ts';
import { ApiError } from '../runtime/client/api-error.ts';
import { leases } from '../runtime/client/kinds.ts';
import { MemoryCluster } from '../runtime/fake/memory-cluster.ts';
import { examineLeases, leaseNames } from './leases.ts';

const { signal } = new AbortController();
const now = new Date('2026-03-01T03:00:00Z');
const namespace = 'jtel-system';
const operator = { namespace, leaseName: 'op', serviceAccount: 'op' };

/** @param shards that its holder says it shares with */
async function aCluster(shards: string | undefined, ...held: readonly number[]): Promise<MemoryCluster> {
  const cluster = new MemoryCluster();
  for (const shard of held) {
    const note = shard === 0 && shards !== undefined ? { [annotations.holderShards]: `${shards} a` } : {};
    const spec = { holderIdentity: 'a', renewTime: now.toISOString(), leaseDurationSeconds: 11 };
    const metadata = { namespace, name: shardLease('op', shard), annotations: note };
    await cluster.create(leases, { metadata, spec }, { signal });
  }
  return cluster;
}

const examined = (cluster: Pick<MemoryCluster, 'find'>) =>
  examineLeases({ cluster, operator, namespaces: ['acme'], now: () => now }, signal);

it('looks at every shard that the holder of the first Lease shares', async () => {
  expect(await examined(await aCluster('3,11', 0, 1, 2))).toMatchObject({
    verdict: 'Ok',
    seen: expect.stringContaining('the 3 Leases of jtel-system/op,') as string,
  });
  expect(await examined(await aCluster('3,11', 0, 2))).toMatchObject({
    verdict: 'Failed',
    seen: expect.stringContaining('Lease jtel-system/op-shard-1,') as string,
  });
});

it('names the Lease of every shard, whose rights are asked about', async () => {
  const named = (cluster: Pick<MemoryCluster, 'find'>) => leaseNames({ cluster, operator }, signal);
  expect(await named(await aCluster('3,11', 0))).toEqual(['op', 'op-shard-1', 'op-shard-2']);
  expect(await named(await aCluster(undefined, 0))).toEqual(['op']);
  expect(await named(await aCluster(undefined))).toEqual(['op']);
  const refusing = { find: () => Promise.reject(new ApiError(403, 'Forbidden', 'no')) };
  expect(await named(refusing)).toEqual(['op']);
});

it.each([undefined, '1,15', '0,15', 'nonsense'])('looks at one Lease if the holder says %j', async (said) => {
  expect(await examined(await aCluster(said, 0))).toMatchObject({ verdict: 'Ok' });
});

it('reads no more Leases than there can be, whatever a Lease says', async () => {
  const cluster = await aCluster('9999,11', 0);
  const asked: string[] = [];
  await examined({
    find: async (kind, key, options) => {
      asked.push(key.name);
      return await cluster.find(kind, key, options);
    },
  });
  expect(asked).toHaveLength(16);
});

it('says which of them it may not read, unless something else is wrong', async () => {
  const refusing = (cluster: MemoryCluster): Pick<MemoryCluster, 'find'> => ({
    find: async (kind, key, options) => {
      if (key.name === 'op-shard-2') throw new ApiError(403, 'Forbidden', 'no');
      return await cluster.find(kind, key, options);
    },
  });
  expect(await examined(refusing(await aCluster('3,11', 0, 1)))).toMatchObject({
    verdict: 'Skipped',
    seen: expect.stringContaining('op-shard-2') as string,
  });
  expect(await examined(refusing(await aCluster('3,11', 0)))).toMatchObject({
    verdict: 'Failed',
    seen: expect.stringContaining('op-shard-1') as string,
  });
});
