/**
 * Records Kubernetes events, one per change of an object. Recording must never delay or break the work: events
 * are sent in the background, a few side by side. One that is lost is counted and told in the log.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { ResourceKind } from '../kind.ts';
import { isNotFound } from '../client/api-error.ts';
import type { Cluster } from '../client/cluster.ts';
import { apiVersionOf, events, type EventObject } from '../client/kinds.ts';
import { formatKey, keyOf, type KubernetesObject } from '../objects.ts';
import type { Logger } from './logger.ts';
import type { EventLoss } from './metrics.ts';
import { tame } from '../../base/printable.ts';
import { BriefEvents } from './brief-events.ts';
import { formatMicroTime } from './conditions.ts';
import type { SecretRegistry } from './secret-registry.ts';

/** Something that happened to an object. @typeParam R the possible reasons */
export interface StoryEvent<R extends string = string> {
  readonly type: 'Normal' | 'Warning';
  /** Stable, UpperCamelCase, at most 128 characters. */
  readonly reason: R;
  /** For people; cut at 1 kB, with known secrets masked and controls replaced. */
  readonly note: string;
  /** It was over in a moment: told with the next event about the object, or after five seconds by itself. */
  readonly isBrief?: boolean;
}

export interface EventDetails extends StoryEvent {
  /** What the controller was doing: `Install`, `Update` …; at most 128 characters. */
  readonly action: string;
}

export interface EventRecorderOptions {
  readonly cluster: Cluster;
  /** Such as `jtel.de/operator`. */
  readonly reportingController: string;
  /** Such as the pod's name. */
  readonly reportingInstance: string;
  readonly secrets: SecretRegistry;
  readonly logger: Logger;
  /** The same event within this time increments the first one. Default 600 s. */
  readonly windowSeconds?: number;
  /** A count is sent at most this often. Default 10 s. */
  readonly seriesIntervalSeconds?: number;
  /** Counts an event that nobody will see. */
  readonly lost?: (reason: EventLoss) => void;
}

interface Told {
  readonly event: EventObject;
  readonly firstTold: number;
  lastSent: number;
  count: number;
  /** Waits or is on its way: what comes meanwhile is counted up afterwards. */
  isBusy: boolean;
  hasMore: boolean;
}

type Send = (signal: AbortSignal) => Promise<unknown>;

/**
 * If more than this wait to be sent, the API is unreachable. The newest are dropped, and told again when they come
 * again; the objects' status has the truth.
 */
const MAX_PENDING = 1_000;
/** The API server has more to do. */
const SIDE_BY_SIDE = 8;
const MAX_NOTE_BYTES = 1_024;

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #brief = new BriefEvents<EventDetails>((...told) => this.#tell(...told));
  readonly #told = new Map<string, Told>();
  readonly #abort = new AbortController();
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;
  /** Since events last flowed freely. */
  #dropped = 0;
  readonly #idle: (() => void)[] = [];

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Records an event about an object; returns at once and never throws. */
  record<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, details: EventDetails): void {
    this.#brief.record(kind, object, details);
  }

  #tell<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, details: EventDetails): void {
    const { windowSeconds = 600, seriesIntervalSeconds = 10 } = this.#options;
    const note = cut(tame(this.#options.secrets.redact(details.note, object.metadata?.namespace)));
    const now = performance.now() / 1000;
    this.#forgetBefore(now - windowSeconds);
    const id = JSON.stringify([object.metadata?.uid, details.type, details.reason, note]);
    const told = this.#told.get(id);
    if (told === undefined) {
      const event = this.#eventOf(kind, object, { ...details, note });
      const first = { event, firstTold: now, lastSent: now, count: 1, isBusy: false, hasMore: false };
      this.#told.set(id, first);
      this.#send(id, first, (signal) => this.#options.cluster.create(events, event, { signal }));
      return;
    }
    told.count += 1;
    if (now - told.lastSent < seriesIntervalSeconds) return;
    told.lastSent = now;
    if (told.isBusy) told.hasMore = true;
    else this.#send(id, told, (signal) => this.#countUp(told, signal));
  }

  /** Waits until everything recorded so far was sent or given up, at most `timeoutSeconds`. */
  async flush(timeoutSeconds = 5): Promise<void> {
    this.#brief.flush();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutSeconds * 1000);
    });
    await Promise.race([this.#whenIdle(), timeout]);
    clearTimeout(timer);
  }

  /** Sends what is left, within the time given, then drops the rest. */
  async close(timeoutSeconds = 5): Promise<void> {
    await this.flush(timeoutSeconds);
    this.#abort.abort(new Error('the event recorder is closed'));
    await this.#whenIdle();
  }

  #eventOf(kind: ResourceKind<unknown>, object: KubernetesObject, details: EventDetails): EventObject {
    const { namespace, name } = keyOf(object);
    const hash = createHash('sha256')
      .update(`${name} ${details.reason} ${details.note}`)
      .digest('hex')
      .slice(0, 8);
    return {
      // At most 253 characters; unique even if two processes record the same.
      metadata: {
        namespace: namespace === '' ? 'default' : namespace,
        name: `${name.slice(0, 220)}.${hash}${randomBytes(4).toString('hex')}`,
      },
      eventTime: formatMicroTime(new Date()),
      reportingController: this.#options.reportingController,
      reportingInstance: this.#options.reportingInstance.slice(0, 128),
      type: details.type,
      reason: details.reason.slice(0, 128),
      action: details.action.slice(0, 128),
      note: details.note,
      regarding: {
        apiVersion: apiVersionOf(kind),
        kind: kind.kind,
        name,
        ...(namespace === '' ? {} : { namespace }),
        ...(object.metadata?.uid === undefined ? {} : { uid: object.metadata.uid }),
        ...(object.metadata?.resourceVersion === undefined
          ? {}
          : { resourceVersion: object.metadata.resourceVersion }),
      },
    };
  }

  async #countUp(told: Told, signal: AbortSignal): Promise<void> {
    const { cluster } = this.#options;
    const live = await cluster.find(events, keyOf(told.event), { signal });
    if (live === undefined) return;
    const series = { count: told.count, lastObservedTime: formatMicroTime(new Date()) };
    await cluster.replace(events, { ...live, series }, { signal });
  }

  #send(id: string, told: Told, send: Send): void {
    if (this.#abort.signal.aborted) return this.#lose(id, told, 'Closing');
    if (this.#waiting.length >= MAX_PENDING) return this.#lose(id, told, 'Overflow');
    told.isBusy = true;
    this.#waiting.push(() => this.#attempt(id, told, send));
    this.#next();
  }

  /** It was not sent, so its next occurrence is the first again. */
  #lose(id: string, told: Told, reason: EventLoss): void {
    if (this.#told.get(id) === told) this.#told.delete(id);
    this.#options.lost?.(reason);
    if (reason !== 'Overflow') return;
    if (this.#dropped === 0)
      this.#options.logger.warn('events are dropped: too many wait to be sent', { waiting: MAX_PENDING });
    this.#dropped += 1;
  }

  #next(): void {
    while (this.#running < SIDE_BY_SIDE) {
      const attempt = this.#waiting.shift();
      if (attempt === undefined) break;
      this.#running += 1;
      void attempt().finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
    if (this.#running > 0) return;
    if (this.#dropped > 0)
      this.#options.logger.warn('events were dropped; the status of the objects has what they said', {
        count: this.#dropped,
      });
    this.#dropped = 0;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #whenIdle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #attempt(id: string, told: Told, send: Send): Promise<void> {
    const { event } = told;
    try {
      if (this.#abort.signal.aborted) return this.#lose(id, told, 'Closing');
      await send(this.#abort.signal);
    } catch (error) {
      // NotFound also comes when the namespace is being deleted together with the object: nobody misses it there.
      const isOver = isNotFound(error);
      this.#options.logger[isOver ? 'debug' : 'warn']('event was not sent', {
        object: formatKey(keyOf(event)),
        reason: event.reason,
        error,
      });
      if (isOver) this.#told.delete(id);
      else this.#lose(id, told, this.#abort.signal.aborted ? 'Closing' : 'Refused');
    } finally {
      told.isBusy = false;
    }
    if (!told.hasMore || this.#told.get(id) !== told) return;
    told.hasMore = false;
    this.#send(id, told, (signal) => this.#countUp(told, signal));
  }

  #forgetBefore(time: number): void {
    // Ordered by first recording, so the old ones are in front.
    for (const [id, told] of this.#told) {
      if (told.firstTold > time) return;
      this.#told.delete(id);
    }
  }
}

function cut(note: string): string {
  if (Buffer.byteLength(note) <= MAX_NOTE_BYTES) return note;
  const bytes = Buffer.from(note).subarray(0, MAX_NOTE_BYTES - 6);
  return `${bytes.toString('utf8').replace(/\uFFFD+$/, '')} …`;
}
