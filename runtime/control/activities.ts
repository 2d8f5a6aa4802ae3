/**
 * Runs long effects beside the workers, because an installation of twenty minutes must not occupy a worker. A
 * reconcile starts an activity. Its key is enqueued again when the activity progresses or ends, and the
 * reconcile takes the outcome. An activity is only this process's handle on a job; durable state lives on the
 * host and in the status.
 */
import { formatKey, type ObjectKey } from '../objects.ts';
import type { Logger } from '../report/logger.ts';
import { during, type UnexpectedErrors } from './unexpected-errors.ts';

export interface ActivityProgress {
  readonly step: string;
  readonly percent?: number;
}

export interface Activity<P> {
  readonly name: string;
  readonly startTime: Date;
  /** Undefined until the first report. */
  readonly progress: P | undefined;
}

export interface ActivityOutcome<P> extends Activity<P> {
  readonly result: 'Succeeded' | 'Failed' | 'Aborted';
  readonly endTime: Date;
  /** What the activity threw; undefined if it succeeded. */
  readonly error: unknown;
}

export interface ActivitiesOptions {
  /** Called on progress and at the end; normally `controller.enqueue`. */
  readonly enqueue: (key: ObjectKey) => void;
  readonly logger: Logger;
  /** Progress enqueues a key at most this often. Default 2 s. */
  readonly progressIntervalSeconds?: number;
  /** Without it, an error that nobody awaits ends the process. */
  readonly unexpected?: UnexpectedErrors;
}

interface Running<P> {
  activity: Activity<P>;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  timer?: NodeJS.Timeout | undefined;
  lastEnqueued: number;
}

export class Activities<P = ActivityProgress> {
  readonly #options: ActivitiesOptions;
  readonly #running = new Map<string, Running<P>>();
  readonly #outcomes = new Map<string, ActivityOutcome<P>>();
  #closed = false;

  constructor(options: ActivitiesOptions) {
    this.#options = options;
  }

  /** Activities that run now, for readiness and metrics. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Starts `run` for this key. Throws if one runs already (call `get` first), and after `close`. It drops an
   * outcome that was not taken. `run` must end soon after its signal aborts.
   */
  start(
    key: ObjectKey,
    name: string,
    run: (progress: (progress: P) => void, signal: AbortSignal) => Promise<void>,
  ): void {
    const id = formatKey(key);
    if (this.#closed) throw new Error(`activity ${name} of ${id} not started: activities are closed`);
    const current = this.#running.get(id);
    if (current !== undefined)
      throw new Error(`activity ${name} of ${id} not started: ${current.activity.name} is running`);
    this.#outcomes.delete(id);
    const controller = new AbortController();
    const report = (progress: P): void => this.#progress(key, controller, progress);
    // The run starts in a later microtask, so it finds itself registered.
    const ended = Promise.resolve()
      .then(() => during(this.#options.unexpected, id, () => run(report, controller.signal)))
      .then(
        () => this.#end(key, controller, 'Succeeded', undefined),
        (error: unknown) => {
          const result = controller.signal.aborted ? 'Aborted' : 'Failed';
          // After an unexpected error, the rest of it may still run.
          controller.abort(error);
          this.#end(key, controller, result, error);
        },
      );
    this.#running.set(id, {
      activity: { name, startTime: new Date(), progress: undefined },
      controller,
      ended,
      // The look that starts it has just told what begins.
      lastEnqueued: performance.now(),
    });
    this.#options.logger.debug('activity started', { object: id, activity: name });
  }

  /** The running activity of this key. */
  get(key: ObjectKey): Activity<P> | undefined {
    return this.#running.get(formatKey(key))?.activity;
  }

  /** The outcome of the last activity of this key. A second call returns undefined. */
  take(key: ObjectKey): ActivityOutcome<P> | undefined {
    const id = formatKey(key);
    const outcome = this.#outcomes.get(id);
    this.#outcomes.delete(id);
    return outcome;
  }

  /** Asks the running activity to stop; its outcome (`Aborted`) follows. If nothing runs, that is success. */
  abort(key: ObjectKey, reason = 'the activity is no longer wanted'): void {
    this.#running.get(formatKey(key))?.controller.abort(new Error(reason));
  }

  /** Forgets an outcome that nobody will take, and aborts. For deleted objects. */
  forget(key: ObjectKey): void {
    this.abort(key, 'the object is gone');
    this.#outcomes.delete(formatKey(key));
  }

  /** Aborts all and waits until all have ended. Nothing can start afterwards. */
  async close(reason = 'the operator is stopping'): Promise<void> {
    this.#closed = true;
    const running = [...this.#running.values()];
    for (const { controller } of running) controller.abort(new Error(reason));
    await Promise.all(running.map(({ ended }) => ended));
  }

  #progress(key: ObjectKey, controller: AbortController, progress: P): void {
    const running = this.#running.get(formatKey(key));
    // A report after the end, or from an older activity, says nothing about this one.
    if (running?.controller !== controller) return;
    running.activity = { ...running.activity, progress };
    if (running.timer !== undefined) return;
    const intervalMilliseconds = (this.#options.progressIntervalSeconds ?? 2) * 1000;
    const pause = Math.max(0, running.lastEnqueued + intervalMilliseconds - performance.now());
    const enqueue = (): void => {
      running.timer = undefined;
      running.lastEnqueued = performance.now();
      this.#options.enqueue(key);
    };
    if (pause === 0) enqueue();
    else running.timer = setTimeout(enqueue, pause);
  }

  #end(
    key: ObjectKey,
    controller: AbortController,
    result: ActivityOutcome<P>['result'],
    error: unknown,
  ): void {
    const id = formatKey(key);
    const running = this.#running.get(id);
    if (running?.controller !== controller) return;
    clearTimeout(running.timer);
    this.#running.delete(id);
    this.#outcomes.set(id, { ...running.activity, result, endTime: new Date(), error });
    this.#options.logger.debug('activity ended', {
      object: id,
      activity: running.activity.name,
      result,
      error,
    });
    if (!this.#closed) this.#options.enqueue(key);
  }
}
