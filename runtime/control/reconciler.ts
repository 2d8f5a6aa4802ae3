/** The core of a controller: one function from a key to the desired state. */
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
  /** Look again after this time, even if nothing changes. */
  readonly requeueAfterSeconds?: number;
}

export interface Reconciler {
  /**
   * Brings the object of this key closer to its desired state. It reads the object itself; a deleted object
   * is a normal case. It must be able to run again at any time. If it throws, that is a failure and is tried
   * again with growing pauses.
   */
  reconcile(key: ObjectKey, context: ReconcileContext): Promise<ReconcileResult | void>;
}
