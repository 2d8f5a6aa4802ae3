/** What the runtime counts, for Prometheus. Labels are bounded: controllers, kinds and verbs, never names of objects. */
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

export type ReconcileOutcome = 'success' | 'conflict' | 'error' | 'aborted';

export class RuntimeMetrics {
  readonly registry: Registry;
  readonly #reconciles: Counter<'controller' | 'outcome'>;
  readonly #reconcileSeconds: Histogram<'controller'>;
  readonly #reconcileErrors: Counter<'controller'>;
  readonly #queueDepth: Gauge<'controller'>;
  readonly #watchRestarts: Counter<'kind' | 'reason'>;
  readonly #cachedObjects: Gauge<'kind'>;
  readonly #apiCalls: Counter<'method' | 'status'>;
  readonly #apiSeconds: Histogram<'method'>;
  readonly #leader: Gauge;
  readonly #queues = new Map<string, () => number>();
  readonly #caches = new Map<string, () => number>();

  /** @param prefix begins every name, such as `jtel_operator_` */
  constructor(registry: Registry, prefix: string) {
    this.registry = registry;
    const registers = [registry];
    this.#reconciles = new Counter({
      name: `${prefix}reconcile_total`,
      help: 'Reconciles by outcome',
      labelNames: ['controller', 'outcome'],
      registers,
    });
    this.#reconcileErrors = new Counter({
      name: `${prefix}reconcile_errors_total`,
      help: 'Reconciles that failed and are tried again',
      labelNames: ['controller'],
      registers,
    });
    this.#reconcileSeconds = new Histogram({
      name: `${prefix}reconcile_seconds`,
      help: 'Duration of reconciles',
      labelNames: ['controller'],
      registers,
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    });
    this.#queueDepth = new Gauge({
      name: `${prefix}queue_depth`,
      help: 'Objects that are due and wait for a worker',
      labelNames: ['controller'],
      registers,
      collect: () => {
        for (const [controller, depth] of this.#queues) this.#queueDepth.set({ controller }, depth());
      },
    });
    this.#watchRestarts = new Counter({
      name: `${prefix}watch_restarts_total`,
      help: 'Watches that ended other than by schedule',
      labelNames: ['kind', 'reason'],
      registers,
    });
    this.#cachedObjects = new Gauge({
      name: `${prefix}cached_objects`,
      help: 'Objects in the cache',
      labelNames: ['kind'],
      registers,
      collect: () => {
        for (const [kind, size] of this.#caches) this.#cachedObjects.set({ kind }, size());
      },
    });
    this.#apiCalls = new Counter({
      name: `${prefix}api_calls_total`,
      help: 'Calls of the Kubernetes API; status 0: no answer',
      labelNames: ['method', 'status'],
      registers,
    });
    this.#apiSeconds = new Histogram({
      name: `${prefix}api_call_seconds`,
      help: 'Duration of calls of the Kubernetes API',
      labelNames: ['method'],
      registers,
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    });
    this.#leader = new Gauge({ name: `${prefix}leader`, help: '1 while this process leads', registers });
  }

  reconciled(controller: string, outcome: ReconcileOutcome, seconds: number): void {
    this.#reconciles.inc({ controller, outcome });
    if (outcome === 'error') this.#reconcileErrors.inc({ controller });
    this.#reconcileSeconds.observe({ controller }, seconds);
  }

  /** Asks for the depth whenever metrics are read. */
  watchQueue(controller: string, depth: () => number): void {
    this.#queues.set(controller, depth);
  }

  watchCache(kind: string, size: () => number): void {
    this.#caches.set(kind, size);
  }

  watchRestarted(kind: string, reason: string): void {
    this.#watchRestarts.inc({ kind, reason });
  }

  apiCalled(method: string, status: number, seconds: number): void {
    this.#apiCalls.inc({ method, status: String(status) });
    this.#apiSeconds.observe({ method }, seconds);
  }

  leads(leading: boolean): void {
    this.#leader.set(leading ? 1 : 0);
  }
}
