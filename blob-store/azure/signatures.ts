/**
 * Makes what a job on a host gets instead of credentials: URLs that may do one thing, for a limited time.
 * Only an account key can sign them. A store that has only a SAS hands out that SAS if it may do no more than
 * is needed.
 */
import {
  BlobSASPermissions,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  SASProtocol,
  type StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { AzureCredentials } from './credentials.ts';
import type { SignedURLGrant } from '../../jobs/grant.ts';
import { requireCreateOnly, requireExpiry, requireReadOnly } from '../sas-rights.ts';

export interface SignedPlace {
  /** {@link BlobStore.description} */
  readonly store: string;
  readonly container: string;
  readonly credentials: AzureCredentials;
  readonly sharedKey: StorageSharedKeyCredential | undefined;
}

/** @param url of the blob, with the store's own SAS if that is its credential */
export function signedReadUrl(
  place: SignedPlace,
  blobName: string,
  url: string,
  lifetimeSeconds: number,
): string {
  if (place.sharedKey === undefined) {
    requireReadOnly(place.store, rightsOf(place));
    return url;
  }
  const permissions = BlobSASPermissions.parse('r');
  return `${url}?${sign(place.sharedKey, { containerName: place.container, blobName, permissions }, url, lifetimeSeconds).query}`;
}

/** @param containerUrl without a query */
export function signedCreateGrant(
  place: SignedPlace,
  prefix: string,
  containerUrl: string,
  lifetimeSeconds: number,
): SignedURLGrant {
  if (place.sharedKey === undefined) {
    requireCreateOnly(place.store, rightsOf(place));
    const token = place.credentials.kind === 'SAS' ? place.credentials.token : '';
    const expires = requireExpiry(place.store, new URLSearchParams(token).get('se'));
    return { kind: 'SignedURL', containerUrl, query: token, prefix, expiresTime: expires.toISOString() };
  }
  const permissions = ContainerSASPermissions.parse('c');
  return {
    kind: 'SignedURL',
    containerUrl,
    prefix,
    ...sign(place.sharedKey, { containerName: place.container, permissions }, containerUrl, lifetimeSeconds),
  };
}

/** There is no start time: with a clock that is behind, the URL would be invalid at first. */
function sign(
  key: StorageSharedKeyCredential,
  what: Pick<
    Parameters<typeof generateBlobSASQueryParameters>[0],
    'containerName' | 'blobName' | 'permissions'
  >,
  url: string,
  lifetimeSeconds: number,
): { query: string; expiresTime: string } {
  const expiresOn = new Date(Date.now() + lifetimeSeconds * 1000);
  const protocol = url.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp;
  return {
    query: generateBlobSASQueryParameters({ ...what, expiresOn, protocol }, key).toString(),
    expiresTime: expiresOn.toISOString(),
  };
}

function rightsOf({ credentials }: SignedPlace): string {
  return credentials.kind === 'SAS' ? (new URLSearchParams(credentials.token).get('sp') ?? '') : '';
}
