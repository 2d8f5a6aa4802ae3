/** What a controller is made of: one function from a name to the state wanted. */
import type { CallOptions } from '../client/cluster.ts';
import type { ObjectKey } from '../objects.ts';
import type { Logger } from '../report/logger.ts';

/** Can be passed on as the options of every API call. */
export interface ReconcileContext extends CallOptions {
  /** Aborted when leadership is lost or the process ends. */
  readonly signal: AbortSignal;
  /** Names controller and object on every line. */
  readonly logger: Logger;
}

export interface ReconcileResult {
  /** Look again after this time even if nothing changes. */
  readonly requeueAfterSeconds?: number;
}

export interface Reconciler {
  /**
   * Brings the object of this name nearer to what is wanted. Reads the object itself; an object that is gone is a case
   * like any other. Must be able to run again at any time. What it throws is a failure, tried again with growing
   * pauses.
   */
  reconcile(key: ObjectKey, context: ReconcileContext): Promise<ReconcileResult | void>;
}
