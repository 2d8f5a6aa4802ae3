/**
 * Azure Blob Storage (and Azurite) behind the {@link BlobStore} port. Each object takes one request, so a
 * credential that may only create is enough. Nothing is ever overwritten. Every call is bounded: it has three
 * tries, and a time limit that grows with the bytes.
 */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  AnonymousCredential,
  ContainerClient,
  newPipeline,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { AzureCredentials, AzureLocation } from './credentials.ts';
import { boundedStorageHttpClient, pageEntries } from './bounded-answers.ts';
import {
  blobError,
  isBlobNotFound,
  isBrokenOff,
  isConflict,
  isNetworkRefusal,
  type Attempt,
} from './errors.ts';
import { attemptToDestroy } from './immutability.ts';
import { signedCreateGrant, signedReadUrl, type SignedPlace } from './signatures.ts';
import { containerURL, isExpected, propertiesOf, versionRetention, type ListedBlob } from './values.ts';
import {
  BlobError,
  maximumBlobBytes,
  type BlobProperties,
  type BlobStore,
  type ContainerPolicy,
  type ExpectedContent,
  type ImmutabilityProof,
  type StreamedContent,
} from '../blob-store.ts';
import type { CreateGrant } from '../../jobs/grant.ts';
import { sourceAddress } from '../source-address.ts';
import { checkBlobName, checkListPrefix } from '../names.ts';
import { ByteCollector } from '../../base/byte-collector.ts';
import { optional } from '../../base/optional.ts';

export interface AzureOptions {
  /** Limit for one small request, retries included. Default 60. */
  readonly timeoutSeconds?: number;
  /** A transfer that is slower than this is given up. Default 128 KiB/s. */
  readonly minimumBytesPerSecond?: number;
  /** Attempts in all; default 3. */
  readonly maximumTries?: number;
  /** Blobs per listing request; default 1,000. */
  readonly pageSize?: number;
}

/** @throws {RangeError} when endpoint, container or prefix is invalid. Does not connect yet. */
export function azureBlobStore(
  location: AzureLocation,
  credentials: AzureCredentials,
  options: AzureOptions = {},
): BlobStore {
  return new AzureBlobStore(location, credentials, options);
}

class AzureBlobStore implements BlobStore {
  readonly description: string;
  readonly identity: string;
  readonly #prefix: string;
  readonly #url: string;
  readonly #place: SignedPlace;
  readonly #client: ContainerClient;
  readonly #maximumTries: number;
  readonly #timeoutSeconds: number;
  readonly #minimumBytesPerSecond: number;
  readonly #pageSize: number;

  constructor(location: AzureLocation, credentials: AzureCredentials, options: AzureOptions) {
    const url = containerURL(location);
    this.#url = url;
    this.#prefix =
      location.prefix === undefined || location.prefix === '' ? '' : `${checkBlobName(location.prefix)}/`;
    this.description = `${url}${this.#prefix === '' ? '' : `/${this.#prefix.slice(0, -1)}`}`;
    this.identity = createHash('sha256')
      .update(JSON.stringify([this.description, Object.entries(credentials)]))
      .digest('hex');
    const sharedKey =
      credentials.kind === 'AccountKey'
        ? new StorageSharedKeyCredential(credentials.accountName, credentials.accountKey)
        : undefined;
    this.#place = { store: this.description, container: location.container, credentials, sharedKey };
    this.#timeoutSeconds = options.timeoutSeconds ?? 60;
    this.#minimumBytesPerSecond = options.minimumBytesPerSecond ?? 128 * 1024;
    this.#pageSize = options.pageSize ?? pageEntries;
    this.#maximumTries = options.maximumTries ?? 3;
    const pipeline = newPipeline(sharedKey ?? new AnonymousCredential(), {
      retryOptions: {
        maxTries: this.#maximumTries,
        retryDelayInMs: retryDelayMilliseconds,
        maxRetryDelayInMs: 2_000,
      },
      httpClient: boundedStorageHttpClient,
    });
    this.#client = new ContainerClient(
      credentials.kind === 'SAS' ? `${url}?${credentials.token}` : url,
      pipeline,
    );
  }

  async create(
    name: string,
    content: Buffer | StreamedContent,
    contentType: string,
    signal: AbortSignal,
  ): Promise<void> {
    const bytes = Buffer.isBuffer(content) ? content.length : content.bytes;
    const md5 = Buffer.isBuffer(content)
      ? createHash('md5').update(content).digest()
      : Buffer.from(content.md5, 'hex');
    if (bytes > maximumBlobBytes)
      throw new RangeError(`${name} has ${bytes} bytes; one object can have ${maximumBlobBytes}`);
    const client = this.#client.getBlockBlobClient(this.#fullName(name));
    await this.#attempt('create', name, bytes, signal, async (limited) => {
      try {
        await client.upload(Buffer.isBuffer(content) ? content : content.open, bytes, {
          abortSignal: limited,
          conditions: { ifNoneMatch: '*' },
          blobHTTPHeaders: { blobContentType: contentType, blobContentMD5: md5 },
          transactionalContentMD5: md5,
        });
      } catch (error) {
        if (!isConflict(error)) throw error;
        // After a lost answer, the retry looks like a conflict although the data is there.
        const present = await this.properties(name, limited);
        if (!isExpected(present, { bytes, md5: md5.toString('hex') })) throw error;
      }
    });
  }

  async read(name: string, maximumBytes: number, signal: AbortSignal): Promise<Buffer> {
    const client = this.#client.getBlobClient(this.#fullName(name));
    return await this.#attempt('read', name, maximumBytes, signal, async (limited) => {
      const response = await client.download(0, undefined, { abortSignal: limited, maxRetryRequests: 2 });
      const body = response.readableStreamBody;
      if (body === undefined) throw new Error('the answer has no body');
      const bytes = response.contentLength ?? Number.POSITIVE_INFINITY;
      if (bytes > maximumBytes) {
        // The body is not drained; the connection is closed instead.
        body.once('error', () => undefined);
        (body as NodeJS.ReadableStream & { destroy(): void }).destroy();
        throw new BlobError(
          'DigestMismatch',
          `${name} in ${this.description} has ${bytes} bytes, more than the ${maximumBytes} allowed: it was not read`,
        );
      }
      const content = await contentOf(body, bytes);
      const md5 = response.contentMD5;
      const intact =
        content.length === bytes &&
        (md5 === undefined || createHash('md5').update(content).digest().equals(md5));
      if (!intact)
        throw new BlobError(
          'DigestMismatch',
          `${name} in ${this.description} differs from what was written there (length or MD5): it was not used`,
        );
      return content;
    });
  }

  async readRange(name: string, offset: number, bytes: number, signal: AbortSignal): Promise<Buffer> {
    const client = this.#client.getBlobClient(this.#fullName(name));
    return await this.#attempt('read', name, bytes, signal, async (limited) => {
      if (bytes === 0) return Buffer.alloc(0);
      const response = await client.download(offset, bytes, { abortSignal: limited, maxRetryRequests: 2 });
      const content = await contentOf(response.readableStreamBody, bytes);
      // For a range behind the end, Azure answers 416; Azurite answers with nothing.
      if (content.length > 0 && content.length === response.contentLength && content.length <= bytes)
        return content;
      throw new BlobError(
        'DigestMismatch',
        `${bytes} bytes of ${name} in ${this.description} came back as ${content.length}: they were not used`,
      );
    });
  }

  async properties(name: string, signal: AbortSignal): Promise<BlobProperties | undefined> {
    const client = this.#client.getBlobClient(this.#fullName(name));
    return await this.#attempt('look at', name, 0, signal, async (limited) => {
      try {
        const found = await client.getProperties({ abortSignal: limited });
        return propertiesOf(name, found);
      } catch (error) {
        if (isBlobNotFound(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string, signal: AbortSignal): AsyncIterable<BlobProperties> {
    const full = `${this.#prefix}${checkListPrefix(prefix)}`;
    let continuationToken: string | undefined;
    let emptyPages = 0;
    do {
      const page = await this.#attempt('list', `${prefix}*`, 0, signal, async (limited) => {
        const settings = {
          maxPageSize: this.#pageSize,
          ...optional({ continuationToken }),
        };
        const { value } = await this.#client
          .listBlobsFlat({ prefix: full, abortSignal: limited })
          .byPage(settings)
          .next();
        return value as {
          readonly continuationToken?: string;
          readonly segment: { readonly blobItems: readonly ListedBlob[] };
        };
      });
      for (const { name, properties } of page.segment.blobItems) {
        yield propertiesOf(name.slice(this.#prefix.length), properties);
      }
      emptyPages = page.segment.blobItems.length === 0 ? emptyPages + 1 : 0;
      if (emptyPages > mostEmptyPages)
        throw new BlobError(
          'StoreUnreachable',
          `cannot list ${prefix}* in ${this.description}: ${mostEmptyPages} pages without a blob came one after the other: check the store`,
        );
      continuationToken = page.continuationToken === '' ? undefined : page.continuationToken;
    } while (continuationToken !== undefined);
  }

  async readUrl(name: string, lifetimeSeconds: number): Promise<string> {
    const blobName = this.#fullName(name);
    return signedReadUrl(this.#place, blobName, this.#client.getBlobClient(blobName).url, lifetimeSeconds);
  }

  async createGrant(lifetimeSeconds: number): Promise<CreateGrant> {
    return signedCreateGrant(this.#place, this.#prefix, this.#url, lifetimeSeconds);
  }

  async proveImmutable(name: string, signal: AbortSignal): Promise<ImmutabilityProof> {
    const client = this.#client.getBlockBlobClient(this.#fullName(name));
    const found = await this.#attempt('prove immutable', name, 0, signal, (limited) =>
      client.getProperties({ abortSignal: limited }),
    );
    const { etag, versionId, contentLength = 0, contentType = 'application/octet-stream' } = found;
    // The content is read after its ETag, so a replacement that comes in between is not overwritten.
    const content = await this.read(name, Math.min(contentLength, maximumProofBytes), signal);
    return await this.#attempt('prove immutable', name, content.length, signal, async (limited) => {
      if (etag === undefined) throw new Error('the answer has no ETag');
      const victim = {
        client,
        content,
        contentType,
        etag,
        ...optional({ versionID: versionId }),
      };
      const proof = await attemptToDestroy(
        victim,
        () => this.create(name, content, contentType, signal),
        limited,
      );
      const retention = versionRetention(found);
      return { ...proof, ...optional({ retention }) };
    });
  }

  async policy(signal: AbortSignal): Promise<ContainerPolicy> {
    return await this.#attempt('look at', 'the container', 0, signal, async (limited) => {
      const found = await this.#client.getProperties({ abortSignal: limited });
      return {
        hasImmutabilityPolicy: found.hasImmutabilityPolicy === true || found.hasLegalHold === true,
        versioning: found.isImmutableStorageWithVersioningEnabled === true,
      };
    });
  }

  async copyFrom(
    name: string,
    sourceUrl: string,
    expected: ExpectedContent,
    signal: AbortSignal,
  ): Promise<void> {
    if (expected.bytes > maximumBlobBytes)
      throw new RangeError(`${name} has ${expected.bytes} bytes; one object can have ${maximumBlobBytes}`);
    const client = this.#client.getBlockBlobClient(this.#fullName(name));
    await this.#attempt('copy to', name, expected.bytes, signal, async (limited) => {
      try {
        await client.syncUploadFromURL(sourceUrl, {
          abortSignal: limited,
          conditions: { ifNoneMatch: '*' },
          sourceContentMD5: Buffer.from(expected.md5, 'hex'),
        });
      } catch (error) {
        if (!isConflict(error)) throw error;
        if (!isExpected(await this.properties(name, limited), expected)) throw error;
        return;
      }
      if (isExpected(await this.properties(name, limited), expected)) return;
      throw new BlobError(
        'DigestMismatch',
        `${name} in ${this.description} differs from what was copied there (length or MD5): do not use it`,
      );
    });
  }

  #fullName(name: string): string {
    return `${this.#prefix}${checkBlobName(name)}`;
  }

  #seconds(bytes: number): number {
    return Math.ceil(this.#timeoutSeconds + bytes / this.#minimumBytesPerSecond);
  }

  /**
   * Adds the time limit, retries what broke off, and translates errors. The caller's own abort is passed on
   * unchanged.
   */
  async #attempt<T>(
    verb: Attempt['verb'],
    blob: string,
    bytes: number,
    signal: AbortSignal,
    run: (limited: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const seconds = this.#seconds(bytes);
    const limit = AbortSignal.timeout(seconds * 1000);
    const limited = AbortSignal.any([signal, limit]);
    for (let tries = 1; ; tries += 1) {
      try {
        return await run(limited);
      } catch (error) {
        signal.throwIfAborted();
        const mayRepeat = tries < this.#maximumTries && isBrokenOff(error);
        if (limit.aborted || !mayRepeat) {
          const from = isNetworkRefusal(error) ? await sourceAddress(this.#url) : undefined;
          throw blobError(
            error,
            { verb, blob, store: this.description, container: this.#place.container },
            limit.aborted ? seconds : undefined,
            from,
          );
        }
        await pause(retryDelayMilliseconds * tries, undefined, { signal });
      }
    }
  }
}

const retryDelayMilliseconds = 200;

/** The service may send some, for instance where many blobs were deleted. */
const mostEmptyPages = 200;

/** Reads the whole blob, so that it can be written again. */
const maximumProofBytes = 16 * 1024 * 1024;

/** A little more than the maximum if there is more; the rest is not read. */
async function contentOf(body: NodeJS.ReadableStream | undefined, maximumBytes: number): Promise<Buffer> {
  const content = new ByteCollector();
  for await (const piece of body ?? []) {
    content.add(Buffer.from(piece));
    if (content.length > maximumBytes) break;
  }
  return content.bytes();
}
