/** What a store's credentials cannot do for jobs on hosts. The store is available all the same: the operator itself can use it. */
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { JtelBackupStore } from '../../crds/index.ts';
import { whyNoJobCanCreate, whyNoJobCanRead } from '../stores/job-access.ts';

/** @returns what cannot be done, why, and what to do; undefined when jobs get what they need. */
export async function whyJobsCannotUse(
  { spec }: JtelBackupStore,
  blobs: BlobStore,
): Promise<string | undefined> {
  if (spec.tier === 'Customer' && spec.accessMode === 'ReadWrite')
    return told(
      'No backup can be made, and none restored, with these credentials',
      await whyNoJobCanCreate(blobs),
    );
  const what = spec.tier === 'Customer' ? 'No backup can be restored' : 'No first data can be loaded';
  return told(`${what} with these credentials`, await whyNoJobCanRead(blobs));
}

function told(what: string, why: string | undefined): string | undefined {
  return why === undefined ? undefined : `${what}: ${why}`;
}
