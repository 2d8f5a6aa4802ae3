/**
 * The vocabulary of the blob double's admin API. It travels as JSON between a test and a double that runs
 * elsewhere.
 */

/** The rule that somebody set for a container in the storage account. */
export type ContainerRule =
  | { readonly kind: 'None' }
  /**
   * A time-based retention policy at container level. The data plane treats `Locked` and `Unlocked` alike;
   * only its owner can lift the latter.
   */
  | { readonly kind: 'Worm'; readonly state: 'Locked' | 'Unlocked'; readonly days: number }
  /**
   * Version-level immutability, with that time-based policy as the container's default. What is overwritten
   * or deleted stays as an earlier version, which cannot be deleted before its period is over.
   */
  | { readonly kind: 'Versions'; readonly state: 'Locked' | 'Unlocked'; readonly days: number }
  /**
   * Accepts every Put Blob and keeps its length and MD5, not its content: for benchmarks. It checks no
   * signatures.
   */
  | { readonly kind: 'Sink' };

/** Which clients a storage account admits: its network rules. */
export type NetworkRule = { readonly allow: 'All' | readonly string[] };

export const operations = [
  'ListContainers',
  'CreateContainer',
  'DeleteContainer',
  'GetContainerProperties',
  'ListBlobs',
  'GetBlob',
  'GetBlobProperties',
  'PutBlob',
  'PutBlobFromUrl',
  'PutBlock',
  'PutBlockList',
  'CopyBlob',
  'AppendBlock',
  'PutPage',
  'SetBlobMetadata',
  'SetBlobProperties',
  'SetBlobTier',
  'SnapshotBlob',
  'DeleteBlob',
  'LeaseBlob',
  'Batch',
  'Other',
] as const;
export type Operation = (typeof operations)[number];

/** All given fields must match. */
export interface RequestPattern {
  readonly operations?: readonly Operation[];
  readonly methods?: readonly string[];
  readonly account?: string;
  readonly container?: string;
  /** Regular expression, searched in the blob's name. */
  readonly blob?: string;
}

export type Fault =
  /**
   * The answer instead of the store's. `code` is the x-ms-error-code; the default is the usual one of that
   * status.
   */
  | {
      readonly kind: 'Status';
      readonly status: number;
      readonly code?: string;
      readonly retryAfterSeconds?: number;
    }
  /** The store is asked first and does its work; then this answer replaces its own. */
  | { readonly kind: 'StatusAfter'; readonly status: number; readonly code?: string }
  | { readonly kind: 'Delay'; readonly seconds: number }
  | { readonly kind: 'Slow'; readonly direction: 'Request' | 'Response'; readonly bytesPerSecond: number }
  /**
   * The connection is reset: before the request is passed on; in the middle of its body; after the store has
   * answered, so the answer is lost although everything was done; in the middle of the answer's body.
   * `afterBytes` (default 1) counts in that body.
   */
  | {
      readonly kind: 'Reset';
      readonly when: 'BeforeRequest' | 'DuringRequest' | 'BeforeResponse' | 'DuringResponse';
      readonly afterBytes?: number;
    }
  /** A well-formed answer that is too short; its Content-MD5 stays. */
  | { readonly kind: 'Truncate'; readonly bytes: number }
  /** One bit of the byte at this offset of the *blob*, also if a range is read; its Content-MD5 stays. */
  | { readonly kind: 'Flip'; readonly offset: number };

export interface FaultRule {
  readonly when: RequestPattern;
  /** The first matching request to hit, from 1; default 1. */
  readonly nth?: number;
  /** Number of requests to hit from there on; default 1. */
  readonly times?: number | 'Always';
  readonly fault: Fault;
}

export interface FaultReport extends FaultRule {
  readonly id: string;
  readonly matched: number;
  readonly hit: number;
}

/** One request, as it ended for the client. */
export interface RequestRecord {
  /** From 1, in the order of arrival. */
  readonly number: number;
  /** RFC 3339. */
  readonly time: string;
  readonly method: string;
  readonly operation: Operation;
  readonly account: string;
  readonly container: string;
  readonly blob: string;
  /** Whether it had `If-None-Match: *`, so it could not have replaced anything. */
  readonly onlyIfNew: boolean;
  /** Status of the store's own answer, even if a fault hid it; 0 if it was not asked or did not answer. */
  readonly storeStatus: number;
  /** Status that the client got; 0 if the connection was reset first. */
  readonly status: number;
  /** x-ms-error-code of what the client got. */
  readonly code?: string;
  /** The `kind` of the fault that was applied. */
  readonly fault?: Fault['kind'];
  readonly requestBytes: number;
  readonly responseBytes: number;
}
