/**
 * Reads the manifests of a store one after the other, and says which count. Whoever may write to the store decides how many lie there,
 * so those that do not count are read only for so long; after that only those that this cluster's objects name. So do those in the
 * archive tier, where nobody can check a signature.
 */
import { createHash } from 'node:crypto';
import { BlobError } from '../../blob-store/blob-store.ts';
import type { Seal } from '../../backup-format/signature.ts';
import { readSealed, type SealedManifest } from './backup-catalog.ts';
import type { Catalog, Trust } from './trust.ts';

/** Of manifests that do not count, in one search. */
const mostBytes = 64 * 1024 * 1024;
const mostSeconds = 20;

export type Looked =
  /** Without `sealed`, it lies in the archive tier, where nobody can judge it, and this cluster knows it. */
  | { readonly backupID: string; readonly is: 'Ours'; readonly sealed?: SealedManifest }
  /** `Archived`: of an unknown one in the archive tier, nobody can tell who wrote it. */
  | { readonly backupID: string; readonly is: Exclude<Seal['is'], 'Signed'> | 'Archived' }
  /** This one, and all after it that this cluster does not know. */
  | { readonly backupID: string; readonly is: 'NotRead' };

/**
 * In the given order.
 * @throws {InputError} {@link BlobError} when the store does not answer
 */
export async function* searchSealed(
  catalog: Catalog,
  identity: string,
  backupIDs: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Looked> {
  const { known, now } = catalog.trust;
  let bytes = 0;
  let milliseconds = 0;
  let isGivenUp = false;
  for (const backupID of backupIDs) {
    if ((bytes >= mostBytes || milliseconds >= mostSeconds * 1000) && known?.has(backupID) !== true) {
      if (!isGivenUp) yield { backupID, is: 'NotRead' };
      isGivenUp = true;
      continue;
    }
    const began = now().getTime();
    const sealed = await readUnlessArchived(catalog, identity, backupID, signal);
    const looked = judge(catalog.trust, identity, backupID, sealed);
    if (looked.is !== 'Ours') {
      bytes += sealed?.bytes.length ?? 0;
      milliseconds += now().getTime() - began;
    }
    yield looked;
  }
}

/** @param sealed undefined: it lies in the archive tier */
function judge(
  { known, acceptsUnsigned }: Trust,
  identity: string,
  backupID: string,
  sealed: SealedManifest | undefined,
): Looked {
  if (sealed === undefined) return { backupID, is: known?.has(backupID) === true ? 'Ours' : 'Archived' };
  const { seal } = sealed;
  const digest = createHash('sha256').update(sealed.bytes).digest('hex');
  const isAccepted = seal.is === 'Unsigned' && acceptsUnsigned?.(identity, backupID, digest) === true;
  return seal.is === 'Signed' || isAccepted ? { backupID, is: 'Ours', sealed } : { backupID, is: seal.is };
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
