/** Looks into a store without changing it: can it be listed with these credentials, and what is complete in it. */
import { BlobError, type BlobStore } from '../../blob-store/blob-store.ts';
import type { JtelBackupStore } from '../../crds/index.ts';
import { InputError } from '../input-error.ts';
import type { Contents, Observed, Problem } from './model.ts';

/** More entries than this are not counted; a vendor store has some dozens per release. */
const maximumEntries = 20_000;

/** Written last by `jtel-operator release publish`: a release without it is not there. */
const releaseMarker = /^releases\/[^/]+\/release\.json$/;

/**
 * @param open gives access to the store; an error of its own that says what is wrong becomes part of what was observed
 * @throws anything that is not about the store, such as an API server that does not answer
 */
export async function observe(store: JtelBackupStore, open: () => Promise<BlobStore>, signal: AbortSignal): Promise<{ observed: Observed; blobs?: BlobStore }> {
  try {
    const blobs = await open();
    const contents = store.spec.tier === 'Vendor' ? await countReleases(blobs, signal) : await listOne(blobs, signal);
    return { observed: { kind: 'Listed', contents }, blobs };
  } catch (error) {
    return { observed: { kind: 'Unusable', problem: problemOf(error, store) } };
  }
}

/** @throws the error itself when it says nothing about the store. */
export function problemOf(error: unknown, store: JtelBackupStore): Problem {
  if (error instanceof BlobError || error instanceof InputError) return { reason: error.reason, message: error.message };
  // The adapter refuses an address that the CRD's rules should have refused already.
  if (error instanceof RangeError) return { reason: 'SpecInvalid', message: `JtelBackupStore ${store.metadata.name}: ${error.message}; correct spec.azure.` };
  throw error;
}

/** Customer stores can hold very many objects, and one page tells all that is asked here. */
async function listOne(blobs: BlobStore, signal: AbortSignal): Promise<undefined> {
  for await (const _ of blobs.list('', signal)) break;
}

async function countReleases(blobs: BlobStore, signal: AbortSignal): Promise<Contents | undefined> {
  let [entries, count] = [0, 0];
  let newestTime: string | undefined;
  for await (const { name, createdTime } of blobs.list('releases/', signal)) {
    entries += 1;
    if (entries > maximumEntries) return undefined;
    if (!releaseMarker.test(name)) continue;
    count += 1;
    if (newestTime === undefined || createdTime > newestTime) newestTime = createdTime;
  }
  return { count, ...(newestTime === undefined ? {} : { newestTime }) };
}
