import { describe, expect, test } from 'vitest';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import { paths } from '../../backup-format/names.ts';
import { trusting } from '../../test/support/signing.ts';
import { putBlob, storeBackup } from '../../test/support/stored-backup.ts';
import { listBackups, loadBackup, readManifest, requireComplete, signedBackup } from './backup-catalog.ts';
import { noConsent } from './trust.ts';

const { signal } = new AbortController();
const identity = 'acme.main';

describe('the backups of a stack in a store', () => {
  test('are those that have a manifest, newest first, of this identity only', async () => {
    const store = new MemoryBlobStore();
    for (const backupID of ['20260301t020000z-00000a', '20260303t020000z-00000c', '20260302t020000z-00000b'])
      storeBackup(store, { backupID, content: backupID });
    storeBackup(store, { identity: 'acme.main2', backupID: '20260309t020000z-00000a' });
    putBlob(
      store,
      paths.part(identity, '20260304t020000z-00000d', 'index-1-1.zst'),
      'a backup that was never finished',
    );
    expect((await listBackups(trusting(store), identity, signal)).backupIDs).toEqual([
      '20260303t020000z-00000c',
      '20260302t020000z-00000b',
      '20260301t020000z-00000a',
    ]);
  });

  test('that is not there is told with those that are', async () => {
    const store = new MemoryBlobStore();
    storeBackup(store);
    const missing = readManifest(trusting(store), identity, '20260101t020000z-00000a', signal);
    await expect(missing).rejects.toMatchObject({
      reason: 'BackupNotFound',
      message: expect.stringContaining('20260301t020000z-00000a'),
    });
    await expect(readManifest(trusting(store), identity, '../x', signal)).rejects.toMatchObject({
      reason: 'BackupNotFound',
    });
  });

  test('is whole, and its parts can be read by signed addresses', async () => {
    const store = new MemoryBlobStore();
    const { manifest, names } = storeBackup(store, { packs: 3 });
    const backup = await loadBackup(trusting(store), identity, manifest.backupID, noConsent, signal);
    await requireComplete(store, backup, signal);
    const toRead = await signedBackup(store, backup, 60);
    const urls = [...toRead.packs, ...toRead.indexParts].map(({ url }) =>
      url.replace(`${store.address}/`, '').replace(/\?.*/, ''),
    );
    expect(urls.toSorted()).toEqual(
      names.filter((name) => name.includes('/packs/') || name.includes('index-')).toSorted(),
    );
  });
});

describe('one byte that is not as it was', () => {
  const { manifest, names } = storeBackup(new MemoryBlobStore());
  const load = async (store: MemoryBlobStore): Promise<void> =>
    requireComplete(
      store,
      await loadBackup(trusting(store), identity, manifest.backupID, noConsent, signal),
      signal,
    );

  // An index part of the same length is only compared by the job, which reads all of it before it writes anything.
  test.each(names.filter((name) => !name.includes('/index-')))(
    'in %s, is found before anything is touched',
    async (name) => {
      const store = new MemoryBlobStore();
      storeBackup(store);
      const content = Buffer.from(store.blobs.get(name)?.content ?? '');
      content[Math.floor(content.length / 2)] = (content[Math.floor(content.length / 2)] ?? 0) ^ 1;
      putBlob(store, name, content);
      await expect(load(store)).rejects.toMatchObject({
        reason: expect.stringMatching(/^Backup(Invalid|NotFound|FormatNewer)$/),
      });
    },
  );

  test.each(names)('or missing altogether: %s', async (name) => {
    const store = new MemoryBlobStore();
    storeBackup(store);
    store.blobs.delete(name);
    await expect(load(store)).rejects.toMatchObject({
      reason: expect.stringMatching(/^Backup(Invalid|NotFound)$/),
    });
  });

  test.each(names)('or cut off: %s', async (name) => {
    const store = new MemoryBlobStore();
    storeBackup(store);
    putBlob(store, name, store.blobs.get(name)?.content.subarray(0, -2) ?? '');
    await expect(load(store)).rejects.toMatchObject({ reason: 'BackupInvalid' });
  });
});

describe('a manifest that lies', () => {
  test.each([
    ['about its identity', { identity: 'other.main' }, 'BackupInvalid'],
    ['about its backupID', { backupID: '20260301t020000z-00000b' }, 'BackupInvalid'],
    ['about its format', { formatVersion: 2 }, 'BackupFormatNewer'],
    [
      'about the number of packs',
      { totals: { totalBytes: 1000, storedBytes: 1, packs: 1, uploadedBytes: 0, reusedBytes: 0 } },
      'BackupInvalid',
    ],
    [
      'with a part out of its folder',
      { indexParts: [{ name: '../../index-1-1.zst', bytes: 1, sha256: 'a'.repeat(64) }] },
      'BackupInvalid',
    ],
    [
      'with sizes that overflow',
      { totals: { totalBytes: 2 ** 60, storedBytes: 2 ** 60, packs: 2, uploadedBytes: 0, reusedBytes: 0 } },
      'BackupInvalid',
    ],
    [
      'with a data set called like a path',
      { dataSets: [{ name: '../etc', kind: 'FileTree', bytes: 1000, files: 1, digest: 'a'.repeat(64) }] },
      'BackupInvalid',
    ],
  ])('%s is refused', async (_, lie, reason) => {
    const store = new MemoryBlobStore();
    const { manifest } = storeBackup(store, { change: (honest) => ({ ...honest, ...lie }) });
    await expect(
      loadBackup(trusting(store), identity, manifest.backupID, noConsent, signal),
    ).rejects.toMatchObject({ reason });
  });
});
