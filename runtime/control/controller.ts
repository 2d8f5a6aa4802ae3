/** Brings keys to a reconciler: a change in the cache, or in an input of the object, makes its key due. */
import type { Store } from '../cache/store.ts';
import { isConflict } from '../client/api-error.ts';
import { LeadershipLost } from '../errors.ts';
import { formatKey, parseKey, type KubernetesObject, type ObjectKey } from '../objects.ts';
import type { Logger } from '../report/logger.ts';
import type { ReconcileOutcome, RuntimeMetrics } from '../report/metrics.ts';
import { traced } from '../report/trace.ts';
import { meaningfulChange } from './meaningful-change.ts';
import type { Quarantine } from './quarantine.ts';
import { boundedLook, type LookLimits } from './bounded-look.ts';
import type { Reconciler } from './reconciler.ts';
import { during, type UnexpectedErrors } from './unexpected-errors.ts';
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts';

/** Starts a controller's wakes and returns a function that ends them; `watching` makes one. */
export type Wake = (enqueue: (key: ObjectKey) => void) => () => void;

/**
 * Wakes the keys that `map` returns for each change in a store: inputs of the object, or objects that it
 * owns.
 */
export function watching<U extends KubernetesObject>(
  store: Store<U>,
  map: (object: U) => readonly ObjectKey[],
): Wake {
  return (enqueue) =>
    store.onChange((change) => {
      // Both sides of a change, because an object that is no longer referred to must know as well.
      for (const object of [change.previous, change.object]) {
        if (object !== undefined) for (const key of map(object)) enqueue(key);
      }
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
  /** Number of reconciles at the same time, of which one namespace has half at most. Default 8. */
  readonly workers?: number;
  readonly metrics?: RuntimeMetrics;
  readonly queue?: Omit<WorkQueueOptions, 'workers'>;
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
  readonly #workers: number;
  readonly #queue: WorkQueue;
  /** Last failure of each key, so the same failure is logged once. */
  readonly #failures = new Map<string, string>();

  constructor(options: ControllerOptions<T>) {
    this.#options = options;
    this.#workers = options.workers ?? 8;
    this.#queue = new WorkQueue({ ...options.queue, workers: this.#workers });
    const { metrics, quarantine, name } = options;
    metrics?.watchQueue(name, () => this.#queue.depth);
    if (quarantine !== undefined) metrics?.watchQuarantine(name, () => quarantine.size);
  }

  /** Makes a key due now, or in `afterSeconds`. Safe to call at any time. */
  enqueue(key: ObjectKey, afterSeconds = 0): void {
    this.#queue.add(formatKey(key), afterSeconds);
  }

  /**
   * Works until the signal aborts, then waits for the running reconciles (their signal is aborted too). It
   * looks at every object in the store once at the start. A controller runs once.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { store, wakes = [] } = this.#options;
    const stops = [
      store.onChange((change) => {
        if (meaningfulChange(change)) this.enqueue(change.key);
      }),
      ...wakes.map((wake) => wake((key) => this.enqueue(key))),
    ];
    for (const object of store.list()) this.enqueue(keyOfStored(object));
    const close = (): void => this.#queue.close();
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    try {
      await Promise.all(Array.from({ length: this.#workers }, () => this.#work(signal)));
    } finally {
      signal.removeEventListener('abort', close);
      for (const stop of stops) stop();
      this.#queue.close();
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const id = await this.#queue.take();
      if (id === undefined) return;
      await this.#reconcile(id, signal);
      this.#queue.done(id);
    }
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
    const retryInSeconds = this.#queue.addAfterFailure(id);
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
