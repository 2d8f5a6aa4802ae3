import { expect, it } from 'vitest';
import { BlobError } from '../../blob-store/blob-store.ts';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import { paths } from '../../backup-format/names.ts';
import { newSigner, trusting } from '../../test/support/signing.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';
import { listBackups } from './backup-catalog.ts';
import { searchSealed, type Looked } from './sealed-search.ts';
import type { Catalog } from './trust.ts';

const { signal } = new AbortController();
const identity = 'acme.main';
const ids = ['20260301t020000z-00000a', '20260302t020000z-00000b', '20260303t020000z-00000c'] as const;

/** A store that counts what is read of it. */
class Counting extends MemoryBlobStore {
  readonly reads: string[] = [];
  /** The next answer is damaged on its way. */
  damagesNext = false;

  override read(...[name, ...rest]: Parameters<MemoryBlobStore['read']>): Promise<Buffer> {
    this.reads.push(name);
    if (this.damagesNext) {
      this.damagesNext = false;
      throw new BlobError('DigestMismatch', `${name} was damaged on its way`);
    }
    return super.read(name, ...rest);
  }
}

async function search(catalog: Catalog): Promise<readonly Looked['is'][]> {
  const listed = await listBackups(catalog, identity, signal);
  const found: Looked['is'][] = [];
  for await (const { is } of searchSealed(catalog, identity, listed.backupIDs, listed, signal))
    found.push(is);
  return found;
}

it('a manifest that does not count is read once, whoever searches', async () => {
  const store = new Counting();
  storeBackup(store, { backupID: ids[0] });
  storeBackup(store, { backupID: ids[1], signer: newSigner() });
  storeBackup(store, { backupID: ids[2], signer: 'Nobody' });
  expect(await search(trusting(store))).toEqual(['Unsigned', 'UnknownKey', 'Ours']);
  expect(store.reads).toHaveLength(3);
  expect(await search(trusting(store))).toEqual(['Unsigned', 'UnknownKey', 'Ours']);
  // What counts is read and checked each time.
  expect(store.reads.slice(3)).toEqual([paths.manifest(identity, ids[0])]);
});

it('one that was damaged on its way is read again', async () => {
  const store = new Counting();
  storeBackup(store, { backupID: ids[0] });
  store.damagesNext = true;
  expect(await search(trusting(store))).toEqual(['Wrong']);
  expect(await search(trusting(store))).toEqual(['Ours']);
});

it('is read again after a change of it, of the keys, or by whoever accepts it unsigned', async () => {
  const store = new Counting();
  const other = newSigner();
  storeBackup(store, { backupID: ids[0], signer: other });
  storeBackup(store, { backupID: ids[1], signer: 'Nobody' });
  expect(await search(trusting(store))).toEqual(['Unsigned', 'UnknownKey']);
  expect(await search(trusting(store, { keys: [other.publicKey] }))).toEqual(['Unsigned', 'Ours']);
  expect(await search(trusting(store, { acceptsUnsigned: () => true }))).toEqual(['Ours', 'UnknownKey']);
  storeBackup(store, { backupID: ids[1] });
  expect(await search(trusting(store))).toEqual(['Ours', 'UnknownKey']);
});
