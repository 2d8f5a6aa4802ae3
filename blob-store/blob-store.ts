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
  /** Set while it cannot be read: it lies in the archive tier, or is on its way out of there. */
  readonly archive?: 'Archived' | 'Rehydrating';
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

/** The right to create blobs, and nothing else, for a job on a host: `PUT <containerUrl>/<prefix><name>?<query>`. */
export interface CreateGrant {
  /** Without a slash at its end. */
  readonly containerUrl: string;
  /** The SAS, without its `?`. A secret: goes only into job input. */
  readonly query: string;
  /** '' or ends with `/`: what to put before a name that is relative to the store. The SAS itself is not limited to it. */
  readonly prefix: string;
  /** RFC 3339. */
  readonly expiresTime: string;
}

/**
 * What became of an attempt to destroy a blob. `Refused`: by a policy of the store. `NotTried` proves nothing either way: the credentials
 * may not attempt it (403), or there was no need to, because the overwrite was allowed already.
 */
export type ProofOutcome = 'Refused' | 'Allowed' | 'NotTried';

/** See {@link refusesChanges}. */
export interface ImmutabilityProof {
  /** `NewVersion`: it was allowed, and what was there is kept as an earlier version, which was read again. */
  readonly overwrite: ProofOutcome | 'NewVersion';
  /** With `NewVersion`: of that earlier version. */
  readonly delete: ProofOutcome;
  /** The time-based policy of the blob itself, where the service tells it: only of version-level policies. */
  readonly retention?: { readonly kind: 'TimeBased'; readonly days: number; readonly isLocked: boolean };
  /** A sentence for people: what was tried, what was answered, and with which code. */
  readonly detail: string;
}

/**
 * Whether what is stored cannot be lost: a policy refused to delete it, and an overwrite was refused (a policy for the container), or kept it
 * as an earlier version (a policy for versions).
 */
export function refusesChanges({ overwrite, delete: deletion }: ImmutabilityProof): boolean {
  return deletion === 'Refused' && (overwrite === 'Refused' || overwrite === 'NewVersion');
}

export function allowsChanges({ overwrite, delete: deletion }: ImmutabilityProof): boolean {
  return overwrite === 'Allowed' || deletion === 'Allowed';
}

/** What the data plane tells about a container. Days, and whether the policy is locked, only the management plane knows. */
export interface ContainerPolicy {
  /** There is a retention policy or a legal hold for the whole container. */
  readonly hasImmutabilityPolicy: boolean;
  /** Version-level immutability is enabled: overwriting is allowed there and makes a new version. */
  readonly versioning: boolean;
}

export interface ExpectedContent {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly md5: string;
}

export type BlobErrorReason =
  | 'StoreUnreachable'
  | 'StoreCredentialsRefused'
  /** The credentials are not looked at: whoever asked comes from an address that is not let in. */
  | 'StoreNetworkRefused'
  /** No right for a job can be made of these credentials, whatever the service would say: only other ones help. */
  | 'StoreCannotSign'
  | 'ContainerNotFound'
  | 'BlobNotFound'
  /** It is there, in a tier where nothing can be read. */
  | 'BlobArchived'
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
  create(
    name: string,
    content: Buffer | StreamedContent,
    contentType: string,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Whole blob.
   * @throws {BlobError} `BlobNotFound`, `BlobArchived`; `DigestMismatch` for more than `maximumBytes` or for what does not match its MD5.
   */
  read(name: string, maximumBytes: number, signal: AbortSignal): Promise<Buffer>;
  /**
   * `bytes` bytes from `offset` on (fewer at the end of the blob). The service has no digest for a range: compare with your own.
   * @throws {BlobError} `BlobNotFound`; `DigestMismatch` when the answer is cut short or `offset` lies behind the end.
   */
  readRange(name: string, offset: number, bytes: number, signal: AbortSignal): Promise<Buffer>;
  /** Undefined when there is no such blob. */
  properties(name: string, signal: AbortSignal): Promise<BlobProperties | undefined>;
  /** By name. `prefix` is relative too and need not end at a `/`; '' lists all. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<BlobProperties>;
  /**
   * A URL with which a job on a host can read exactly this blob until it expires. A secret: goes only into job input.
   * A store whose only credential is a SAS can sign nothing: it hands out that SAS if it only reads, else it refuses. Asks no service.
   * @throws {BlobError} `StoreCannotSign` when the SAS of the store may do more.
   */
  readUrl(name: string, lifetimeSeconds: number): Promise<string>;
  /**
   * The right to create, for a job on a host, until it expires; it can neither read, list, overwrite nor delete. It has no start time, so
   * that a clock that is behind does no harm. A store whose only credential is a SAS hands out that SAS if it has no other right than `c`.
   * Asks no service.
   * @throws {BlobError} `StoreCannotSign` when the SAS of the store may do more, or less.
   */
  createUrl(lifetimeSeconds: number): Promise<CreateGrant>;
  /**
   * Tries to destroy exactly this blob: first overwrites it with its own bytes (Put Blob without If-None-Match), which loses nothing when it
   * is allowed; only when that was refused by a policy, deletes it. Where an overwrite makes a version, the earlier one is read and deleted.
   * If the delete is allowed, the blob is gone for a moment and then written
   * again: pass only a blob of at most 16 MiB that you wrote yourself and could write again. Both attempts are bound to the blob's ETag.
   * @throws {BlobError} `BlobNotFound`, and whatever else keeps the question open.
   */
  proveImmutable(name: string, signal: AbortSignal): Promise<ImmutabilityProof>;
  /** What the container says of itself; proves nothing (see {@link proveImmutable}). */
  policy(signal: AbortSignal): Promise<ContainerPolicy>;
  /**
   * Server-side copy in one request (Put Blob From URL, at most {@link maximumBlobBytes}), never over another blob; what is there already with
   * this length and MD5 is success. What arrived is compared with `expected`.
   * @param sourceUrl with whatever signature reading needs; never part of a message
   * @throws {BlobError} `DigestMismatch` when the source is not what was expected; `BlobExists`; `BlobNotFound` when the source is gone.
   */
  copyFrom(name: string, sourceUrl: string, expected: ExpectedContent, signal: AbortSignal): Promise<void>;
}
