/** What the store controller talks about: what was found, and what is to be done about it. */
import type { ContainerPolicy, ImmutabilityProof } from '../../blob-store/blob-store.ts';
import type { Retention } from '../../blob-store/retention.ts';
import type { Problem } from '../inputs/outcome.ts';

/** Complete things in a store, by their commit markers. */
export interface Contents {
  readonly count: number;
  /** RFC 3339; undefined when there are none. */
  readonly newestTime?: string;
  /** What was seen in the archive tier; absent when nothing was. */
  readonly archived?: Archived;
}

export interface Archived {
  /** At least so many. */
  readonly objects: number;
  /** Name of one of them. */
  readonly example: string;
}

/** A store as it was found by looking only. */
export type Observed =
  | {
      readonly kind: 'Listed';
      readonly contents: Contents | undefined;
      /** What the container says of itself; undefined when these credentials may not ask. */
      readonly policy?: ContainerPolicy;
      /** What the management plane says; undefined when the store does not want it to be asked. */
      readonly retention?: Retention;
      /** Why jobs on hosts cannot use it with these credentials; absent when they can. */
      readonly cannotSign?: string;
    }
  | { readonly kind: 'Unusable'; readonly problem: Problem };

/** Writes a small object and reads it back. */
export interface WriteProbe {
  readonly type: 'WriteProbe';
  /** Relative to the store's prefix. */
  readonly name: string;
  readonly content: string;
}

/** Tries to destroy that probe. */
export interface ProveImmutable {
  readonly type: 'ProveImmutable';
  readonly name: string;
}

export type Action = WriteProbe | ProveImmutable;

/** What became of the probe: `NotDue` also for stores that are only read. */
export type Probed =
  | { readonly kind: 'Written'; readonly proof?: ImmutabilityProof }
  | { readonly kind: 'NotDue' }
  | { readonly kind: 'Failed'; readonly problem: Problem };
