/** What is done to a store, and the cause of it. */

/** What was seen that makes a probe due. */
export type Cause = 'NeverProbed' | 'SpecChanged' | 'NotImmutable' | 'ProbeOld';

export type Action = { readonly cause: Cause } & (
  | {
      /** Writes a small object and reads it back. */
      readonly type: 'WriteProbe';
      /** Relative to the store's prefix. */
      readonly name: string;
      readonly content: string;
    }
  | {
      /** Tries to destroy that probe. */
      readonly type: 'ProveImmutable';
      readonly name: string;
    }
);
