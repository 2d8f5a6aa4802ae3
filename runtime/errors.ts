/**
 * How a reconcile says that it is not done. Everything else that it throws is a failure: tried again with growing pauses.
 */

/** Nothing is wrong, something has to happen first: look again after that time. Not logged as an error. */
export class Waiting extends Error {
  override readonly name = 'Waiting';
  readonly afterSeconds: number;

  constructor(afterSeconds: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.afterSeconds = afterSeconds;
  }
}

/** Only a change of the object or of an input helps (bad spec, missing Secret key …): no retry until one comes. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
}

/** This process is no longer the leader and must not write. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
}
