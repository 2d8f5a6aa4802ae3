/**
 * Puts an object aside whose looks fail, or go round in circles, so that it costs the others nothing. It is tried again
 * after growing pauses. A change of its spec, or an annotation, frees it at once.
 *
 * What a new process has to know stands in a condition of the object: since when, and for which generation. The times
 * of the tries follow from that, so a restart gives no free try.
 *
 * An object whose looks fail for want of a right is not put aside, because that is no fault of it. The same condition says which
 * verb and resource it is, until a look succeeds.
 */
import type { ResourceKind } from '../kind.ts';
import { describeMissingRight, isForbidden, isServerTrouble, missingRight } from '../client/api-error.ts';
import type { Cluster } from '../client/cluster.ts';
import type { Store } from '../cache/store.ts';
import { formatKey, type KubernetesObject, type ObjectKey } from '../objects.ts';
import {
  findCondition,
  formatTime,
  removeCondition,
  setCondition,
  type Condition,
} from '../report/conditions.ts';
import type { EventRecorder } from '../report/event-recorder.ts';
import { LookBudget, nextTry, type QuarantineLimits, usualLimits } from './quarantine-limits.ts';
import type { ReconcileContext } from './reconciler.ts';
import { SharedTrouble } from './shared-trouble.ts';

export type QuarantineReason = 'LooksFail' | 'LooksWithoutEnd';
/** Of the same condition, for one that is looked at as ever. */
const lacksRight = 'RightMissing';

type WithConditions = KubernetesObject & {
  readonly status?: { readonly conditions?: readonly Condition[] };
};

export interface QuarantineOptions<T extends WithConditions> {
  readonly kind: ResourceKind<T>;
  readonly store: Store<T>;
  readonly cluster: Pick<Cluster, 'find' | 'applyStatus'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: () => Date;
  /** Annotation whose change frees an object. */
  readonly freedBy: string;
  readonly limits?: Partial<QuarantineLimits>;
  /** Default `Quarantined`. A second controller of the same kind needs a condition of its own. */
  readonly condition?: string;
  /** What is looked at, for messages; default `this object`. */
  readonly subject?: string;
  /** Of all controllers, so that what fails in several namespaces puts none aside. Default: of this one. */
  readonly trouble?: SharedTrouble;
}

interface Entry {
  /** Another one is a new object, or a new attempt. */
  readonly life: string;
  readonly budget: LookBudget;
  /** In a row. */
  failures: number;
  /** For want of a right, in a row. */
  refusals: number;
  aside?: Aside | undefined;
}

interface Aside {
  readonly since: Date;
  /** Nothing is done before. */
  readonly tryTime: Date;
  /** When the try began that is under way. */
  readonly trying?: Date;
}

export class Quarantine<T extends WithConditions> {
  readonly #options: QuarantineOptions<T>;
  readonly #limits: QuarantineLimits;
  readonly #condition: string;
  readonly #trouble: SharedTrouble;
  readonly #entries = new Map<string, Entry>();

  constructor(options: QuarantineOptions<T>) {
    this.#options = options;
    this.#limits = { ...usualLimits, ...options.limits };
    this.#condition = options.condition ?? 'Quarantined';
    this.#trouble = options.trouble ?? new SharedTrouble();
  }

  /** How many objects are put aside. */
  get size(): number {
    return [...this.#entries.values()].filter(({ aside }) => aside !== undefined).length;
  }

  /** Asked before each look, which counts as one if it may happen. @returns seconds to wait; 0: look now */
  async before(key: ObjectKey, context: ReconcileContext): Promise<number> {
    const id = formatKey(key);
    const object = this.#options.store.get(key);
    if (object === undefined) {
      this.#entries.delete(id);
      return 0;
    }
    const now = this.#options.clock();
    const entry = this.#entry(id, object, now);
    if (entry.aside === undefined) {
      const condition = this.#asideCondition(object);
      if (condition !== undefined && condition.reason !== lacksRight) await this.#free(key, object, context);
    } else if (entry.aside.trying === undefined) {
      const seconds = (entry.aside.tryTime.getTime() - now.getTime()) / 1000;
      if (seconds > 0) return seconds;
      entry.aside = { ...entry.aside, trying: now };
      entry.budget.limit(this.#limits.looksInTry);
    }
    if (entry.budget.take(now)) return 0;
    return await this.#putAside(key, object, entry, 'LooksWithoutEnd', context);
  }

  /** After a look that succeeded. @returns seconds until a look that may end the quarantine; undefined: none is needed */
  async succeeded(key: ObjectKey, context: ReconcileContext): Promise<number | undefined> {
    const entry = this.#entries.get(formatKey(key));
    if (entry === undefined) return undefined;
    entry.failures = 0;
    entry.refusals = 0;
    const seen = this.#options.store.get(key);
    if (seen !== undefined && this.#asideCondition(seen)?.reason === lacksRight)
      await this.#free(key, seen, context);
    const begun = entry.aside?.trying;
    if (begun === undefined) return undefined;
    const calmSeconds = (this.#options.clock().getTime() - begun.getTime()) / 1000;
    if (calmSeconds < this.#limits.calmSeconds) return this.#limits.calmSeconds - calmSeconds;
    entry.aside = undefined;
    const object = this.#options.store.get(key);
    if (object !== undefined) await this.#free(key, object, context);
    return undefined;
  }

  /** After a look that failed. */
  async failed(key: ObjectKey, error: unknown, context: ReconcileContext): Promise<void> {
    const entry = this.#entries.get(formatKey(key));
    const object = this.#options.store.get(key);
    if (entry === undefined || object === undefined) return;
    const right = missingRight(error);
    if (right !== undefined) {
      entry.refusals += 1;
      // A right that was given just now may be refused once more.
      if (entry.refusals > 1) await this.#tellRefused(key, object, describeMissingRight(right), context);
    }
    if (isTroubleOfApi(error)) return;
    if (this.#trouble.isOfAll(error, key.namespace ?? '', this.#options.clock())) return;
    entry.failures += 1;
    if (entry.aside === undefined && entry.failures < this.#limits.failures) return;
    await this.#putAside(key, object, entry, 'LooksFail', context);
  }

  #entry(id: string, object: T, now: Date): Entry {
    const { uid, generation, annotations } = object.metadata ?? {};
    const asked = annotations?.[this.#options.freedBy];
    const life = JSON.stringify([uid, generation, asked]);
    const known = this.#entries.get(id);
    if (known?.life === life) return known;
    const entry: Entry = { life, budget: new LookBudget(this.#limits, now), failures: 0, refusals: 0 };
    // Only a new process has to learn from the object. This one would have known.
    const condition = known === undefined ? this.#asideCondition(object) : undefined;
    const isAside = condition?.observedGeneration === generation && condition?.reason !== lacksRight;
    if (condition !== undefined && isAside) {
      const since = new Date(condition.lastTransitionTime);
      // Who asked while no process ran is heard as well.
      const isFreed = asked !== undefined && Date.parse(asked) > since.getTime();
      if (!isFreed) entry.aside = { since, tryTime: this.#nextTry(since, now, condition.reason) };
    }
    this.#entries.set(id, entry);
    return entry;
  }

  /** @returns seconds until the next try */
  async #putAside(
    key: ObjectKey,
    object: T,
    entry: Entry,
    reason: QuarantineReason,
    context: ReconcileContext,
  ): Promise<number> {
    const now = this.#options.clock();
    const isNew = entry.aside === undefined;
    const since = entry.aside?.since ?? now;
    const tryTime = this.#nextTry(since, now, reason);
    entry.aside = { since, tryTime };
    const message = `${sentence(reason, this.#options.subject ?? 'this object')} It is left alone until ${formatTime(tryTime)}, and tried again at growing intervals. A change of its spec frees it, or a new value of the annotation ${this.#options.freedBy}; the log of the operator says more.`;
    const update = { type: this.#condition, status: 'True', reason, message } as const;
    const observedGeneration = object.metadata?.generation ?? 0;
    await this.#write(key, object, context, (conditions) =>
      setCondition(conditions, { ...update, observedGeneration }, since),
    );
    if (isNew) {
      context.logger.warn('put aside', { reason, until: tryTime.toISOString() });
      const event = { type: 'Warning', reason, note: message, action: 'Quarantine' } as const;
      this.#options.events.record(this.#options.kind, object, event);
    }
    return (tryTime.getTime() - now.getTime()) / 1000;
  }

  async #tellRefused(key: ObjectKey, object: T, lacked: string, context: ReconcileContext): Promise<void> {
    const message = `${lacked} What needs it is not done for ${this.#options.subject ?? 'this object'}, and is tried again at growing intervals.`;
    const update = { type: this.#condition, status: 'True', reason: lacksRight, message } as const;
    const observedGeneration = object.metadata?.generation ?? 0;
    const now = this.#options.clock();
    await this.#write(key, object, context, (conditions) =>
      setCondition(conditions, { ...update, observedGeneration }, now),
    );
  }

  #nextTry(since: Date, now: Date, reason: string | undefined): Date {
    const { firstPauseSeconds, longestPauseSeconds, longestFailurePauseSeconds } = this.#limits;
    const isFailing = reason === ('LooksFail' satisfies QuarantineReason);
    return nextTry(since, now, {
      firstPauseSeconds,
      longestPauseSeconds: isFailing ? longestFailurePauseSeconds : longestPauseSeconds,
    });
  }

  async #free(key: ObjectKey, object: T, context: ReconcileContext): Promise<void> {
    context.logger.info('no longer put aside');
    await this.#write(key, object, context, (conditions) => removeCondition(conditions, this.#condition));
  }

  #asideCondition(object: WithConditions): Condition | undefined {
    const condition = findCondition(object.status?.conditions, this.#condition);
    return condition?.status === 'True' ? condition : undefined;
  }

  /** What cannot be written now is tried again at the next occasion; this process knows it anyway. */
  async #write(
    key: ObjectKey,
    object: T,
    context: ReconcileContext,
    change: (conditions: readonly Condition[] | undefined) => readonly Condition[],
  ): Promise<void> {
    const { cluster, kind } = this.#options;
    try {
      const live = await cluster.find(kind, key, context);
      if (live === undefined || live.metadata?.uid !== object.metadata?.uid) return;
      const before = live.status?.conditions ?? [];
      const conditions = change(before);
      if (conditions === before) return;
      const { uid = '', resourceVersion = '' } = live.metadata ?? {};
      const status = { ...live.status, conditions } as NonNullable<T['status']>;
      await cluster.applyStatus(kind, key, status, { uid, resourceVersion }, context);
    } catch (error) {
      context.logger.warn('a condition could not be written', { condition: this.#condition, error });
    }
  }
}

function sentence(reason: QuarantineReason, subject: string): string {
  if (reason === 'LooksFail') return `Every look at ${subject} fails.`;
  return `${subject.replace(/^./, (first) => first.toUpperCase())} is looked at again and again without coming to rest.`;
}

/** The API itself is in trouble or refuses us, which is no fault of one object. */
function isTroubleOfApi(error: unknown): boolean {
  return isServerTrouble(error) || isForbidden(error);
}
