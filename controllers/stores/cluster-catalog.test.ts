import { expect, it } from 'vitest';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import { paths } from '../../backup-format/names.ts';
import type { JtelBackup, JtelBackupStore } from '../../crds/index.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import { day } from '../../test/support/doubtful-history.ts';
import { testSigner } from '../../test/support/signing.ts';
import { putBlob, storeBackup } from '../../test/support/stored-backup.ts';
import { newestGoodBackup } from './backup-doubt.ts';
import { clusterCatalog, stackCatalog } from './cluster-catalog.ts';

const { signal } = new AbortController();
const namespace = 'acme';
const { publicKey } = testSigner;
const resource = {
  metadata: { namespace, name: 'backups' },
  spec: { trustedKeys: [publicKey] },
} as object as JtelBackupStore;

/** It gives these to whoever lists backups. */
function aCluster(...backups: readonly JtelBackup['status'][]): Pick<Cluster, 'list'> {
  const items = backups.map((status, index) => ({ metadata: { namespace, name: `b${index}` }, status }));
  return { list: async <T>() => items as object[] as T[] };
}

/** A signed backup of one day, and a manifest of the next in the archive tier, where nobody can read it. */
function aStore(identity: string): MemoryBlobStore {
  const blobs = new MemoryBlobStore();
  storeBackup(blobs, { identity, backupID: day(1) });
  const name = paths.manifest(identity, day(2));
  putBlob(blobs, name, 'unread');
  const blob = blobs.blobs.get(name);
  if (blob !== undefined) blobs.blobs.set(name, { ...blob, archive: 'Archived' });
  return blobs;
}

it.each([
  ['counts if a JtelBackup of its stack has its ID', 'acme.main', day(2)],
  ['does not count if a JtelBackup of another stack has its ID', 'acme.other', day(1)],
])('a manifest in the archive tier %s', async (_, identity, newest) => {
  const digest = { manifestDigest: `sha256:${'0'.repeat(64)}` };
  const cluster = aCluster({ identity, backupID: day(2), ...digest });
  const opened = { resource, blobs: aStore('acme.main'), now: () => new Date('2026-12-31T00:00:00Z') };
  for (const catalog of [
    await clusterCatalog(cluster, opened, { signal }),
    await stackCatalog(cluster, opened, { metadata: { namespace, name: 'main' } as never }, { signal }),
  ])
    expect((await newestGoodBackup(catalog, 'acme.main', undefined, signal)).backupID).toBe(newest);
});
