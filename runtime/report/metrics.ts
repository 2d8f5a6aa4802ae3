/**
 * What the runtime counts, for Prometheus. Labels are bounded: controllers, kinds and verbs, never names of
 * objects.
 */
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';
import type { MissingRight } from '../client/api-error.ts';
import { lines, type Line } from '../../base/fair-order.ts';

const reconcileOutcomes = ['success', 'conflict', 'error', 'aborted'] as const;
export type ReconcileOutcome = (typeof reconcileOutcomes)[number];

const lossReasons = ['Overflow', 'Refused', 'Closing'] as const;
/** Why an event was lost: too many waited, the server did not take it, or this process ended. */
export type EventLoss = (typeof lossReasons)[number];

const unexpectedKinds = ['exception', 'rejection'] as const;

/** What there is, for the metrics themselves and for the page that lists them; names without their prefix. */
const families = {
  reconciles: {
    name: 'reconciles_total',
    type: 'counter',
    help: 'Reconciles by outcome since this process started',
    labelNames: ['controller', 'outcome'],
  },
  reconcileSeconds: {
    name: 'reconcile_duration_seconds',
    type: 'histogram',
    help: 'Duration of reconciles',
    labelNames: ['controller'],
  },
  queueDepth: {
    name: 'queue_depth',
    type: 'gauge',
    help: 'Objects that are due and wait for a worker. Line: Asked by a person or an event, or Periodic; Slow: their last look waited in vain',
    labelNames: ['controller', 'line'],
  },
  watchRestarts: {
    name: 'watch_restarts_total',
    type: 'counter',
    help: 'Watches that ended other than by schedule',
    labelNames: ['kind', 'reason'],
  },
  cachedObjects: {
    name: 'cached_objects',
    type: 'gauge',
    help: 'Objects in the cache',
    labelNames: ['kind'],
  },
  apiCalls: {
    name: 'api_calls_total',
    type: 'counter',
    help: 'Calls of the Kubernetes API by HTTP status; code 0 is no answer',
    labelNames: ['method', 'code'],
  },
  apiSeconds: {
    name: 'api_call_duration_seconds',
    type: 'histogram',
    help: 'Duration of calls of the Kubernetes API',
    labelNames: ['method'],
  },
  unexpectedErrors: {
    name: 'unexpected_errors_total',
    type: 'counter',
    help: 'Errors that nobody awaited: faults of the operator, of which each ended one look or wave at most',
    labelNames: ['kind'],
  },
  eventsLost: {
    name: 'events_lost_total',
    type: 'counter',
    help: 'Kubernetes events that were not recorded; status and log have what they said',
    labelNames: ['reason'],
  },
  quarantined: {
    name: 'quarantined_objects',
    type: 'gauge',
    help: 'Objects that are put aside because their looks fail or go round in circles',
    labelNames: ['controller'],
  },
  missingRights: {
    name: 'missing_rights',
    type: 'gauge',
    help: '1 for each right that the operator was refused in the last 15 minutes',
    labelNames: ['verb', 'resource'],
  },
  leader: { name: 'leader', type: 'gauge', help: '1 while this process leads', labelNames: [] },
  leaseHeld: {
    name: 'lease_held',
    type: 'gauge',
    help: '1 while this process leads by that Lease. Several replicas that share the work have a Lease for each shard',
    labelNames: ['lease'],
  },
} as const;

/** One line of the list of metrics. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** @param prefix begins every name, such as `jtel_operator_` */
export function runtimeMetricFamilies(prefix: string): readonly MetricFamily[] {
  return Object.values(families).map((family) => ({ ...family, name: `${prefix}${family.name}` }));
}

export class RuntimeMetrics {
  readonly registry: Registry;
  readonly #reconciles: Counter<'controller' | 'outcome'>;
  readonly #reconcileSeconds: Histogram<'controller'>;
  readonly #watchRestarts: Counter<'kind' | 'reason'>;
  readonly #apiCalls: Counter<'method' | 'code'>;
  readonly #apiSeconds: Histogram<'method'>;
  readonly #unexpectedErrors: Counter<'kind'>;
  readonly #eventsLost: Counter<'reason'>;
  readonly #leader: Gauge;
  readonly #leaseHeld: Gauge<'lease'>;
  readonly #leases = new Map<string, boolean>();
  #missingRights: () => readonly MissingRight[] = () => [];
  readonly #quarantines = new Sources<[]>();
  readonly #queues = new Sources<[Line]>();
  readonly #caches = new Map<string, () => number>();

  /** @param prefix begins every name, such as `jtel_operator_` */
  constructor(registry: Registry, prefix: string) {
    this.registry = registry;
    const registers = [registry];
    const named = <const F extends { readonly name: string }>(
      family: F,
    ): F & { readonly registers: Registry[] } => ({ ...family, name: `${prefix}${family.name}`, registers });
    this.#reconciles = new Counter(named(families.reconciles));
    this.#reconcileSeconds = new Histogram({
      ...named(families.reconcileSeconds),
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    });
    const queueDepth = new Gauge({
      ...named(families.queueDepth),
      collect: () => {
        for (const controller of this.#queues.names)
          for (const line of lines) queueDepth.set({ controller, line }, this.#queues.sum(controller, line));
      },
    });
    this.#watchRestarts = new Counter(named(families.watchRestarts));
    const cachedObjects = new Gauge({
      ...named(families.cachedObjects),
      collect: () => {
        for (const [kind, size] of this.#caches) cachedObjects.set({ kind }, size());
      },
    });
    this.#apiCalls = new Counter(named(families.apiCalls));
    this.#apiSeconds = new Histogram({
      ...named(families.apiSeconds),
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    });
    this.#unexpectedErrors = new Counter(named(families.unexpectedErrors));
    for (const kind of unexpectedKinds) this.#unexpectedErrors.inc({ kind }, 0);
    this.#eventsLost = new Counter(named(families.eventsLost));
    for (const reason of lossReasons) this.#eventsLost.inc({ reason }, 0);
    const quarantined = new Gauge({
      ...named(families.quarantined),
      collect: () => {
        for (const controller of this.#quarantines.names)
          quarantined.set({ controller }, this.#quarantines.sum(controller));
      },
    });
    const missingRights = new Gauge({
      ...named(families.missingRights),
      collect: () => {
        missingRights.reset();
        for (const { verb, resource } of this.#missingRights()) missingRights.set({ verb, resource }, 1);
      },
    });
    this.#leader = new Gauge(named(families.leader));
    this.#leaseHeld = new Gauge(named(families.leaseHeld));
  }

  reconciled(controller: string, outcome: ReconcileOutcome, seconds: number): void {
    this.#reconciles.inc({ controller, outcome });
    this.#reconcileSeconds.observe({ controller }, seconds);
  }

  /**
   * Calls `depth` whenever metrics are read. From now on each outcome has a series, so a first failure counts as one more.
   * Controllers of one name are added up. @returns a function that stops it
   */
  watchQueue(controller: string, depth: (line: Line) => number): () => void {
    for (const outcome of reconcileOutcomes) this.#reconciles.inc({ controller, outcome }, 0);
    return this.#queues.add(controller, depth);
  }

  watchCache(kind: string, size: () => number): void {
    this.#caches.set(kind, size);
  }

  watchRestarted(kind: string, reason: string): void {
    this.#watchRestarts.inc({ kind, reason });
  }

  apiCalled(method: string, status: number, seconds: number): void {
    this.#apiCalls.inc({ method, code: String(status) });
    this.#apiSeconds.observe({ method }, seconds);
  }

  unexpectedError(kind: (typeof unexpectedKinds)[number]): void {
    this.#unexpectedErrors.inc({ kind });
  }

  eventLost(reason: EventLoss): void {
    this.#eventsLost.inc({ reason });
  }

  /** Calls `size` whenever metrics are read; added up as queues are. @returns a function that stops it */
  watchQuarantine(controller: string, size: () => number): () => void {
    return this.#quarantines.add(controller, size);
  }

  /** Calls `list` whenever metrics are read. */
  watchRights(list: () => readonly MissingRight[]): void {
    this.#missingRights = list;
  }

  /** @param lease name of the Lease that it leads by, or does no longer */
  leads(lease: string, leading: boolean): void {
    this.#leases.set(lease, leading);
    this.#leaseHeld.set({ lease }, leading ? 1 : 0);
    this.#leader.set([...this.#leases.values()].includes(true) ? 1 : 0);
  }
}

/** Functions that count something. Those of one name are added up; a name that was there stays, with 0. */
class Sources<A extends unknown[]> {
  readonly #byName = new Map<string, Set<(...args: A) => number>>();

  get names(): Iterable<string> {
    return this.#byName.keys();
  }

  add(name: string, count: (...args: A) => number): () => void {
    const counts = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, counts.add(count));
    return () => counts.delete(count);
  }

  sum(name: string, ...args: A): number {
    return [...(this.#byName.get(name) ?? [])].reduce((total, count) => total + count(...args), 0);
  }
}
