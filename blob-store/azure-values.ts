/** Between the words of Azure's client and those of the port. */
import type { AzureLocation } from './azure-credentials.ts';
import type { BlobProperties, ExpectedContent } from './blob-store.ts';

export function isExpected(found: BlobProperties | undefined, { bytes, md5 }: ExpectedContent): boolean {
  return found !== undefined && found.bytes === bytes && found.md5 === md5.toLowerCase();
}

export interface ListedBlob {
  readonly name: string;
  readonly properties: {
    readonly contentLength?: number;
    readonly contentMD5?: Uint8Array;
    readonly createdOn?: Date;
    readonly lastModified: Date;
  };
}

export function propertiesOf(name: string, bytes: number | undefined, md5: Uint8Array | undefined, created: Date | undefined): BlobProperties {
  return {
    name,
    bytes: bytes ?? 0,
    ...(md5 === undefined ? {} : { md5: Buffer.from(md5).toString('hex') }),
    createdTime: (created ?? new Date(0)).toISOString(),
  };
}

/** @throws {RangeError} for what is no plain address of a container. */
export function containerURL({ endpoint, container }: AzureLocation): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const plain = url !== undefined && ['http:', 'https:'].includes(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (!plain) throw new RangeError('the endpoint must be http(s)://host[:port][/account], without user, "?" or SAS token');
  if (!/^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])*$/.test(container)) throw new RangeError(`${JSON.stringify(container)} is not the name of a container`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/${container}`;
}
