/**
 * Whether a store's credentials can give a job on a host the rights that it needs. Only an account key can sign them. With a
 * SAS alone no try can succeed. That is known without asking the service, so nobody should wait for it.
 */
import { BlobError, type BlobStore } from '../../blob-store/blob-store.ts';
import type { JtelBackupStore } from '../../crds/index.ts';

/** What is signed here is never used. */
const lifetimeSeconds = 1;

/** @returns why not, and what to do; undefined when a job can create objects there. */
export async function whyNoJobCanCreate(blobs: BlobStore): Promise<string | undefined> {
  return await whyNot(() => blobs.createGrant(lifetimeSeconds));
}

/** @returns why not, and what to do; undefined when a job can read objects there. */
export async function whyNoJobCanRead(blobs: BlobStore): Promise<string | undefined> {
  return await whyNot(() => blobs.readUrl('any', lifetimeSeconds));
}

async function whyNot(sign: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await sign();
    return undefined;
  } catch (error) {
    if (error instanceof BlobError && error.reason === 'StoreCannotSign') return `${error.message}.`;
    throw error;
  }
}

/** @returns what is impossible, why, and what to do; undefined when jobs get what they need. */
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
