/** Translates between the words of Azure's client and those of the port. */
import type { AzureLocation } from './credentials.ts';
import type { BlobProperties, ExpectedContent, ImmutabilityProof } from '../blob-store.ts';

export function isExpected(found: BlobProperties | undefined, { bytes, md5 }: ExpectedContent): boolean {
  return found !== undefined && found.bytes === bytes && found.md5 === md5.toLowerCase();
}

export interface ListedBlob {
  readonly name: string;
  readonly properties: FoundBlob;
}

/** What the client says about a blob, in a listing or in its properties. */
export interface FoundBlob {
  readonly contentLength?: number;
  readonly contentMD5?: Uint8Array;
  readonly createdOn?: Date;
  readonly lastModified?: Date;
  readonly accessTier?: string;
  readonly archiveStatus?: string;
}

export function propertiesOf(name: string, found: FoundBlob): BlobProperties {
  const { contentLength, contentMD5, createdOn, lastModified, accessTier, archiveStatus } = found;
  const archive = (archiveStatus ?? '') !== '' ? 'Rehydrating' : 'Archived';
  return {
    name,
    bytes: contentLength ?? 0,
    ...(contentMD5 === undefined ? {} : { md5: Buffer.from(contentMD5).toString('hex') }),
    createdTime: (createdOn ?? lastModified ?? new Date(0)).toISOString(),
    // A blob keeps the tier Archive until it is rehydrated:
    // https://learn.microsoft.com/azure/storage/blobs/archive-rehydrate-overview
    ...(accessTier === 'Archive' ? { archive } : {}),
  };
}

const dayMilliseconds = 86_400_000;

/** Reads the policy of a version from the headers of Get Blob Properties. Undefined if it has none. */
export function versionRetention(found: {
  readonly createdOn?: Date;
  readonly immutabilityPolicyExpiresOn?: Date;
  readonly immutabilityPolicyMode?: string;
}): ImmutabilityProof['retention'] {
  const { createdOn, immutabilityPolicyExpiresOn: end, immutabilityPolicyMode: mode } = found;
  if (createdOn === undefined || end === undefined) return undefined;
  const days = Math.round((end.getTime() - createdOn.getTime()) / dayMilliseconds);
  return { kind: 'TimeBased', days, isLocked: mode?.toLowerCase() === 'locked' };
}

/** @throws {RangeError} when this is not a plain address of a container. */
export function containerURL({ endpoint, container }: AzureLocation): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const plain =
    url !== undefined &&
    ['http:', 'https:'].includes(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (!plain)
    throw new RangeError(
      'the endpoint must be http(s)://host[:port][/account], without user, "?" or SAS token',
    );
  if (!/^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])*$/.test(container))
    throw new RangeError(`${JSON.stringify(container)} is not the name of a container`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/${container}`;
}
