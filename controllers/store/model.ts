/** What the store controller talks about: what was found, and what is to be done about it. */
import type { Reason } from '../../crds/index.ts';

/** Something is wrong with a store; the message says what, with which store, and what to do. */
export interface Problem {
  readonly reason: Reason;
  readonly message: string;
}

/** Complete things in a store, by their commit markers. */
export interface Contents {
  readonly count: number;
  /** RFC 3339; undefined when there are none. */
  readonly newestTime?: string;
}

/** A store as it was found by looking only. */
export type Observed =
  | { readonly kind: 'Listed'; readonly contents: Contents | undefined }
  | { readonly kind: 'Unusable'; readonly problem: Problem };

/** Writes a small object and reads it back. */
export interface WriteProbe {
  readonly type: 'WriteProbe';
  /** Relative to the store's prefix. */
  readonly name: string;
  readonly content: string;
}

export type Action = WriteProbe;

/** What became of the probe: `NotDue` also for stores that are only read. */
export type Probed =
  | { readonly kind: 'Written' }
  | { readonly kind: 'NotDue' }
  | { readonly kind: 'Failed'; readonly problem: Problem };
