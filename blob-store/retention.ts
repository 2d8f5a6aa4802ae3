/**
 * How long a container keeps what is stored, and whether that can still be taken back. Only Azure's management plane knows; the data plane
 * tells no more than that there is a policy.
 */
export type ToldRetention =
  | { readonly kind: 'TimeBased'; readonly days: number; readonly isLocked: boolean }
  /** There is no time-based policy for the container: at most a legal hold, which can be lifted at any time. */
  | { readonly kind: 'None' };

export type Retention =
  | ToldRetention
  /** It was to be asked and did not tell. */
  | {
      readonly kind: 'NotRead';
      /** A sentence for people without a full stop: why, and what to do. */
      readonly detail: string;
      /** What it told before. */
      readonly last?: ToldRetention;
    };

/** Asked anew each time; never throws for what the management plane says or does not say. */
export type ReadRetention = (signal: AbortSignal) => Promise<Retention>;
