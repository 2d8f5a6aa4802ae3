/** Opens the grant of a store that signs URLs. */
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { SignedURLGrant } from '../../jobs/grant.ts';

export async function signedGrant(store: BlobStore, lifetimeSeconds: number): Promise<SignedURLGrant> {
  const grant = await store.createGrant(lifetimeSeconds);
  if (grant.kind !== 'SignedURL') throw new Error(`${store.description} grants ${grant.kind}`);
  return grant;
}
