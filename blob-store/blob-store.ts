/**
 * The port to object storage (Azure Blob today). Written once, never touched again: there is no overwrite and no delete
 * here, because the stores are immutable. `azure.ts` is the adapter; only it imports the Azure SDK.
 */

export interface BlobProperties {
  /** Full name inside the container, prefix included. */
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hex, when the service knows it (every single Put Blob). */
  readonly md5?: string;
  /** RFC 3339. */
  readonly createdTime: string;
}

export type BlobErrorReason =
  | 'StoreUnreachable'
  | 'StoreCredentialsRefused'
  | 'ContainerNotFound'
  | 'BlobNotFound'
  | 'BlobExists'
  | 'BlobImmutable'
  | 'DigestMismatch'
  | 'StoreThrottled';

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
  /** Single Put Blob with `If-None-Match: *`; a blob of the same length and MD5 that exists already is success. */
  create(name: string, content: Buffer, contentType: string, signal: AbortSignal): Promise<void>;
  /** Whole blob; refuses more than `maximumBytes`. */
  read(name: string, maximumBytes: number, signal: AbortSignal): Promise<Buffer>;
  properties(name: string, signal: AbortSignal): Promise<BlobProperties | undefined>;
  list(prefix: string, signal: AbortSignal): AsyncIterable<BlobProperties>;
  /** A URL with which a job on a host can read exactly this blob until it expires. A secret: goes only into job input. */
  readUrl(name: string, lifetimeSeconds: number): Promise<string>;
}
