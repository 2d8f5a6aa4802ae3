/**
 * The port to object storage (Azure Blob today). Objects are written once and never touched again: the port
 * has no overwrite and no delete, because the stores are immutable. `azure/` is the adapter; only it imports
 * the Azure SDK. `memory.ts` is the fake. `test/contract/blob-store.ts` holds both to the same behaviour.
 *
 * Names are relative to the store's prefix and use `/` everywhere: `read` takes what `list` yields.
 */
import type { Readable } from 'node:stream';
import type { CreateGrant } from '../jobs/grant.ts';

export interface BlobProperties {
  /** Relative to the store's prefix. */
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hex. Set when the service knows it: after every single Put Blob. */
  readonly md5?: string;
  /** RFC 3339. */
  readonly createdTime: string;
  /** Set while the blob cannot be read: it is in the archive tier, or on its way out. */
  readonly archive?: 'Archived' | 'Rehydrating';
}

/** Content that is too big for memory. Each attempt reads it from the start. */
export interface StreamedContent {
  readonly bytes: number;
  /** MD5 of the whole content, in lower-case hex. The service compares it. */
  readonly md5: string;
  readonly open: () => Readable;
}

/**
 * The service's limit for one Put Blob (5,000 MiB). A create-only credential cannot use several requests for
 * one blob.
 */
export const maximumBlobBytes = 5_000 * 1024 * 1024;

/**
 * The result of an attempt to destroy a blob. `Refused`: a policy of the store refused it. `NotTried` proves
 * nothing: the credentials may not attempt it (403), or the overwrite was allowed already, so there was no
 * need.
 */
export type ProofOutcome = 'Refused' | 'Allowed' | 'NotTried';

/** See {@link refusesChanges}. */
export interface ImmutabilityProof {
  /**
   * `NewVersion`: it was allowed, and the old content is kept as an earlier version, which was read again.
   */
  readonly overwrite: ProofOutcome | 'NewVersion';
  /** With `NewVersion`: the delete of that earlier version. */
  readonly delete: ProofOutcome;
  /** The time-based policy of the blob itself. The service tells it only for version-level policies. */
  readonly retention?: { readonly kind: 'TimeBased'; readonly days: number; readonly isLocked: boolean };
  /** A sentence for people: what was tried, what was answered, and with which code. */
  readonly detail: string;
}

/**
 * Whether stored data cannot be lost: a policy refused the delete, and the overwrite was either refused (a
 * policy for the container) or kept the old content as an earlier version (a policy for versions).
 */
export function refusesChanges({ overwrite, delete: deletion }: ImmutabilityProof): boolean {
  return deletion === 'Refused' && (overwrite === 'Refused' || overwrite === 'NewVersion');
}

export function allowsChanges({ overwrite, delete: deletion }: ImmutabilityProof): boolean {
  return overwrite === 'Allowed' || deletion === 'Allowed';
}

/**
 * What the data plane tells about a container. Only the management plane knows the days, and whether the
 * policy is locked.
 */
export interface ContainerPolicy {
  /** The whole container has a retention policy or a legal hold. */
  readonly hasImmutabilityPolicy: boolean;
  /** Version-level immutability is enabled: an overwrite is allowed and makes a new version. */
  readonly versioning: boolean;
}

export interface ExpectedContent {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly md5: string;
}

export type BlobErrorReason =
  | 'StoreUnreachable'
  /** The operator does not send anything there: see `endpoint-rules.ts`. */
  | 'EndpointRefused'
  | 'StoreCredentialsRefused'
  /** The store did not look at the credentials: our address is not let in. */
  | 'StoreNetworkRefused'
  /**
   * These credentials cannot be turned into a right for a job, whatever the service would say. Only other
   * credentials help.
   */
  | 'StoreCannotSign'
  | 'ContainerNotFound'
  | 'BlobNotFound'
  /** The blob exists, in a tier where nothing can be read. */
  | 'BlobArchived'
  | 'BlobExists'
  | 'BlobImmutable'
  | 'DigestMismatch'
  | 'StoreThrottled';

/** Messages name store, container and blob and say what to do. They never contain a key or a signature. */
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
  /**
   * Equal for the same location and credentials, so that data read with one key is not shown to another. It
   * reveals neither.
   */
  readonly identity: string;
  /**
   * Single Put Blob with `If-None-Match: *`; a blob with the same length and MD5 that exists already counts
   * as success.
   * @throws {BlobError} `BlobExists` when the name holds something else.
   */
  create(
    name: string,
    content: Buffer | StreamedContent,
    contentType: string,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Reads a whole blob.
   * @throws {BlobError} `BlobNotFound`, `BlobArchived`; `DigestMismatch` when it is longer than
   * `maximumBytes` or does not match its MD5.
   */
  read(name: string, maximumBytes: number, signal: AbortSignal): Promise<Buffer>;
  /**
   * Reads `bytes` bytes from `offset` (fewer at the end of the blob). The service has no digest for a range,
   * so compare with your own.
   * @throws {BlobError} `BlobNotFound`; `DigestMismatch` when the answer is cut short or `offset` lies behind the end.
   */
  readRange(name: string, offset: number, bytes: number, signal: AbortSignal): Promise<Buffer>;
  /** Undefined when there is no such blob. */
  properties(name: string, signal: AbortSignal): Promise<BlobProperties | undefined>;
  /** Sorted by name. `prefix` is relative too and need not end at a `/`; '' lists all. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<BlobProperties>;
  /**
   * A URL with which a job on a host can read exactly this blob until it expires. A secret: goes only into
   * job input. A store whose only credential is a SAS cannot sign. It hands out that SAS if it may only read,
   * and refuses otherwise. Does not ask the service.
   * @throws {BlobError} `StoreCannotSign` when the SAS of the store may do more.
   */
  readUrl(name: string, lifetimeSeconds: number): Promise<string>;
  /**
   * The right to create, for a job on a host, until it expires. It cannot read, list, overwrite or delete. It
   * has no start time, so a clock that is behind does no harm. A store whose only credential is a SAS hands
   * out that SAS if `c` is its only right. Does not ask the service.
   * @throws {BlobError} `StoreCannotSign` when the SAS of the store may do more, or less.
   */
  createGrant(lifetimeSeconds: number): Promise<CreateGrant>;
  /**
   * Tries to destroy exactly this blob. First it overwrites the blob with its own bytes (Put Blob without
   * If-None-Match), which loses nothing. Only if a policy refuses that, it deletes the blob. If the overwrite
   * makes a version, it reads and deletes the earlier one. If the delete is allowed, the blob is gone for a
   * moment and is then written again: pass only a blob of at most 16 MiB that you wrote yourself and could
   * write again. Both attempts are bound to the blob's ETag.
   * @throws {BlobError} `BlobNotFound`, and any other error that leaves the question open.
   */
  proveImmutable(name: string, signal: AbortSignal): Promise<ImmutabilityProof>;
  /**
   * What the container says about itself; undefined for a store that says nothing. It proves nothing (see
   * {@link proveImmutable}).
   */
  policy(signal: AbortSignal): Promise<ContainerPolicy | undefined>;
  /**
   * Server-side copy in one request (Put Blob From URL, at most {@link maximumBlobBytes}), never over another
   * blob. A blob that is there already with this length and MD5 counts as success. The result is compared
   * with `expected`.
   * @param sourceUrl with the signature that reading needs; it is never part of a message
   * @throws {BlobError} `DigestMismatch` when the source is not what was expected; `BlobExists`; `BlobNotFound` when the source is gone.
   */
  copyFrom(name: string, sourceUrl: string, expected: ExpectedContent, signal: AbortSignal): Promise<void>;
}
