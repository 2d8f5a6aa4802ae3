import { beforeEach, describe, expect, it } from 'vitest';
import { paths } from '../../backup-format/names.ts';
import { BlobError } from '../../blob-store/blob-store.ts';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import { trusting } from '../../test/support/signing.ts';
import { putBlob, storeBackup } from '../../test/support/stored-backup.ts';
import type { StoredBackup } from './view.ts';
import { readPackCount } from './packs.ts';

const identity = 'acme.main';
const { signal } = new AbortController();
let blobs: MemoryBlobStore;
let backups: StoredBackup[];
beforeEach(() => {
  blobs = new MemoryBlobStore();
  backups = ['20260301t020000z-00000a', '20260301t030000z-00000b'].map((backupID, index) => ({
    backupID,
    manifest: storeBackup(blobs, { backupID, identity, packs: index + 1 }).manifest,
  }));
});

const count = () => readPackCount({ ...trusting(blobs), storeName: 'customer', identity }, backups, signal);
const listOf = ({ backupID }: StoredBackup = { backupID: '' }): string =>
  paths.part(identity, backupID, 'packs-1.zst');

describe('the packs of a stack in a store', () => {
  it('are all used where no try was interrupted', async () => {
    // The second backup shares the first one's pack.
    expect(await count()).toMatchObject({ count: 2, unused: { count: 0, bytes: 0 } });
  });

  it('of a try that was never committed are used by no backup; those of other stacks are not looked at', async () => {
    putBlob(blobs, paths.pack(identity, '20260301', 'f'.repeat(64)), 'left behind');
    putBlob(blobs, paths.pack('acme.other', '20260301', 'e'.repeat(64)), 'of another stack');
    expect(await count()).toMatchObject({
      count: 3,
      unused: { count: 1, bytes: 11, newestTime: expect.stringMatching(/^\d{4}-/) },
    });
  });

  it.each([
    ['is missing', () => blobs.blobs.delete(listOf(backups[0]))],
    ['was exchanged', () => putBlob(blobs, listOf(backups[0]), 'x')],
    ['is longer than its manifest says', () => putBlob(blobs, listOf(backups[0]), 'x'.repeat(9999))],
  ])('are not called unused when the list of one backup %s', async (_, damage) => {
    damage();
    const found = await count();
    expect(found).toMatchObject({ count: 2, unreadable: [{ backupID: backups[0]?.backupID }] });
    expect(found.unused).toBeUndefined();
  });

  it('are not called unused when a manifest cannot be read', async () => {
    backups[1] = { backupID: backups[1]?.backupID ?? '', problem: 'its manifest is damaged' };
    expect(await count()).toMatchObject({ count: 2, unreadable: [{ message: 'its manifest is damaged' }] });
  });

  it('are not counted at all when the store does not answer', async () => {
    blobs.read = () => Promise.reject(new BlobError('StoreUnreachable', 'away'));
    await expect(count()).rejects.toMatchObject({ reason: 'StoreUnreachable' });
  });
});
