/**
 * How long a container keeps stored data, and whether that can still be taken back. Only Azure's management
 * plane knows this; the data plane only says that there is a policy.
 */
export type ToldRetention =
  | { readonly kind: 'TimeBased'; readonly days: number; readonly isLocked: boolean }
  /** The container has no time-based policy. At most it has a legal hold, which can be lifted at any time. */
  | { readonly kind: 'None' };

export type Retention =
  | ToldRetention
  /** The management plane was asked and gave no answer. */
  | {
      readonly kind: 'NotRead';
      /** A sentence for people, without a full stop: why, and what to do. */
      readonly detail: string;
      /** Its last answer. */
      readonly last?: ToldRetention;
    };

/** Asks again each time. Never throws because of what the management plane says or does not say. */
export type ReadRetention = (signal: AbortSignal) => Promise<Retention>;
