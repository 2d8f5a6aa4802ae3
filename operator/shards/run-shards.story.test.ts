/**
 * Replicas in one process over the API in memory, with short Leases. An oracle asks all the time who may act for which
 * shard. However slow the machine is, it must never be two.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { annotations } from '../../crds/index.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import { leases } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { silentLogger, type Leadership, LeadershipLost } from '../../runtime/index.ts';
import { countedCluster } from '../../test/support/counted-cluster.ts';
import { waitFor } from '../../test/support/wait.ts';
import { runShards } from './run-shards.ts';

const lease = { namespace: 'jtel-system', name: 'jtel-operator' };
const seconds = 1.5;
const patience = { timeoutSeconds: 60, intervalMilliseconds: 10 };

class Replica {
  /** What it leads, until that has ended. */
  readonly led = new Map<number, Leadership>();
  /** Each shard that it began to lead, in order. */
  readonly begun: number[] = [];
  /** When it began the first, in milliseconds of the monotonic clock. */
  beganAt = Number.POSITIVE_INFINITY;
  /** When it was last seen to act, by the same clock. */
  actedAt = 0;
  /** How often a Lease was lost, as on a machine that is too slow, and how often it gave one to another. */
  lost = 0;
  given = 0;
  readonly ended: Promise<unknown>;
  readonly identity: string;
  readonly shards: number;
  readonly seconds: number;
  /** Its calls get no answer, as of a process that is stopped or cut off. */
  isCutOff = false;
  isKilled = false;
  mayTakeFirst = true;
  readonly #stop = new AbortController();

  constructor(cluster: Cluster, identity: string, shards: number, leaseDurationSeconds: number) {
    this.identity = identity;
    this.shards = shards;
    this.seconds = leaseDurationSeconds;
    const call = async <R>(answer: Promise<R>): Promise<R> => {
      const result = await answer;
      if (this.isCutOff || this.isKilled) throw new Error('no answer');
      return result;
    };
    const refusing = countedCluster(cluster, () => {
      if (this.isCutOff || this.isKilled) throw new Error('no answer');
    });
    const reached: Cluster = {
      ...refusing,
      find: (kind, key, options) => call(refusing.find(kind, key, options)),
      replace: async (kind, object, options) => {
        if (!this.mayTakeFirst && object.metadata?.name === lease.name) throw new Error('not allowed');
        return await refusing.replace(kind, object, options);
      },
    };
    this.ended = runShards(
      {
        cluster: reached,
        lease,
        identity,
        shards,
        leaseDurationSeconds,
        mark: { labels: {}, annotations: {} },
        logger: silentLogger,
      },
      this.#stop.signal,
      async (leadership, shard) => {
        this.begun.push(shard);
        this.beganAt = Math.min(this.beganAt, performance.now());
        this.led.set(shard, leadership);
        await new Promise((ends) => leadership.signal.addEventListener('abort', ends, { once: true }));
        this.led.delete(shard);
        if (leadership.signal.reason instanceof LeadershipLost) this.lost += 1;
        else if (!this.#stop.signal.aborted) this.given += 1;
      },
    ).catch((error: unknown) => error);
  }

  acts(): readonly number[] {
    if (this.isKilled) return [];
    return [...this.led].filter(([, leadership]) => leadership.isHeld()).map(([shard]) => shard);
  }

  /** As a power failure: it lets go of nothing. */
  async kill(): Promise<void> {
    this.isKilled = true;
    await this.stop();
  }

  async stop(): Promise<unknown> {
    this.#stop.abort(new Error('the process ends'));
    return await this.ended;
  }
}

/** With different numbers of shards, any two may have the same namespaces. Who has other Leases may work on nothing. */
class Oracle {
  readonly replicas: Replica[] = [];
  readonly faults: string[] = [];
  readonly #timer = setInterval(() => this.look(), 2);

  look(): void {
    const acting = this.replicas.flatMap((replica) => replica.acts().map((shard) => ({ replica, shard })));
    for (const { replica } of acting) replica.actedAt = performance.now();
    for (const [index, one] of acting.entries())
      for (const other of acting.slice(index + 1)) {
        const isSame =
          one.replica.shards === other.replica.shards && one.replica.seconds === other.replica.seconds;
        if (one.replica !== other.replica && (!isSame || one.shard === other.shard))
          this.faults.push(
            `${one.replica.identity} acts for ${one.shard}, ${other.replica.identity} for ${other.shard}`,
          );
      }
  }

  async end(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    clearInterval(this.#timer);
    if (this.faults.length > 0) throw new Error(`two at one time: ${this.faults.join('; ')}`);
  }
}

/** The one that leads shard 0, and the other. */
function firstOf(one: Replica, other: Replica): readonly [Replica, Replica] {
  return one.led.has(0) ? [one, other] : [other, one];
}

describe('replicas that share the stacks', { timeout: 120_000 }, () => {
  let cluster = new MemoryCluster();
  let oracle = new Oracle();

  afterEach(async () => {
    await oracle.end();
    cluster = new MemoryCluster();
    oracle = new Oracle();
  });

  function start(identity: string, shards = 4, duration = seconds): Replica {
    const replica = new Replica(cluster, identity, shards, duration);
    oracle.replicas.push(replica);
    return replica;
  }

  /** How many shards each acts for, the most first. */
  const counts = (): string =>
    oracle.replicas
      .map((replica) => replica.acts().length)
      .toSorted((one, other) => other - one)
      .join();
  const shared = async (expected: string): Promise<void> =>
    void (await waitFor(
      () => `shards ${expected} instead of ${counts()}`,
      () => counts() === expected,
      patience,
    ));
  const sum = (what: 'lost' | 'given'): number =>
    oracle.replicas.reduce((total, replica) => total + replica[what], 0);
  it('take all alone, and give to each that comes', async () => {
    start('a');
    await shared('4');
    start('b');
    await shared('2,2');
    start('c');
    await shared('2,1,1');
    const d = start('d');
    await shared('1,1,1,1');
    expect(d.begun.length - d.lost).toBe(1);
  });

  it('move nothing once it is even, also when one too many waits', async () => {
    start('a', 2);
    start('b', 2);
    await shared('1,1');
    const given = sum('given');
    start('c', 2);
    const renewals = new Set<string>();
    await waitFor(
      'the third to have waited for long',
      async () => {
        const key = { ...lease, name: `${lease.name}-waiting` };
        const waiting = await cluster.find(leases, key, { signal: AbortSignal.timeout(60_000) });
        if (waiting?.spec?.holderIdentity === 'c') renewals.add(waiting.spec.renewTime ?? '');
        return renewals.size > 12;
      },
      patience,
    );
    expect(sum('given') - given).toBeLessThanOrEqual(sum('lost'));
  });

  it('take over from one that is killed, and only what it had', async () => {
    const [a, b] = [start('a'), start('b')];
    await shared('2,2');
    const [begun, lost] = [b.begun.length, b.lost];
    await a.kill();
    await shared('4,0');
    expect(b.begun.length - begun - (b.lost - lost)).toBe(2);
  });

  it('take over from one that is cut off, which then takes its part again', async () => {
    const a = start('a');
    start('b');
    await shared('2,2');
    a.isCutOff = true;
    await shared('4,0');
    await waitFor('the one that is cut off to end its work', () => a.led.size === 0, patience);
    a.isCutOff = false;
    await shared('2,2');
    expect(oracle.faults).toEqual([]);
  });

  it('stop when one takes the first Lease that has all to itself, before that one begins', async () => {
    const [a, b] = [start('a'), start('b')];
    await shared('2,2');
    const [first, second] = firstOf(a, b);
    second.mayTakeFirst = false;
    const alone = start('alone', 1);
    await first.kill();
    // The oracle sees to it that the second acts no more by then.
    await waitFor('the new one to act', () => alone.acts().length === 1, patience);
    await waitFor('the second to end its work', () => second.led.size === 0, patience);
    expect(oracle.faults).toEqual([]);
  });

  it('wait a Lease’s duration when the stacks were divided otherwise, and then take over all', async () => {
    const a = start('a', 4);
    await shared('4');
    const b = start('b', 8);
    const { metadata } = await cluster.get(leases, lease, { signal: AbortSignal.timeout(60_000) });
    expect(metadata?.annotations?.[annotations.holderShards]).toBe('4,2 a');
    const stopped = performance.now();
    await a.stop();
    await shared('8,0');
    expect(new Set(b.begun).size).toBe(8);
    expect(b.beganAt - stopped).toBeGreaterThan(seconds * 1000);
  });

  it('do not share with one whose Leases last longer, which waits for as long as that', async () => {
    const a = start('a');
    await shared('4');
    const long = start('long', 4, 2 * seconds);
    const renewals = new Set<string>();
    await waitFor(
      'the other to have looked often',
      async () => {
        const { spec } = await cluster.get(leases, lease, { signal: AbortSignal.timeout(60_000) });
        renewals.add(spec?.renewTime ?? '');
        return renewals.size > 8;
      },
      patience,
    );
    await a.stop();
    await shared('4,0');
    expect(long.beganAt - a.actedAt).toBeGreaterThan(2 * seconds * 1000);
  });

  it('are one leader and those that wait if there is one shard; it ends when it lost that', async () => {
    const a = start('a', 1);
    await shared('1');
    const b = start('b', 1);
    a.isCutOff = true;
    await waitFor('the other to act', () => b.acts().length === 1, patience);
    expect(await a.ended).toBeInstanceOf(LeadershipLost);
  });
});
