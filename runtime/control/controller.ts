/** Brings keys to a reconciler: a change in the cache, or in an input of the object, makes its key due. */
import type { Change, Store } from '../cache/store.ts';
import { askedPauseSeconds, isConflict } from '../client/api-error.ts';
import { LeadershipLost } from '../errors.ts';
import { formatKey, parseKey, type KubernetesObject, type ObjectKey } from '../objects.ts';
import type { Logger } from '../report/logger.ts';
import type { ReconcileOutcome, RuntimeMetrics } from '../report/metrics.ts';
import { traced } from '../report/trace.ts';
import { isUnanswered, meaningfulChange, type ReadMetadata } from './meaningful-change.ts';
import type { Quarantine } from './quarantine.ts';
import { boundedLook, type LookLimits } from './bounded-look.ts';
import type { Reconciler } from './reconciler.ts';
import { during, type UnexpectedErrors } from './unexpected-errors.ts';
import { WorkQueue, type Urgency, type WorkQueueOptions } from './work-queue.ts';

/** Starts a controller's wakes and returns a function that ends them; `watching` makes one. */
export type Wake = (wake: (key: ObjectKey, afterSeconds?: number) => void) => () => void;

export interface WatchingOptions<U> {
  /** Whether a change says anything to those whom it would wake; default: every change does. */
  readonly matters?: (change: Change<U>) => boolean;
}

/** So many of those that one change wakes are woken at once, and as many in each second after that. */
const wokenPerSecond = 10;

/** Seconds after which the n-th of them is woken, counted from 0. */
export function wakePause(index: number): number {
  return Math.floor(index / wokenPerSecond);
}

/**
 * Wakes the keys that `map` returns for each change in a store: inputs of the object, or objects that it
 * owns.
 */
export function watching<U extends KubernetesObject>(
  store: Store<U>,
  map: (object: U) => readonly ObjectKey[],
  { matters = () => true }: WatchingOptions<U> = {},
): Wake {
  return (wake) =>
    store.onChange((change) => {
      if (!matters(change)) return;
      // Both sides of a change, because an object that is no longer referred to must know as well.
      const woken = new Map<string, ObjectKey>();
      for (const object of [change.previous, change.object]) {
        if (object !== undefined) for (const key of map(object)) woken.set(formatKey(key), key);
      }
      for (const [index, key] of [...woken.values()].entries()) wake(key, wakePause(index));
    });
}

export interface ControllerOptions<T extends KubernetesObject> {
  /** In logs and metrics, for example `stack`. */
  readonly name: string;
  readonly store: Store<T>;
  readonly reconciler: Reconciler;
  readonly logger: Logger;
  /** Further reasons to look at an object; see {@link watching}. */
  readonly wakes?: readonly Wake[];
  /** What of its metadata the reconciler reads; a change of the rest wakes nobody. Default: labels, annotations. */
  readonly reads?: ReadMetadata;
  /**
   * Number of reconciles at the same time. One namespace has half at most. Those that last longer than 2 s do
   * not count, up to four for each worker. Default 8.
   */
  readonly workers?: number;
  /** Whether the last look at an object waited in vain, such as for a host. Such looks have few workers. */
  readonly isSlow?: (object: T) => boolean;
  /** Whether work on an object is under way. A new process looks at such objects first. */
  readonly isUnfinished?: (object: T) => boolean;
  readonly metrics?: RuntimeMetrics;
  readonly queue?: Omit<WorkQueueOptions, 'workers' | 'isSlow'>;
  /** Without it, an error that nobody awaits ends the process. */
  readonly unexpected?: UnexpectedErrors;
  readonly limits?: LookLimits;
  /** Without it, an object in trouble is only tried again after pauses of this process. */
  readonly quarantine?: Pick<Quarantine<never>, 'before' | 'succeeded' | 'failed' | 'size'>;
}

/** Conflicts that last until the pauses are this long are not a coincidence. */
const CONFLICT_PATIENCE_SECONDS = 5;

export class Controller<T extends KubernetesObject> {
  readonly #options: ControllerOptions<T>;
  readonly #queue: WorkQueue;
  /** Last failure of each key, so the same failure is logged once. */
  readonly #failures = new Map<string, string>();

  constructor(options: ControllerOptions<T>) {
    this.#options = options;
    const { store, isSlow } = options;
    this.#queue = new WorkQueue({
      ...options.queue,
      workers: options.workers ?? 8,
      isSlow: (id) => {
        const object = isSlow === undefined ? undefined : store.get(parseKey(id));
        return object !== undefined && isSlow?.(object) === true;
      },
    });
  }

  /** Makes a key due now, or in `afterSeconds`, to go on with it. Safe to call at any time. */
  enqueue(key: ObjectKey, afterSeconds = 0, urgency?: Urgency): void {
    this.#queue.add(formatKey(key), afterSeconds, urgency);
  }

  /** As `enqueue`, because something happened outside. If that happens all the time, looks have a pause between them. */
  wake(key: ObjectKey, afterSeconds = 0): void {
    this.#queue.wake(formatKey(key), afterSeconds);
  }

  /**
   * Works until the signal aborts, then waits for the running reconciles (their signal is aborted too). It
   * looks at every object in the store once at the start. A controller runs once.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { store, wakes = [], reads, isUnfinished = () => false } = this.#options;
    const stops = [
      ...this.#measured(),
      store.onChange((change) => {
        if (meaningfulChange(change, reads)) this.wake(change.key);
      }),
      ...wakes.map((start) => start((key, afterSeconds) => this.wake(key, afterSeconds))),
    ];
    for (const object of store.list()) {
      const urgency = isUnanswered(object) || isUnfinished(object) ? 'Asked' : 'Periodic';
      this.#queue.add(formatKey(keyOfStored(object)), 0, urgency);
    }
    const close = (): void => this.#queue.close();
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    const looks = new Set<Promise<void>>();
    try {
      for (let id = await this.#queue.take(); id !== undefined; id = await this.#queue.take()) {
        const look = this.#work(id, signal);
        looks.add(look);
        // One that failed stays, to be thrown at the end.
        void look.then(() => looks.delete(look), close);
      }
      await Promise.all(looks);
    } finally {
      signal.removeEventListener('abort', close);
      for (const stop of stops) stop();
      this.#queue.close();
    }
  }

  #measured(): readonly (() => void)[] {
    const { metrics, name, quarantine } = this.#options;
    if (metrics === undefined) return [];
    const stopQueue = metrics.watchQueue(name, (line) => this.#queue.depthOf(line));
    return quarantine === undefined
      ? [stopQueue]
      : [stopQueue, metrics.watchQuarantine(name, () => quarantine.size)];
  }

  async #work(id: string, signal: AbortSignal): Promise<void> {
    await this.#reconcile(id, signal);
    this.#queue.done(id);
  }

  async #reconcile(id: string, signal: AbortSignal): Promise<void> {
    const { name, reconciler, metrics, quarantine, unexpected, limits = {} } = this.#options;
    const key = parseKey(id);
    const logger = this.#options.logger.child({ controller: name, object: id });
    const context = { signal, logger };
    const heldSeconds = (await quarantine?.before(key, context)) ?? 0;
    if (heldSeconds > 0) {
      this.#queue.add(id, heldSeconds);
      return;
    }
    const start = performance.now();
    let outcome: ReconcileOutcome = 'success';
    try {
      const result = await boundedLook(limits, signal, (bounded) =>
        during(unexpected, id, () =>
          traced(`look ${name}`, { object: id }, () =>
            reconciler.reconcile(key, { signal: bounded, logger }),
          ),
        ),
      );
      this.#succeeded(id, logger);
      const calmSeconds = await quarantine?.succeeded(key, context);
      for (const afterSeconds of [result?.requeueAfterSeconds, calmSeconds])
        if (afterSeconds !== undefined) this.#queue.add(id, afterSeconds);
    } catch (error) {
      outcome = this.#failed(id, error, signal, logger);
      if (outcome === 'error') await quarantine?.failed(key, error, context);
    }
    metrics?.reconciled(name, outcome, (performance.now() - start) / 1000);
  }

  #succeeded(id: string, logger: Logger): void {
    this.#queue.resetFailures(id);
    if (this.#failures.delete(id)) logger.info('recovered');
  }

  #failed(id: string, error: unknown, signal: AbortSignal, logger: Logger): ReconcileOutcome {
    if (signal.aborted) {
      logger.debug('reconcile aborted', { error });
      return 'aborted';
    }
    const retryInSeconds = this.#queue.addAfterFailure(id, askedPauseSeconds(error));
    if (error instanceof LeadershipLost) {
      // If leadership is lost for good, the signal follows.
      logger.debug('not done without leadership', { error });
      return 'aborted';
    }
    if (isConflict(error) && retryInSeconds < CONFLICT_PATIENCE_SECONDS) {
      // Somebody else wrote first. The lock exists for this; the next look decides anew.
      logger.debug('conflict, will be tried again', { error, retryInSeconds });
      return 'conflict';
    }
    this.#logOnce(id, error, () =>
      logger.error('reconcile failed, will be tried again', { error, retryInSeconds }),
    );
    return 'error';
  }

  /** The same trouble with the same object is logged once, until it changes or ends. */
  #logOnce(id: string, error: unknown, log: () => void): void {
    const text = String(error);
    if (this.#failures.get(id) === text) return;
    this.#failures.set(id, text);
    log();
  }
}

function keyOfStored(object: KubernetesObject): ObjectKey {
  return { namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '' };
}
