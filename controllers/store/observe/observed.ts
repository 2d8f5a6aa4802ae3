/** What was found of a store, by looking only. */
import type { ContainerPolicy } from '../../../blob-store/blob-store.ts';
import type { Retention } from '../../../blob-store/retention.ts';
import type { Problem } from '../../inputs/outcome.ts';

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
  /** The name of one of them. */
  readonly example: string;
}

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
