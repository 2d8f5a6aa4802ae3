/**
 * The port to object storage (Azure Blob today). Written once, never touched again: there is no overwrite and no delete
 * here, because the stores are immutable. `azure.ts` is the adapter; only it imports the Azure SDK. `memory.ts` is the
 * fake; `test/contract/blob-store.ts` holds both to the same behaviour.
 *
 * Names are relative to the store's prefix, with `/`, everywhere: what `list` yields is what `read` takes.
 */
import type { Readable } from 'node:stream';

export interface BlobProperties {
  /** Relative to the store's prefix. */
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hex, when the service knows it (every single Put Blob). */
  readonly md5?: string;
  /** RFC 3339. */
  readonly createdTime: string;
}

/** Content too big for memory; read again from the start for each attempt. */
export interface StreamedContent {
  readonly bytes: number;
  /** Lower-case hex of the MD5 over all of it; the service compares. */
  readonly md5: string;
  readonly open: () => Readable;
}

/** The service's limit for one Put Blob (5,000 MiB); a create-only credential cannot use more than one request. */
export const maximumBlobBytes = 5_000 * 1024 * 1024;

export type BlobErrorReason =
  | 'StoreUnreachable'
  | 'StoreCredentialsRefused'
  | 'ContainerNotFound'
  | 'BlobNotFound'
  | 'BlobExists'
  | 'BlobImmutable'
  | 'DigestMismatch'
  | 'StoreThrottled';

/** Messages name store, container and blob and say what to do; never a key or a signature. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly reason: BlobErrorReason;

  constructor(reason: BlobErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

export interface BlobStore {
  /** `https://account…/container/prefix`, for messages; never with a signature. */
  readonly description: string;
  /** The same for the same location and credentials, so that what was read with one key is not shown to another. Reveals neither. */
  readonly identity: string;
  /**
   * Single Put Blob with `If-None-Match: *`; a blob of the same length and MD5 that exists already is success.
   * @throws {BlobError} `BlobExists` when something else is there.
   */
  create(name: string, content: Buffer | StreamedContent, contentType: string, signal: AbortSignal): Promise<void>;
  /**
   * Whole blob.
   * @throws {BlobError} `BlobNotFound`; `DigestMismatch` for more than `maximumBytes` or for what does not match its MD5.
   */
  read(name: string, maximumBytes: number, signal: AbortSignal): Promise<Buffer>;
  /** Undefined when there is no such blob. */
  properties(name: string, signal: AbortSignal): Promise<BlobProperties | undefined>;
  /** By name. `prefix` is relative too and need not end at a `/`; '' lists all. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<BlobProperties>;
  /**
   * A URL with which a job on a host can read exactly this blob until it expires. A secret: goes only into job input.
   * A store whose only credential is a SAS can sign nothing: it hands out that SAS if it only reads, else it refuses.
   */
  readUrl(name: string, lifetimeSeconds: number): Promise<string>;
}
