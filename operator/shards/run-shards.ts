/**
 * Shares the stacks among replicas. Each shard has a Lease, and whoever holds it leads that shard. A replica takes what
 * is free up to its share, and gives away what is more: it ends the work on that shard, then lets the Lease go.
 *
 * Replicas know each other by what they hold; one that holds nothing holds the waiting Lease until it does.
 *
 * Two replicas that divide the stacks in different ways would both write. So all depend on the Lease of shard 0: the
 * other shards are led only while nobody who divides otherwise holds it. Whoever takes it after one who did waits until
 * all those have noticed, by their own clocks. With one shard there is only that Lease, and all ends when it is lost.
 */
import { annotations, holderShards, shardLease, sharingOf } from '../../crds/index.ts';
import type { Sharing } from '../../crds/annotations.ts';
import { sleep } from '../../runtime/control/sleep.ts';
import {
  LeaderElector,
  LeadershipLost,
  type Leadership,
  type LeaderElectorOptions,
  type LeaseMark,
  type SeenLease,
} from '../../runtime/index.ts';
import { quotaOf, surplus, waitingLease } from './share.ts';

export interface ShardsOptions extends Pick<
  LeaderElectorOptions,
  'cluster' | 'lease' | 'identity' | 'logger' | 'metrics'
> {
  readonly shards: number;
  readonly leaseDurationSeconds: number;
  /** Put on the Lease of shard 0, beside how the stacks are shared: it stands for the operator. */
  readonly mark: LeaseMark;
}

export type LeadShard = (leadership: Leadership, shard: number) => Promise<void>;

/** @returns when `signal` aborted and everything ended. Throws `LeadershipLost` if there is one shard, and it was lost. */
export async function runShards(options: ShardsOptions, signal: AbortSignal, lead: LeadShard): Promise<void> {
  await new Replica(options, lead).run(signal);
}

/** Looks at the Leases while it has nothing, before it is no longer seen waiting: others must have seen what it took. */
const periodsAfterWait = 3;

class Replica {
  readonly #options: ShardsOptions;
  readonly #lead: LeadShard;
  readonly #sharing: Sharing;
  readonly #renewDeadlineSeconds: number;
  readonly #retryPeriodSeconds: number;
  readonly #shards: readonly LeaderElector[];
  readonly #waiting: LeaderElector;
  /** Shards that this process leads, and how to end that. */
  readonly #led = new Map<number, AbortController>();
  /** Shards that it is about to take. */
  readonly #taking = new Set<number>();
  /** Whether nobody works any more who divided otherwise before this process took shard 0. */
  #isSettled = false;

  constructor(options: ShardsOptions, lead: LeadShard) {
    const { shards, leaseDurationSeconds } = options;
    this.#options = options;
    this.#lead = lead;
    this.#sharing = { shards, leaseDurationSeconds: Math.ceil(leaseDurationSeconds) };
    this.#renewDeadlineSeconds = (leaseDurationSeconds * 2) / 3;
    this.#retryPeriodSeconds = leaseDurationSeconds / 7.5;
    const { name } = options.lease;
    this.#shards = Array.from({ length: shards }, (_, shard) =>
      shard === 0
        ? this.#elector(name, {
            mark: (before) => this.#firstMark(before.annotations),
            wants: () => this.#wants(0),
          })
        : this.#elector(shardLease(name, shard), {
            mark: () => this.#mark(),
            wants: () => this.#mayTake() && this.#wants(shard),
            doubt: () => this.#doubt(),
          }),
    );
    this.#waiting = this.#elector(waitingLease(name), {
      mark: () => this.#mark(),
      wants: () => this.#led.size === 0 && this.#doubt() === undefined,
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const [first] = this.#shards;
    if (this.#shards.length === 1) {
      await first?.run(signal, (leadership) => this.#leadFirst(leadership));
      return;
    }
    const failed = new AbortController();
    const ends = AbortSignal.any([signal, failed.signal]);
    const parts = [
      ...this.#shards.map((elector, shard) => this.#stand(elector, shard, ends)),
      this.#wait(ends),
      this.#balance(ends),
    ];
    // One that fails ends the process; the others end their work before that.
    for (const part of parts) part.catch((error: unknown) => failed.abort(error));
    await Promise.allSettled(parts);
    await Promise.all(parts);
  }

  /** Stands for a shard until the signal aborts, anew whenever it was given away or lost. */
  async #stand(elector: LeaderElector, shard: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const away = new AbortController();
      try {
        await elector.run(AbortSignal.any([signal, away.signal]), async (leadership) => {
          this.#taking.delete(shard);
          this.#led.set(shard, away);
          try {
            await (shard === 0 ? this.#leadFirst(leadership) : this.#lead(leadership, shard));
          } finally {
            this.#led.delete(shard);
          }
        });
      } catch (error) {
        // The elector has logged why. What was led has ended, and its fence stays closed.
        if (!(error instanceof LeadershipLost)) throw error;
      }
    }
  }

  async #leadFirst(leadership: Leadership): Promise<void> {
    const before = sharingOf(this.#shards[0]?.seen?.metadata.annotations?.[annotations.holderShards]);
    if (this.#isForeign(before)) {
      const seconds = Math.max(before?.leaseDurationSeconds ?? 0, this.#sharing.leaseDurationSeconds);
      const { shards } = this.#sharing;
      this.#options.logger.warn('others divided the stacks otherwise; waiting until they have noticed', {
        shards,
        shardsBefore: before?.shards,
        secondsBefore: before?.leaseDurationSeconds,
        seconds,
      });
      await sleep(seconds, leadership.signal);
      if (leadership.signal.aborted) return;
    }
    this.#isSettled = true;
    try {
      await this.#lead(leadership, 0);
    } finally {
      this.#isSettled = false;
    }
  }

  /** Is seen waiting until it has a shard. */
  async #wait(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#waiting.run(signal, async (leadership) => {
          for (let periods = 0; periods < periodsAfterWait && !leadership.signal.aborted;) {
            await sleep(this.#retryPeriodSeconds, leadership.signal);
            if (this.#doubt() !== undefined) return;
            periods = this.#led.size > 0 ? periods + 1 : 0;
          }
        });
      } catch (error) {
        if (!(error instanceof LeadershipLost)) throw error;
      }
    }
  }

  async #balance(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#retryPeriodSeconds, signal);
      if (signal.aborted) return;
      for (const shard of surplus(this.#kept(), this.#quota())) {
        this.#options.logger.info('giving a shard to another replica', { shard });
        this.#led.get(shard)?.abort(new Error('the shard goes to another replica'));
      }
    }
  }

  #elector(name: string, options: Pick<LeaderElectorOptions, 'mark' | 'wants' | 'doubt'>): LeaderElector {
    const { cluster, identity, logger, metrics, lease, leaseDurationSeconds, shards } = this.#options;
    const isShard = name !== waitingLease(lease.name);
    return new LeaderElector({
      cluster,
      lease: { ...lease, name },
      identity,
      logger: shards === 1 ? logger : logger.child({ lease: name }),
      ...(isShard && metrics !== undefined ? { metrics } : {}),
      leaseDurationSeconds,
      renewDeadlineSeconds: this.#renewDeadlineSeconds,
      retryPeriodSeconds: this.#retryPeriodSeconds,
      ...options,
    });
  }

  #mark(): LeaseMark {
    const said = holderShards(this.#sharing, this.#options.identity);
    return { labels: {}, annotations: { [annotations.holderShards]: said } };
  }

  /** Says how the stacks are shared only when that is true. Who takes the Lease before that has to wait as well. */
  #firstMark(before: Readonly<Record<string, string>> | undefined): LeaseMark {
    const { mark } = this.#options;
    if (this.#isForeign(sharingOf(before?.[annotations.holderShards])) && !this.#isSettled) return mark;
    return { ...mark, annotations: { ...mark.annotations, ...this.#mark().annotations } };
  }

  /** Who had one shard had no Lease but that of shard 0, so nothing of theirs is left when it is free. */
  #isForeign(before: Sharing | undefined): boolean {
    return before !== undefined && before.shards !== 1 && !this.#isAlike(before);
  }

  /**
   * Whether somebody shares as this process does. Also their Leases last as long: who takes shard 0 knows how long only of
   * its last holder, and all others must have noticed by then.
   */
  #isAlike({ shards, leaseDurationSeconds }: Sharing): boolean {
    return shards === this.#sharing.shards && leaseDurationSeconds === this.#sharing.leaseDurationSeconds;
  }

  #wants(shard: number): boolean {
    this.#taking.delete(shard);
    // Of those that another was faster to take, the Lease says so by now.
    const taking = [...this.#taking].filter((one) => this.#shards[one]?.seen?.holder === undefined);
    if (this.#led.size + taking.length >= this.#quota()) return false;
    this.#taking.add(shard);
    return true;
  }

  /** The shards that it does not give away already. */
  #kept(): readonly number[] {
    return [...this.#led].filter(([, away]) => !away.signal.aborted).map(([shard]) => shard);
  }

  #quota(): number {
    const { identity: self } = this.#options;
    const kept = this.#kept();
    const waiting = this.#waiting.seen;
    return quotaOf({
      self,
      holders: this.#shards.map(({ seen }, shard) => {
        if (kept.includes(shard)) return self;
        return seen?.holder === self ? undefined : seen?.holder;
      }),
      waiting: waiting !== undefined && this.#shares(waiting) ? waiting.holder : undefined,
    });
  }

  /** Why no shard but the first may be led. */
  #doubt(): string | undefined {
    const { name } = this.#options.lease;
    const seen = this.#shards[0]?.seen;
    if (seen === undefined || seen.ageSeconds >= this.#renewDeadlineSeconds)
      return `the lease ${name} was not read for ${this.#renewDeadlineSeconds} s`;
    if (seen.holder === undefined || this.#shares(seen)) return undefined;
    const { shards, leaseDurationSeconds } = this.#sharing;
    return `the lease ${name} is held by ${seen.holder}, which does not share in ${shards}, with Leases of ${leaseDurationSeconds} s`;
  }

  /**
   * Whether a further shard may be led from now on. While nobody holds the first, who held it last says how the stacks
   * are divided, so the others need not wait for its next holder.
   */
  #mayTake(): boolean {
    const seen = this.#shards[0]?.seen;
    return seen !== undefined && this.#shares(seen) && this.#doubt() === undefined;
  }

  /** Whether the holder, or the last one, divides the stacks as this process does. */
  #shares({ holder, metadata }: SeenLease): boolean {
    const said = sharingOf(metadata.annotations?.[annotations.holderShards], holder);
    return said !== undefined && this.#isAlike(said);
  }
}
