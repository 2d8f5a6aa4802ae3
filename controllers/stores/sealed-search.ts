/**
 * Reads the manifests of a store one after the other, and says which count. Whoever may write to the store decides how many lie there,
 * so those that do not count are read only for so long; after that only those that this cluster's objects name. So do those in the
 * archive tier, where nobody can check a signature.
 */
import { createHash } from 'node:crypto';
import { ByteCache } from '../../base/byte-cache.ts';
import { BlobError } from '../../blob-store/blob-store.ts';
import type { Seal } from '../../backup-format/signature.ts';
import { readSealed, type Listed, type SealedManifest } from './backup-catalog.ts';
import type { Catalog, Trust } from './trust.ts';

/** Of manifests that do not count, in one search. The next search goes on where this one stopped. */
const mostBytes = 64 * 1024 * 1024;
const mostSeconds = 20;

/** Why a manifest does not count, and its SHA-256. */
interface Dismissed {
  readonly is: Exclude<Seal['is'], 'Signed'>;
  readonly digest: string;
}

const dismissedBytes = 4 * 1024 * 1024;
/** Of an entry, besides its key. */
const entryBytes = 256;

/**
 * What did not count is not read again, by any search of this process. Only that is kept: a store that lied about a blob could hide what it
 * has anyway, but nothing counts that was not read and checked.
 */
const dismissed = new ByteCache<Dismissed>(dismissedBytes);

export type Looked =
  /** Without `sealed`, it lies in the archive tier, where nobody can judge it, and this cluster knows it. */
  | { readonly backupID: string; readonly is: 'Ours'; readonly sealed?: SealedManifest }
  /** `Archived`: of an unknown one in the archive tier, nobody can tell who wrote it. */
  | { readonly backupID: string; readonly is: Exclude<Seal['is'], 'Signed'> | 'Archived' }
  /** This one, and all after it that this cluster does not know. */
  | { readonly backupID: string; readonly is: 'NotRead' };

/**
 * In the given order.
 * @param marks of {@link Listed}
 * @throws {InputError} {@link BlobError} when the store does not answer
 */
export async function* searchSealed(
  catalog: Catalog,
  identity: string,
  backupIDs: readonly string[],
  { marks }: Pick<Listed, 'marks'>,
  signal: AbortSignal,
): AsyncGenerator<Looked> {
  const { isKnown = () => false, now } = catalog.trust;
  const place = JSON.stringify([catalog.blobs.description, identity, catalog.trust.keys]);
  const hash = createHash('sha256').update(place).digest('base64');
  let bytes = 0;
  let milliseconds = 0;
  let isGivenUp = false;
  for (const backupID of backupIDs) {
    const key = `${hash} ${backupID} ${marks.get(backupID) ?? ''}`;
    const before = dismissed.get(key);
    if (before !== undefined && !isAccepted(catalog.trust, identity, backupID, before)) {
      yield { backupID, is: before.is };
      continue;
    }
    if ((bytes >= mostBytes || milliseconds >= mostSeconds * 1000) && !isKnown(identity, backupID)) {
      if (!isGivenUp) yield { backupID, is: 'NotRead' };
      isGivenUp = true;
      continue;
    }
    const began = now().getTime();
    const sealed = await readUnlessArchived(catalog, identity, backupID, signal);
    const looked = judge(catalog.trust, identity, backupID, sealed);
    // What was damaged on its way may be read whole the next time.
    if (sealed !== undefined && sealed.bytes.length > 0 && sealed.seal.is !== 'Signed')
      dismissed.set(key, { is: sealed.seal.is, digest: digestOf(sealed) }, key.length + entryBytes);
    if (looked.is !== 'Ours') {
      bytes += sealed?.bytes.length ?? 0;
      milliseconds += now().getTime() - began;
    }
    yield looked;
  }
}

/** @param sealed undefined: it lies in the archive tier */
function judge(trust: Trust, identity: string, backupID: string, sealed: SealedManifest | undefined): Looked {
  if (sealed === undefined)
    return { backupID, is: trust.isKnown?.(identity, backupID) === true ? 'Ours' : 'Archived' };
  const { is } = sealed.seal;
  if (is === 'Signed' || isAccepted(trust, identity, backupID, { is, digest: digestOf(sealed) }))
    return { backupID, is: 'Ours', sealed };
  return { backupID, is };
}

function isAccepted(
  { acceptsUnsigned }: Trust,
  identity: string,
  backupID: string,
  { is, digest }: Dismissed,
): boolean {
  return is === 'Unsigned' && acceptsUnsigned?.(identity, backupID, digest) === true;
}

function digestOf({ bytes }: SealedManifest): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Undefined: it lies in the archive tier. A manifest that is too long was not written by us. */
async function readUnlessArchived(
  catalog: Catalog,
  identity: string,
  backupID: string,
  signal: AbortSignal,
): Promise<SealedManifest | undefined> {
  try {
    return await readSealed(catalog, identity, backupID, signal);
  } catch (error) {
    if (!(error instanceof BlobError)) throw error;
    if (error.reason === 'BlobArchived') return undefined;
    if (error.reason === 'DigestMismatch') return { bytes: Buffer.alloc(0), seal: { is: 'Wrong' } };
    throw error;
  }
}
