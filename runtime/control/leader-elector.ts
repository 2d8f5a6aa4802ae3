/**
 * One process at a time leads, by a Lease. It does not trust two machines' clocks to agree: it takes over a
 * lease that has not changed for its whole duration by our own monotonic clock.
 *
 * A Lease alone does not fence: a paused process wakes up and believes in the past. So `isHeld` compares with
 * the clock each time, and effects on hosts carry an epoch as well.
 */
import { isAlreadyExists, isConflict } from '../client/api-error.ts';
import type { Cluster } from '../client/cluster.ts';
import { leases, type Lease } from '../client/kinds.ts';
import { LeadershipLost } from '../errors.ts';
import type { ObjectKey, ObjectMeta } from '../objects.ts';
import type { Logger } from '../report/logger.ts';
import type { RuntimeMetrics } from '../report/metrics.ts';
import { formatMicroTime } from '../report/conditions.ts';
import { spread } from '../../base/back-off.ts';
import { sleep } from './sleep.ts';

export interface LeaderElectorOptions {
  /** Not fenced, because this client must write before leadership is held. */
  readonly cluster: Cluster;
  readonly lease: ObjectKey;
  /** Unique to the process: the pod's name and something random. */
  readonly identity: string;
  /** Put on the Lease with each claim, for those who read who holds it. Given: the Lease before the claim. */
  readonly mark?: (before: ObjectMeta) => LeaseMark;
  /** Whether a Lease that is free is to be taken; default: always. Of one that is held, nothing is asked. */
  readonly wants?: () => boolean;
  /** Why leadership does not count although the Lease is held; default: it counts. Asked whenever somebody may act. */
  readonly doubt?: () => string | undefined;
  readonly logger: Logger;
  readonly metrics?: RuntimeMetrics;
  /** Others wait this long before they take over. Default 15 s. */
  readonly leaseDurationSeconds?: number;
  /** We stop leading if no renewal has succeeded for this long; shorter than the duration. Default 10 s. */
  readonly renewDeadlineSeconds?: number;
  /** Pause between attempts, with up to 20 % more at random. Default 2 s. */
  readonly retryPeriodSeconds?: number;
}

export interface LeaseMark {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Leadership {
  /** Aborted when leadership is lost, or the process must end. */
  readonly signal: AbortSignal;
  /** Grows with each change of leader. */
  readonly leaseTransitions: number;
  /** Whether this process may act right now as this leader. Never again once it ended, also if it leads anew. */
  isHeld(): boolean;
}

/** A Lease as this process last read it. */
export interface SeenLease {
  readonly metadata: ObjectMeta;
  /** Undefined if it is free. */
  readonly holder: string | undefined;
  /** Seconds since it was asked for. */
  readonly ageSeconds: number;
}

/** The known state of the Lease, and since when it is unchanged, by our clock. */
interface Observed {
  readonly lease: Lease;
  readonly since: number;
}

type Optional = 'metrics' | 'mark' | 'wants' | 'doubt';

export class LeaderElector {
  readonly #options: Required<Omit<LeaderElectorOptions, Optional>> & Pick<LeaderElectorOptions, Optional>;
  #observed: Observed | undefined;
  /** When the request of the last successful read was sent. */
  #read: Instant | undefined;
  /** When the request of the last successful renewal was sent; undefined while not leading. */
  #renewed: Instant | undefined;

  constructor(options: LeaderElectorOptions) {
    this.#options = { leaseDurationSeconds: 15, renewDeadlineSeconds: 10, retryPeriodSeconds: 2, ...options };
    const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = this.#options;
    if (!(retryPeriodSeconds * 1.2 < renewDeadlineSeconds && renewDeadlineSeconds < leaseDurationSeconds)) {
      throw new Error(
        `leader election: retry period (${retryPeriodSeconds} s, plus 20 %) < renew deadline (${renewDeadlineSeconds} s) < lease duration (${leaseDurationSeconds} s) must hold`,
      );
    }
    this.#options.metrics?.leads(this.#options.lease.name, false);
  }

  /** Whether this process may act right now, by the clock. Also correct right after a pause. */
  isHeld(): boolean {
    const { renewDeadlineSeconds, doubt } = this.#options;
    if (this.#renewed === undefined || secondsSince(this.#renewed) >= renewDeadlineSeconds) return false;
    return doubt?.() === undefined;
  }

  /** Undefined until it was read, or if there was none. */
  get seen(): SeenLease | undefined {
    if (this.#observed === undefined || this.#read === undefined) return undefined;
    const { metadata = {}, spec } = this.#observed.lease;
    const holder = this.#expired() ? '' : (spec?.holderIdentity ?? '');
    return { metadata, holder: holder === '' ? undefined : holder, ageSeconds: secondsSince(this.#read) };
  }

  /** As last seen in the Lease. */
  get leaseTransitions(): number {
    return this.#observed?.lease.spec?.leaseTransitions ?? 0;
  }

  /**
   * Waits for leadership, then runs `lead` once. Ends when `lead` ends or `signal` aborts; then it releases
   * the Lease, so the next leader need not wait. Throws `LeadershipLost`, after `lead` has ended, if the
   * Lease could not be renewed. It may be called again then, to stand anew.
   */
  async run(signal: AbortSignal, lead: (leadership: Leadership) => Promise<void>): Promise<void> {
    if (!(await this.#acquire(signal))) return;
    const { logger, metrics, identity, lease } = this.#options;
    logger.info('leading', { identity, leaseTransitions: this.leaseTransitions });
    metrics?.leads(lease.name, true);
    let isOver = false;
    const isHeld = (): boolean => !isOver && this.isHeld();
    const stop = new AbortController();
    const renewing = new AbortController();
    const abort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    // Renews until `lead` has ended, also while it cleans up, because nobody else may start meanwhile.
    const renewal = this.#renewUntil(renewing.signal).then((lost) => {
      if (lost !== undefined) stop.abort(lost);
      return lost;
    });
    let failure: { readonly error: unknown } | undefined;
    try {
      await lead({ signal: stop.signal, leaseTransitions: this.leaseTransitions, isHeld });
    } catch (error) {
      failure = { error };
    }
    isOver = true;
    renewing.abort();
    const lost = await renewal;
    signal.removeEventListener('abort', abort);
    metrics?.leads(lease.name, false);
    if (lost !== undefined) throw lost;
    await this.#release();
    if (failure !== undefined) throw failure.error;
  }

  /** False if the signal aborted first. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { logger, retryPeriodSeconds } = this.#options;
    let told: string | undefined;
    for (;;) {
      if (signal.aborted) return false;
      try {
        let result = await this.#tryOnce(signal);
        // Whoever was faster is seen at once: `wants` of other Leases may depend on who has this one.
        if (result === 'Conflict') result = await this.#tryOnce(signal);
        if (result === 'Held') return true;
        const holder = this.#observed?.lease.spec?.holderIdentity;
        if (holder !== told) logger.info('waiting for leadership', { holder });
        told = holder;
      } catch (error) {
        if (signal.aborted) return false;
        logger.warn('leader election: attempt failed', { error });
      }
      const usual = spread(retryPeriodSeconds, [1, 1.2], Math.random);
      const untilExpired = this.#untilExpired();
      await sleep(untilExpired > 0 ? Math.min(usual, untilExpired + 0.01) : usual, signal);
    }
  }

  /** Undefined if the signal ended it; otherwise why leadership is lost. */
  async #renewUntil(signal: AbortSignal): Promise<LeadershipLost | undefined> {
    const { logger, retryPeriodSeconds } = this.#options;
    for (;;) {
      await sleep(spread(retryPeriodSeconds, [1, 1.2], Math.random), signal);
      if (signal.aborted) return undefined;
      const unheld = this.#unheld();
      if (unheld !== undefined) return this.#lost(unheld);
      try {
        if ((await this.#tryOnce(signal)) === 'HeldByOther')
          return this.#lost(`the lease is held by ${this.#observed?.lease.spec?.holderIdentity ?? 'nobody'}`);
      } catch (error) {
        if (signal.aborted) return undefined;
        logger.warn('leader election: renewal failed', { error });
      }
      const unheldNow = this.#unheld();
      if (unheldNow !== undefined) return this.#lost(unheldNow);
    }
  }

  #unheld(): string | undefined {
    if (this.isHeld()) return undefined;
    const { renewDeadlineSeconds, doubt } = this.#options;
    return doubt?.() ?? `the lease was not renewed for ${renewDeadlineSeconds} s`;
  }

  #lost(why: string): LeadershipLost {
    this.#renewed = undefined;
    this.#options.logger.error('leadership lost', { why });
    return new LeadershipLost(`leadership lost: ${why}`);
  }

  /** One attempt to get or renew the Lease. A conflict decides nothing: the next read shows who holds it. */
  async #tryOnce(signal: AbortSignal): Promise<'Held' | 'HeldByOther' | 'Conflict' | 'NotWanted'> {
    const { cluster, lease: key, identity, retryPeriodSeconds, wants = () => true } = this.#options;
    const options = { signal, timeoutSeconds: Math.max(1, retryPeriodSeconds * 2) };
    const sent = instant();
    const live = await cluster.find(leases, key, options);
    this.#read = sent;
    try {
      if (live === undefined) {
        // Somebody deleted it. Whoever held it may act until it notices.
        if (this.#isOthers() && !this.#expired()) return 'HeldByOther';
        const known = this.#observed?.lease.spec?.leaseTransitions;
        const transitions = known === undefined ? 0 : known + (this.#renewed === undefined ? 1 : 0);
        this.#observed = undefined;
        if (this.#renewed === undefined && !wants()) return 'NotWanted';
        this.#observe(
          await cluster.create(
            leases,
            { metadata: this.#marked(key), spec: this.#claim(transitions, undefined) },
            options,
          ),
        );
      } else {
        this.#observe(live);
        const { holderIdentity = '', acquireTime } = live.spec ?? {};
        if (holderIdentity !== identity && holderIdentity !== '' && !this.#expired()) return 'HeldByOther';
        // The Lease has our name although we do not know it: an earlier request arrived, its answer did not.
        // It is a new term all the same.
        const ours = holderIdentity === identity && this.#renewed !== undefined;
        if (!ours && !wants()) return 'NotWanted';
        const transitions = (live.spec?.leaseTransitions ?? 0) + (ours ? 0 : 1);
        this.#observe(
          await cluster.replace(
            leases,
            {
              ...live,
              metadata: this.#marked(live.metadata),
              spec: this.#claim(transitions, ours ? acquireTime : undefined),
            },
            options,
          ),
        );
      }
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) return 'Conflict';
      throw error;
    }
    this.#renewed = sent;
    return 'Held';
  }

  #marked(metadata: ObjectMeta = {}): ObjectMeta {
    const { labels, annotations } = this.#options.mark?.(metadata) ?? {};
    return {
      ...metadata,
      labels: { ...metadata.labels, ...labels },
      annotations: { ...metadata.annotations, ...annotations },
    };
  }

  #claim(leaseTransitions: number, acquireTime: string | undefined): NonNullable<Lease['spec']> {
    const now = formatMicroTime(new Date());
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#options.leaseDurationSeconds),
      acquireTime: acquireTime ?? now,
      renewTime: now,
      leaseTransitions,
    };
  }

  #observe(lease: Lease): void {
    if (this.#observed?.lease.metadata?.resourceVersion === lease.metadata?.resourceVersion) return;
    this.#observed = { lease, since: performance.now() / 1000 };
  }

  /** As last seen. */
  #isOthers(): boolean {
    const { holderIdentity = '' } = this.#observed?.lease.spec ?? {};
    return holderIdentity !== '' && holderIdentity !== this.#options.identity;
  }

  /** The holder has not renewed for the duration that it promised, by our clock. */
  #expired(): boolean {
    return this.#untilExpired() < 0;
  }

  /** Seconds until the Lease may be taken if nobody renews it; infinite if it was never seen. */
  #untilExpired(): number {
    if (this.#observed === undefined) return Number.POSITIVE_INFINITY;
    const duration = this.#observed.lease.spec?.leaseDurationSeconds ?? this.#options.leaseDurationSeconds;
    return this.#observed.since + duration - performance.now() / 1000;
  }

  /** Best effort: if it fails, others take over after the lease's duration. */
  async #release(): Promise<void> {
    const { cluster, lease: key, identity, logger } = this.#options;
    this.#renewed = undefined;
    try {
      const options = { signal: AbortSignal.timeout(3_000) };
      const live = await cluster.find(leases, key, options);
      if (live?.spec?.holderIdentity !== identity) return;
      const spec = {
        ...live.spec,
        holderIdentity: '',
        leaseDurationSeconds: 1,
        renewTime: formatMicroTime(new Date()),
      };
      await cluster.replace(leases, { ...live, spec }, options);
      logger.info('leadership released');
    } catch (error) {
      logger.warn('leader election: the lease was not released', { error });
    }
  }
}

/**
 * Uses both clocks: the monotonic one stands still while a virtual machine is suspended, the other may be
 * set.
 */
interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

function instant(): Instant {
  return { monotonic: performance.now() / 1000, wall: Date.now() / 1000 };
}

/** The longer of the two: in doubt, more time has passed. */
function secondsSince(then: Instant): number {
  const now = instant();
  return Math.max(now.monotonic - then.monotonic, now.wall - then.wall);
}
