/**
 * Records Kubernetes events, one per change of an object. Recording must never delay or break the work:
 * events are sent in the background, one after the other, and a failure is only logged.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { ResourceKind } from '../kind.ts';
import { isNotFound } from '../client/api-error.ts';
import type { Cluster } from '../client/cluster.ts';
import { apiVersionOf, events, type EventObject } from '../client/kinds.ts';
import { formatKey, keyOf, type KubernetesObject } from '../objects.ts';
import type { Logger } from './logger.ts';
import { tame } from '../../base/printable.ts';
import { formatMicroTime } from './conditions.ts';
import type { SecretRegistry } from './secret-registry.ts';

/** Something that happened to an object. @typeParam R the possible reasons */
export interface StoryEvent<R extends string = string> {
  readonly type: 'Normal' | 'Warning';
  /** Stable, UpperCamelCase, at most 128 characters. */
  readonly reason: R;
  /** For people; cut at 1 kB, with known secrets masked and controls replaced. */
  readonly note: string;
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
}

interface Told {
  readonly event: EventObject;
  readonly firstTold: number;
  lastSent: number;
  count: number;
}

/**
 * If more than this wait to be sent, the API is unreachable. The newest are dropped; the objects' status has
 * the truth.
 */
const MAX_PENDING = 1_000;
const MAX_NOTE_BYTES = 1_024;

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #told = new Map<string, Told>();
  readonly #abort = new AbortController();
  #pending = 0;
  #chain: Promise<void> = Promise.resolve();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Records an event about an object; returns at once and never throws. */
  record<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, details: EventDetails): void {
    const { windowSeconds = 600, seriesIntervalSeconds = 10 } = this.#options;
    const note = cut(tame(this.#options.secrets.redact(details.note, object.metadata?.namespace)));
    const now = performance.now() / 1000;
    this.#forgetBefore(now - windowSeconds);
    const id = JSON.stringify([object.metadata?.uid, details.type, details.reason, note]);
    const told = this.#told.get(id);
    if (told === undefined) {
      const event = this.#eventOf(kind, object, { ...details, note });
      this.#told.set(id, { event, firstTold: now, lastSent: now, count: 1 });
      this.#send(event, async (signal) => this.#create(id, event, signal));
      return;
    }
    told.count += 1;
    if (now - told.lastSent < seriesIntervalSeconds) return;
    told.lastSent = now;
    this.#send(told.event, (signal) => this.#countUp(told, signal));
  }

  /** Waits until everything recorded so far was sent or given up, at most `timeoutSeconds`. */
  async flush(timeoutSeconds = 5): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutSeconds * 1000);
    });
    await Promise.race([this.#chain, timeout]);
    clearTimeout(timer);
  }

  /** Sends what is left, within the time given, then drops the rest. */
  async close(timeoutSeconds = 5): Promise<void> {
    await this.flush(timeoutSeconds);
    this.#abort.abort(new Error('the event recorder is closed'));
    await this.#chain;
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

  async #create(id: string, event: EventObject, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.cluster.create(events, event, { signal });
    } catch (error) {
      // It was not sent, so its next occurrence is the first again.
      this.#told.delete(id);
      throw error;
    }
  }

  async #countUp(told: Told, signal: AbortSignal): Promise<void> {
    const { cluster } = this.#options;
    const live = await cluster.find(events, keyOf(told.event), { signal });
    if (live === undefined) return;
    const series = { count: told.count, lastObservedTime: formatMicroTime(new Date()) };
    await cluster.replace(events, { ...live, series }, { signal });
  }

  #send(event: EventObject, send: (signal: AbortSignal) => Promise<unknown>): void {
    if (this.#pending >= MAX_PENDING || this.#abort.signal.aborted) return;
    this.#pending += 1;
    this.#chain = this.#chain.then(() => this.#attempt(event, send));
  }

  async #attempt(event: EventObject, send: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      await send(this.#abort.signal);
    } catch (error) {
      // NotFound also comes when the namespace is being deleted together with the object.
      const log = isNotFound(error) ? 'debug' : 'warn';
      this.#options.logger[log]('event was not sent', {
        object: formatKey(keyOf(event)),
        reason: event.reason,
        error,
      });
    } finally {
      this.#pending -= 1;
    }
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
