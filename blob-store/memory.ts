/**
 * A {@link BlobStore} in memory, for tests and simulations; `blobs` is public so that a test can lose or
 * damage one.
 */
import { createHash } from 'node:crypto';
import {
  BlobError,
  type BlobProperties,
  type BlobStore,
  type ContainerPolicy,
  type ExpectedContent,
  type ImmutabilityProof,
  type StreamedContent,
} from './blob-store.ts';
import type { CreateGrant } from '../jobs/grant.ts';
import { checkBlobName, checkListPrefix } from './names.ts';
import { requireCreateOnly, requireReadOnly } from './sas-rights.ts';
import { optional } from '../base/optional.ts';

export interface MemoryBlob {
  readonly content: Buffer;
  readonly contentType: string;
  readonly createdTime: string;
  /** The blob behaves as if it was moved to the archive tier. */
  readonly archive?: 'Archived' | 'Rehydrating';
}

export interface MemoryBlobStoreOptions {
  /** Whether overwrite and delete are refused, as with a locked retention policy. Default true. */
  readonly immutable?: boolean;
  /** Stores whose URLs `copyFrom` can read, besides this one. */
  readonly sources?: readonly MemoryBlobStore[];
  /**
   * Behaves as if its only credential were a SAS with these rights (`rlc`). Default: an account key, which
   * can sign everything.
   */
  readonly sasRights?: string;
}

export class MemoryBlobStore implements BlobStore {
  readonly description: string;
  readonly identity: string;
  readonly blobs = new Map<string, MemoryBlob>();
  /** Public too, because Secrets get replaced. */
  sasRights: string | undefined;

  readonly #immutable: boolean;
  readonly #sources: readonly MemoryBlobStore[];

  constructor(
    description = 'memory://store/container',
    { immutable = true, sources = [], sasRights }: MemoryBlobStoreOptions = {},
  ) {
    this.description = description;
    this.#immutable = immutable;
    this.#sources = [this, ...sources];
    this.sasRights = sasRights;
    this.identity = description;
  }

  async create(
    name: string,
    content: Buffer | StreamedContent,
    contentType: string,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    checkBlobName(name);
    const bytes = Buffer.isBuffer(content) ? Buffer.from(content) : await this.#readAll(name, content);
    const present = this.blobs.get(name);
    if (present === undefined) {
      this.blobs.set(name, { content: bytes, contentType, createdTime: new Date().toISOString() });
    } else if (!present.content.equals(bytes)) {
      throw new BlobError(
        'BlobExists',
        `cannot create ${name} in ${this.description}: another object has that name; nothing was overwritten`,
      );
    }
  }

  async #readAll(name: string, content: StreamedContent): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of content.open()) chunks.push(Buffer.from(chunk as Uint8Array));
    const bytes = Buffer.concat(chunks);
    if (bytes.length !== content.bytes || md5(bytes) !== content.md5) {
      throw new BlobError(
        'DigestMismatch',
        `cannot create ${name} in ${this.description}: it was damaged on the way: try again`,
      );
    }
    return bytes;
  }

  async read(name: string, maximumBytes: number, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    const blob = this.blobs.get(checkBlobName(name));
    if (blob === undefined)
      throw new BlobError('BlobNotFound', `cannot read ${name} in ${this.description}: it is not there`);
    if (blob.archive !== undefined)
      throw new BlobError(
        'BlobArchived',
        `cannot read ${name} in ${this.description}: it is in the archive tier: rehydrate it`,
      );
    if (blob.content.length > maximumBytes) {
      throw new BlobError(
        'DigestMismatch',
        `${name} in ${this.description} has ${blob.content.length} bytes, more than the ${maximumBytes} allowed: it was not read`,
      );
    }
    return Buffer.from(blob.content);
  }

  async readRange(name: string, offset: number, bytes: number, signal: AbortSignal): Promise<Buffer> {
    const content = await this.read(name, Number.POSITIVE_INFINITY, signal);
    if (bytes > 0 && offset >= content.length) {
      throw new BlobError(
        'DigestMismatch',
        `cannot read ${name} in ${this.description}: it is shorter than it should be`,
      );
    }
    return content.subarray(offset, offset + bytes);
  }

  async properties(name: string, signal: AbortSignal): Promise<BlobProperties | undefined> {
    signal.throwIfAborted();
    const blob = this.blobs.get(checkBlobName(name));
    return blob === undefined ? undefined : propertiesOf(name, blob);
  }

  async *list(prefix: string, signal: AbortSignal): AsyncIterable<BlobProperties> {
    signal.throwIfAborted();
    checkListPrefix(prefix);
    const names = [...this.blobs.keys()].filter((name) => name.startsWith(prefix)).toSorted();
    for (const name of names) {
      const blob = this.blobs.get(name);
      if (blob !== undefined) yield propertiesOf(name, blob);
    }
  }

  /** No server answers there. Jobs only accept something that looks like an address. */
  get address(): string {
    return `https://store.invalid/${encodeURIComponent(this.description)}`;
  }

  async readUrl(name: string, lifetimeSeconds: number): Promise<string> {
    checkBlobName(name);
    if (this.sasRights !== undefined) requireReadOnly(this.description, this.sasRights);
    return `${this.address}/${name}?lifetime=${lifetimeSeconds}`;
  }

  async createGrant(lifetimeSeconds: number): Promise<CreateGrant> {
    if (this.sasRights !== undefined) requireCreateOnly(this.description, this.sasRights);
    const expiresTime = new Date(Date.now() + lifetimeSeconds * 1000).toISOString();
    return {
      kind: 'SignedURL',
      containerUrl: this.address,
      query: 'sp=c&sig=memory',
      prefix: '',
      expiresTime,
    };
  }

  /** Nothing is lost: after an allowed delete, the same would be written again. */
  async proveImmutable(name: string, signal: AbortSignal): Promise<ImmutabilityProof> {
    await this.read(name, Number.POSITIVE_INFINITY, signal);
    return this.#immutable
      ? {
          overwrite: 'Refused',
          delete: 'Refused',
          detail: 'overwriting it was refused; deleting it was refused',
        }
      : { overwrite: 'Allowed', delete: 'NotTried', detail: 'overwriting it was allowed' };
  }

  async policy(signal: AbortSignal): Promise<ContainerPolicy> {
    signal.throwIfAborted();
    return { hasImmutabilityPolicy: this.#immutable, versioning: false };
  }

  async copyFrom(
    name: string,
    sourceUrl: string,
    expected: ExpectedContent,
    signal: AbortSignal,
  ): Promise<void> {
    checkBlobName(name);
    const source = this.#sources.find((store) => sourceUrl.startsWith(`${store.address}/`));
    const found = source?.blobs.get(sourceUrl.slice(source.address.length + 1).replace(/\?.*$/, ''));
    const present = await this.properties(name, signal);
    if (present !== undefined && present.bytes === expected.bytes && present.md5 === expected.md5) return;
    if (present !== undefined)
      throw new BlobError(
        'BlobExists',
        `cannot copy to ${name} in ${this.description}: another object has that name; nothing was overwritten`,
      );
    if (found === undefined)
      throw new BlobError(
        'BlobNotFound',
        `cannot copy to ${name} in ${this.description}: the object to be copied is not there`,
      );
    if (found.content.length !== expected.bytes || md5(found.content) !== expected.md5) {
      throw new BlobError(
        'DigestMismatch',
        `cannot copy to ${name} in ${this.description}: the source is not what was expected`,
      );
    }
    await this.create(name, found.content, found.contentType, signal);
  }
}

function propertiesOf(name: string, blob: MemoryBlob): BlobProperties {
  return {
    name,
    bytes: blob.content.length,
    md5: md5(blob.content),
    createdTime: blob.createdTime,
    ...optional({ archive: blob.archive }),
  };
}

function md5(content: Buffer): string {
  return createHash('md5').update(content).digest('hex');
}
