/**
 * The skeleton of every controller that observes an object, plans, reports, and acts in waves. A controller
 * is a definition of five parts. Observe, plan, summarise and events change nothing; execute does one action.
 *
 * Flow of one look at one object:
 * 1. Read it. If it is gone or over, forget it and remove its finalizer.
 * 2. Set the finalizer, if it is due already.
 * 3. Take the outcome of the last wave. A failure is recorded and pauses the next; success forgets failures.
 * 4. Observe; plan; abort a running wave that nobody wants any more.
 * 5. Set the finalizer, if the plan makes it due.
 * 6. Do short work that is part of the status (`within`); write the status if it changed; record events.
 * 7. Do short work that needs the written status (`after`).
 * 8. Start the planned wave beside the workers, if none runs and no pause is on.
 * 9. Return the time of the next look.
 *
 * Guarantees:
 * - Work starts after the status that announces it was written, locked on the version that was planned for. Of
 *   two processes with the same plan, one starts it. What tells progress alone is written within two seconds.
 * - An object has one wave at a time. What was observed while one ran starts no other.
 * - Actions run in order. The first failure, an abort or lost leadership ends the wave; the next look plans
 *   anew.
 * - A wave that keeps failing is tried at growing intervals. A changed object is tried at once.
 * - The status is written only if it changed; heartbeats are written now and then.
 *
 * Assumptions:
 * - Every action is idempotent, and leaves its trace where the next look finds it: a process may end between
 *   any two.
 * - What `observe` finds out for people is data. What it throws is a failure of the look, which the queue
 *   tries again.
 *
 * Caveats:
 * - Failures and notes are in this process only; a new leader tries at once.
 * - A status that would not change is not written, so nothing is locked then. An effect that must not happen
 *   twice needs a fence where it happens, such as the epoch on a host.
 * - `now` is asked once, before observing: a look at a slow host ends later than its status says.
 * - An aborted wave continues until its action notices. Until then the object is only looked at.
 */
import { isConflict } from '../client/api-error.ts';
import type { ObjectCluster, Preconditions } from '../client/cluster.ts';
import { LeadershipLost } from '../errors.ts';
import type { ResourceKind } from '../kind.ts';
import { formatKey, keyOf, type KubernetesObject, type ObjectKey } from '../objects.ts';
import type { EventDetails, EventRecorder } from '../report/event-recorder.ts';
import { statusChanged, type Heartbeat } from '../report/status-changed.ts';
import type { Activities, Activity, ActivityOutcome } from './activities.ts';
import { pauseSeconds, spread, type BackOff } from '../../base/back-off.ts';
import { traced } from '../report/trace.ts';
import { addFinalizer, finalizerStep, removeFinalizer } from './finalizer.ts';
import type { ReconcileContext, Reconciler, ReconcileResult } from './reconciler.ts';
import { StatusPace } from './status-pace.ts';
import { passing, WaveMemory, type Begun, type Remembered, type Failure } from './wave-memory.ts';

/** The types that a controller is about. */
export interface WaveTypes {
  readonly object: KubernetesObject & { readonly status?: unknown };
  /** The result of observing. */
  readonly seen: unknown;
  readonly plan: unknown;
  /** The result of `within`. */
  readonly found: unknown;
  /** `cause`: what was seen that makes it due; logged. */
  readonly action: { readonly type: string; readonly cause?: unknown };
  readonly progress: unknown;
  readonly failure: Failure;
  /** What is remembered between looks, besides failures. */
  readonly notes: object;
}

export interface Look<T extends WaveTypes> {
  readonly key: ObjectKey;
  readonly object: T['object'];
  readonly now: Date;
  /** The wave that runs beside the workers. */
  readonly running: Activity<T['progress']> | undefined;
  readonly memory: Remembered<T['failure'], Partial<T['notes']>>;
}

export interface PlannedLook<T extends WaveTypes> extends Look<T> {
  readonly seen: T['seen'];
  readonly plan: T['plan'];
  /** Whether its wave starts at the end of this look. */
  readonly due: boolean;
}

export interface SettledLook<T extends WaveTypes> extends PlannedLook<T> {
  readonly found: T['found'];
}

type Status<T extends WaveTypes> = NonNullable<T['object']['status']>;

export interface WaveDefinition<T extends WaveTypes> {
  readonly kind: ResourceKind<T['object']>;
  readonly finalizer?: {
    readonly name: string;
    /** Asked before observing, without a plan, and again with one. */
    readonly isDue: (object: T['object'], plan?: T['plan']) => boolean;
  };
  /** Whether nothing is left to do. Asked before observing, with the plan, and after the status was written. */
  readonly isOver?: (object: T['object'], plan?: T['plan']) => boolean;
  /**
   * Drops what is kept elsewhere about an object that is gone or over.
   * @param uid empty if this process knew nothing of it
   */
  readonly forget?: (key: ObjectKey, uid: string) => void;

  readonly observe: (look: Look<T>, context: ReconcileContext) => Promise<T['seen']>;
  readonly plan: (look: Look<T>, seen: T['seen']) => T['plan'];
  /** Returns what is added to the notes, for the next look. */
  readonly remember?: (look: PlannedLook<T>) => Partial<T['notes']>;
  /** Whether earlier failures stop counting once the status with this plan is written. */
  readonly startsAfresh?: (plan: T['plan']) => boolean;
  readonly within: (look: PlannedLook<T>, context: ReconcileContext) => Promise<T['found']>;
  readonly summarise: (look: SettledLook<T>) => Status<T>;
  readonly heartbeats?: readonly Heartbeat[];
  /**
   * Whether the new status tells only how the work goes on, which is written now and then (`status-pace.ts`).
   * `before` is undefined if nothing was told yet.
   */
  readonly tellsProgress?: (before: Status<T> | undefined, after: Status<T>, plan: T['plan']) => boolean;
  /** Whether the status is written only over the version that was read. Before a wave it always is. */
  readonly isLocked?: (plan: T['plan'], object: T['object'], after: Status<T>) => boolean;
  /** Returns the events that the new status is worth. */
  readonly events: (look: SettledLook<T>, status: Status<T>) => readonly EventDetails[];
  /** @returns seconds after which it wants to run again */
  readonly after?: (
    look: SettledLook<T>,
    written: T['object'],
    context: ReconcileContext,
  ) => Promise<number | undefined>;
  /** Seconds until the next look. A wave that waits for its pause to end gets its look then. */
  readonly nextLook: (look: SettledLook<T>, isBusy: boolean) => number;
  readonly waves?: Waves<T>;
}

export interface Waves<T extends WaveTypes> {
  readonly activities: Activities<T['progress']>;
  /** Whether this process is still the leader, by its own clock; asked before each action. */
  readonly mayAct: () => boolean;
  /** The planned wave that may run; undefined if there is none. */
  readonly waveOf: (
    plan: T['plan'],
    object: T['object'],
  ) => { readonly step: string; readonly wave: readonly T['action'][] } | undefined;
  /** Why to abort a running wave. Asked before observing, without a plan, and again with one. */
  readonly abandon?: (
    running: Activity<T['progress']>,
    begun: Begun | undefined,
    object: T['object'],
    plan?: T['plan'],
  ) => string | undefined;
  /** While a wave works, the object is not looked at more often than this. Default 0. */
  readonly betweenLooksSeconds?: number;
  readonly execute: (action: T['action'], wave: WaveContext<T>) => Promise<void>;
  readonly failureOf: (error: unknown) => T['failure'];
  /** Returns the events for a failed wave. */
  readonly failed?: (
    look: Omit<Look<T>, 'running'>,
    failure: T['failure'],
    step: string,
  ) => readonly EventDetails[];
  readonly pauses: { readonly backOff: BackOff; readonly spread: readonly [number, number] };
  /** Notes and pause after a successful wave; default: the same notes, no pause. */
  readonly succeeded?: (
    notes: Partial<T['notes']>,
    step: string,
  ) => { readonly notes: Partial<T['notes']>; readonly pauseSeconds?: number };
}

export interface WaveContext<T extends WaveTypes> {
  /** With the status that was written before the wave. */
  readonly look: SettledLook<T>;
  readonly step: string;
  readonly progress: (progress: T['progress']) => void;
  /** As they are now. */
  readonly notes: () => Partial<T['notes']>;
  /** Adds to the notes, which the next look gets. */
  readonly note: (notes: Partial<T['notes']>) => void;
  readonly signal: AbortSignal;
}

export interface WaveOptions {
  readonly cluster: ObjectCluster;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: () => Date;
  /** In [0, 1) */
  readonly random: () => number;
}

export class WaveController<T extends WaveTypes> implements Reconciler {
  readonly #definition: WaveDefinition<T>;
  readonly #options: WaveOptions;
  readonly #memory = new WaveMemory<T['failure'], T['notes']>();
  readonly #pace = new StatusPace();

  constructor(definition: WaveDefinition<T>, options: WaveOptions) {
    this.#definition = definition;
    this.#options = options;
  }

  /** Tries the last failure again at the next look, without a pause: something that it needs has changed. */
  tryAgain(key: ObjectKey): void {
    this.#memory.forget(key);
  }

  /** What is remembered about the object, in its present generation. */
  notes(object: T['object']): Partial<T['notes']> {
    return this.#memory.recall(keyOf(object), object).notes;
  }

  async reconcile(key: ObjectKey, context: ReconcileContext): Promise<ReconcileResult | void> {
    const definition = this.#definition;
    const { waves } = definition;
    const found = await this.#options.cluster.find(definition.kind, key, context);
    if (found === undefined || this.#isOver(found)) return await this.#leave(key, found, context);
    const object = await this.#guard(found, undefined, context);
    const now = this.#options.clock();
    const memory = this.#takeOutcome(key, object, now);
    this.#abandon(key, object);
    // Asked before observing: what is seen while a wave works may be outdated when it has ended, so it starts
    // no other wave.
    const running = waves?.activities.get(key);
    const heldBack =
      running === undefined ? 0 : this.#memory.nextLook(key, waves?.betweenLooksSeconds ?? 0, now);
    if (heldBack > 0) return { requeueAfterSeconds: heldBack };
    const look: Look<T> = { key, object, now, running, memory };
    const seen = await definition.observe(look, context);
    const plan = definition.plan(look, seen);
    if (definition.isOver?.(object, plan) === true) return await this.#leave(key, object, context);
    this.#abandon(key, object, plan);
    const wave = waves?.waveOf(plan, object);
    const due = wave !== undefined && running === undefined && (memory.retryTime ?? 0) <= now.getTime();
    const planned: PlannedLook<T> = { ...look, seen, plan, due };
    if (definition.remember !== undefined) this.#memory.note(key, object, definition.remember(planned));
    const guarded = { ...planned, object: await this.#guard(object, plan, context) };
    const settled: SettledLook<T> = { ...guarded, found: await definition.within(guarded, context) };
    const { written, laterSeconds } = await this.#write(settled, context);
    if (this.#isOver(written)) return await this.#leave(key, written, context);
    const soonSeconds = Math.min(
      (await definition.after?.(settled, written, context)) ?? Number.POSITIVE_INFINITY,
      laterSeconds,
    );
    if (due) this.#start({ ...settled, object: written }, wave, context);
    return { requeueAfterSeconds: Math.min(this.#nextLook(settled, wave), soonSeconds) };
  }

  #isOver(object: T['object']): boolean {
    const { finalizer, isOver } = this.#definition;
    const step = finalizer === undefined ? undefined : finalizerStep(object, finalizer.name);
    const deleted = finalizer === undefined && object.metadata?.deletionTimestamp !== undefined;
    return step === 'Leave' || deleted || isOver?.(object) === true;
  }

  async #leave(key: ObjectKey, object: T['object'] | undefined, context: ReconcileContext): Promise<void> {
    const { kind, finalizer, waves, forget } = this.#definition;
    waves?.activities.forget(key);
    forget?.(key, object?.metadata?.uid ?? this.#memory.uidOf(key));
    this.#memory.forget(key);
    this.#memory.end(key);
    this.#pace.forget(key);
    if (finalizer !== undefined && object?.metadata?.finalizers?.includes(finalizer.name) === true)
      await removeFinalizer(this.#options.cluster, kind, object, finalizer.name, context);
  }

  async #guard(
    object: T['object'],
    plan: T['plan'] | undefined,
    context: ReconcileContext,
  ): Promise<T['object']> {
    const { kind, finalizer } = this.#definition;
    if (finalizer === undefined || finalizerStep(object, finalizer.name) !== 'Add') return object;
    return finalizer.isDue(object, plan)
      ? await addFinalizer(this.#options.cluster, kind, object, finalizer.name, context)
      : object;
  }

  #abandon(key: ObjectKey, object: T['object'], plan?: T['plan']): void {
    const { waves } = this.#definition;
    const running = waves?.activities.get(key);
    if (running === undefined) return;
    const reason = waves?.abandon?.(running, this.#memory.begun(key), object, plan);
    if (reason !== undefined) waves?.activities.abort(key, reason);
  }

  #takeOutcome(key: ObjectKey, object: T['object'], now: Date): Look<T>['memory'] {
    const { waves } = this.#definition;
    const known = this.#memory.recall(key, object);
    const outcome = waves?.activities.take(key);
    const memory =
      waves === undefined || outcome === undefined
        ? known
        : this.#learn(waves, outcome, known, { key, object, now });
    if (outcome !== undefined) this.#memory.end(key);
    this.#memory.keep(key, memory);
    return memory;
  }

  /** Returns what is remembered after a wave ended. */
  #learn(
    waves: Waves<T>,
    { result, name, error }: ActivityOutcome<T['progress']>,
    known: Look<T>['memory'],
    look: Pick<Look<T>, 'key' | 'object' | 'now'>,
  ): Look<T>['memory'] {
    const time = look.now.getTime();
    if (result === 'Aborted') return known;
    if (result === 'Succeeded') {
      const { notes, pauseSeconds: pause } = waves.succeeded?.(known.notes, name) ?? { notes: known.notes };
      const next = { uid: known.uid, generation: known.generation, failures: 0, notes };
      return pause === undefined ? next : { ...next, retryTime: time + pause * 1000 };
    }
    const failures = known.failures + 1;
    const { backOff, spread: shares } = waves.pauses;
    const pause = spread(pauseSeconds(backOff, failures), shares, this.#options.random);
    const { passingTroubles, isUntold } = passing(error, known);
    const paused = { ...known, failures, passingTroubles, retryTime: time + pause * 1000 };
    if (isUntold) return paused;
    const failure = waves.failureOf(error);
    for (const event of waves.failed?.({ ...look, memory: known }, failure, name) ?? [])
      this.#options.events.record(this.#definition.kind, look.object, event);
    return { ...paused, failure };
  }

  /**
   * Writes the status if it changed, and records its events.
   * @returns the object as it is now, and the seconds until what is still to be written is due
   */
  async #write(
    look: SettledLook<T>,
    context: ReconcileContext,
  ): Promise<{ readonly written: T['object']; readonly laterSeconds: number }> {
    const { kind, summarise, heartbeats, isLocked, events, startsAfresh } = this.#definition;
    const { object, key, plan, due } = look;
    const unchanged = { written: object, laterSeconds: Number.POSITIVE_INFINITY };
    const status = this.#options.cluster.presentable(summarise(look), key.namespace);
    if (!statusChanged(object.status, status, heartbeats)) return unchanged;
    const waitSeconds = this.#waitSeconds(look, status);
    if (waitSeconds > 0) return { written: object, laterSeconds: waitSeconds };
    const { uid = '', resourceVersion = '' } = object.metadata ?? {};
    const apply = (lock: Preconditions): Promise<T['object']> =>
      this.#options.cluster.applyStatus(kind, key, status, lock, context);
    const written = await apply({ uid, resourceVersion }).catch((error: unknown) => {
      if (due || isLocked?.(plan, object, status) === true || !isConflict(error)) throw error;
      return apply({ uid });
    });
    this.#pace.written(key, look.now);
    if (startsAfresh?.(plan) === true) this.#memory.forget(key);
    for (const event of events(look, status)) this.#options.events.record(kind, object, event);
    return { ...unchanged, written };
  }

  /** Seconds until a status that tells only progress is written; 0: now. */
  #waitSeconds({ key, object, now, due, running, plan }: SettledLook<T>, status: Status<T>): number {
    if (!due && running === undefined) return 0;
    const before = object.status as Status<T> | undefined;
    const isProgress = this.#definition.tellsProgress?.(before, status, plan) === true;
    return isProgress ? this.#pace.waitSeconds(key, now, before === undefined) : 0;
  }

  #start(
    look: SettledLook<T>,
    { step, wave }: { readonly step: string; readonly wave: readonly T['action'][] },
    { logger }: ReconcileContext,
  ): void {
    const { key, object, now } = look;
    const { waves } = this.#definition;
    if (waves === undefined) return;
    if (!waves.mayAct())
      throw new LeadershipLost(
        `not starting ${step} of ${formatKey(key)}: this process is no longer the leader`,
      );
    const notes = (): Partial<T['notes']> => this.notes(object);
    const note = (added: Partial<T['notes']>): void => this.#memory.note(key, object, added);
    this.#memory.begin(key, object, now);
    const about = { object: formatKey(key) };
    waves.activities.start(key, step, (progress, signal) =>
      traced(`wave ${step}`, about, async () => {
        for (const action of wave) {
          signal.throwIfAborted();
          if (!waves.mayAct()) throw new LeadershipLost('no longer the leader');
          logger.info('action started', { action: action.type, cause: action.cause });
          const start = performance.now();
          await traced(`action ${action.type}`, about, () =>
            waves.execute(action, { look, step, progress, notes, note, signal }),
          );
          logger.info('action done', { action: action.type, seconds: (performance.now() - start) / 1000 });
        }
      }),
    );
  }

  #nextLook(look: SettledLook<T>, wave: object | undefined): number {
    const isBusy = look.running !== undefined || look.due;
    const pausedSeconds = ((look.memory.retryTime ?? 0) - look.now.getTime()) / 1000;
    return wave !== undefined && !isBusy && pausedSeconds > 0
      ? Math.max(shortestPauseSeconds, pausedSeconds)
      : this.#definition.nextLook(look, isBusy);
  }
}

const shortestPauseSeconds = 0.5;
