/**
 * Put Blob From URL (https://learn.microsoft.com/rest/api/storageservices/put-blob-from-url), which Azurite
 * answers with 501. The double reads the source with its own signature and streams it into a Put Blob. A
 * signed request cannot become another one, so the double passes it on first: Azurite's 501 means that its
 * signature is good. Then the blob is written with the account's key.
 */
import { Readable } from 'node:stream';
import {
  RestError,
  type BlobUploadCommonResponse,
  type BlockBlobClient,
  type BlockBlobUploadOptions,
} from '@azure/storage-blob';
import { azureError, emptyAnswer, faultAnswer, type Answer } from './answers.ts';
import { optional } from '../../base/optional.ts';

const maximumSourceBytes = 5_000 * 1024 * 1024;

export interface Copy {
  readonly sourceUrl: string;
  /** Of the request, lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly target: BlockBlobClient;
  readonly signal: AbortSignal;
}

export async function putBlobFromUrl({ sourceUrl, headers, target, signal }: Copy): Promise<Answer> {
  const source = await fetch(sourceUrl, {
    signal,
    redirect: 'error',
    headers: { 'accept-encoding': 'identity' },
  }).catch(() => undefined);
  // "The copy source could not be read": the status is that of the source (section Response of the page
  // above).
  if (source === undefined) return azureError('CannotVerifyCopySource');
  if (!source.ok || source.body === null) {
    await source.body?.cancel();
    return azureError('CannotVerifyCopySource', source.status < 400 ? 500 : source.status);
  }
  const bytes = Number(source.headers.get('content-length'));
  if (!Number.isSafeInteger(bytes) || bytes > maximumSourceBytes) {
    await source.body.cancel();
    return azureError('RequestBodyTooLarge');
  }
  const { body } = source;
  try {
    const stream = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
    return created(await target.upload(() => stream, bytes, options(headers, source.headers, signal)));
  } catch (error) {
    if (error instanceof RestError && error.statusCode !== undefined) return refused(error);
    return azureError('CannotVerifyCopySource');
  }
}

function options(headers: Copy['headers'], source: Headers, signal: AbortSignal): BlockBlobUploadOptions {
  const text = (name: string): string | undefined =>
    typeof headers[name] === 'string' ? headers[name] : undefined;
  const md5 = text('x-ms-source-content-md5');
  const noneMatch = text('if-none-match');
  const match = text('if-match');
  const contentType = text('x-ms-blob-content-type') ?? source.get('content-type');
  const given = metadataOf(Object.entries(headers).map(([name, value]) => [name, String(value)] as const));
  return {
    abortSignal: signal,
    conditions: {
      ...optional({ ifNoneMatch: noneMatch, ifMatch: match }),
    },
    // What the request does not give is copied from the source, metadata too
    // (x-ms-copy-source-blob-properties, default true).
    blobHTTPHeaders: contentType === null ? {} : { blobContentType: contentType },
    metadata: Object.keys(given).length > 0 ? given : metadataOf([...source.entries()]),
    ...(md5 === undefined ? {} : { transactionalContentMD5: Buffer.from(md5, 'base64') }),
  };
}

function metadataOf(headers: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(
    headers
      .filter(([name]) => name.startsWith('x-ms-meta-'))
      .map(([name, value]) => [name.slice('x-ms-meta-'.length), value]),
  );
}

function created({ etag, lastModified, contentMD5 }: BlobUploadCommonResponse): Answer {
  return emptyAnswer(201, {
    ...optional({ etag }),
    ...(lastModified === undefined ? {} : { 'last-modified': lastModified.toUTCString() }),
    ...(contentMD5 === undefined ? {} : { 'content-md5': Buffer.from(contentMD5).toString('base64') }),
  });
}

/** Azurite refuses the Put Blob with the codes that Azure uses for Put Blob From URL. */
function refused(error: RestError): Answer {
  return faultAnswer(error.statusCode ?? 500, error.response?.headers.get('x-ms-error-code') ?? error.code);
}
