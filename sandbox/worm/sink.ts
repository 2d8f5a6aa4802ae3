/** Containers for benchmarks: blobs are counted, not kept, so neither a disk nor Azurite is measured. */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { azureError, emptyAnswer, xmlAnswer, type Answer } from './answers.ts';
import type { BlobRequest } from './request.ts';

/** Smaller ones are kept, so manifests can be read back. */
const maximumKeptBytes = 1024 * 1024;

interface SunkBlob {
  readonly bytes: number;
  /** Base64. */
  readonly md5: string;
  readonly contentType: string;
  readonly created: Date;
  readonly etag: string;
  readonly content: Buffer | undefined;
}

export class Sink {
  /** By account and container, then by name. */
  readonly #containers = new Map<string, Map<string, SunkBlob>>();

  async answer(
    request: BlobRequest,
    headers: IncomingHttpHeaders,
    body: Readable | undefined,
  ): Promise<Answer> {
    const key = `${request.account}/${request.container}`;
    const blobs = this.#containers.get(key) ?? new Map<string, SunkBlob>();
    this.#containers.set(key, blobs);
    const found = blobs.get(request.blob);
    switch (request.operation) {
      case 'PutBlob':
        return await put(blobs, request.blob, headers, body);
      case 'GetBlobProperties':
        return found === undefined
          ? azureError('BlobNotFound')
          : { ...emptyAnswer(200, propertiesOf(found)), body: Buffer.alloc(0) };
      case 'GetBlob':
        if (found === undefined) return azureError('BlobNotFound');
        return found.content === undefined
          ? azureError('NotImplemented')
          : { status: 200, headers: propertiesOf(found), body: found.content };
      case 'ListBlobs':
        return xmlAnswer(200, listing(request, blobs));
      case 'DeleteBlob':
        return blobs.delete(request.blob) ? emptyAnswer(202, {}) : azureError('BlobNotFound');
      case 'CreateContainer':
        return emptyAnswer(201, {});
      case 'GetContainerProperties':
        return emptyAnswer(200, { 'x-ms-has-immutability-policy': 'false', 'x-ms-has-legal-hold': 'false' });
      default:
        body?.resume();
        return azureError('NotImplemented');
    }
  }

  clear(account: string, container: string): void {
    this.#containers.delete(`${account}/${container}`);
  }
}

async function put(
  blobs: Map<string, SunkBlob>,
  name: string,
  headers: IncomingHttpHeaders,
  body: Readable | undefined,
): Promise<Answer> {
  const given = headers['x-ms-blob-content-md5'] ?? headers['content-md5'];
  // Trusts the client's digest; computing it again would be measured too.
  const digest = given === undefined ? createHash('md5') : undefined;
  const isKept = Number(headers['content-length']) <= maximumKeptBytes;
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    digest?.update(chunk);
    if (isKept) kept.push(chunk);
  }
  if (headers['if-none-match'] === '*' && blobs.has(name)) return azureError('BlobAlreadyExists');
  const contentType = String(
    headers['x-ms-blob-content-type'] ?? headers['content-type'] ?? 'application/octet-stream',
  );
  const md5 = digest?.digest('base64') ?? String(given);
  const blob = {
    bytes,
    md5,
    contentType,
    created: new Date(),
    etag: `"${randomUUID()}"`,
    content: isKept ? Buffer.concat(kept) : undefined,
  };
  blobs.set(name, blob);
  return emptyAnswer(201, {
    etag: blob.etag,
    'last-modified': blob.created.toUTCString(),
    'content-md5': blob.md5,
  });
}

function propertiesOf({ bytes, md5, contentType, created, etag }: SunkBlob): OutgoingHttpHeaders {
  return {
    'content-length': bytes,
    'content-type': contentType,
    'content-md5': md5,
    etag,
    'last-modified': created.toUTCString(),
    'x-ms-creation-time': created.toUTCString(),
    'x-ms-blob-type': 'BlockBlob',
  };
}

/** All in one page, by name. */
function listing({ query, container }: BlobRequest, blobs: ReadonlyMap<string, SunkBlob>): string {
  const prefix = query.get('prefix') ?? '';
  const names = [...blobs.keys()].filter((name) => name.startsWith(prefix)).toSorted();
  const entries = names.map((name) => {
    const { bytes, md5, contentType, created, etag } = blobs.get(name) ?? {};
    const time = created?.toUTCString();
    const properties = `<Creation-Time>${time}</Creation-Time><Last-Modified>${time}</Last-Modified><Etag>${escape(etag ?? '')}</Etag>`;
    const rest = `<Content-Length>${bytes}</Content-Length><Content-Type>${escape(contentType ?? '')}</Content-Type><Content-MD5>${md5}</Content-MD5><BlobType>BlockBlob</BlobType>`;
    return `<Blob><Name>${escape(name)}</Name><Properties>${properties}${rest}</Properties></Blob>`;
  });
  return `<EnumerationResults ContainerName="${escape(container)}"><Prefix>${escape(prefix)}</Prefix><Blobs>${entries.join('')}</Blobs><NextMarker/></EnumerationResults>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
