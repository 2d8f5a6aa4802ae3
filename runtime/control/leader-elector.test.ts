/** What a leader and a candidate do when somebody deletes their Lease; the rest is tested on a real API server. */
import { expect, it } from 'vitest';
import { passedCluster } from '../../test/support/counted-cluster.ts';
import { waitFor } from '../../test/support/wait.ts';
import { ApiError, NO_ANSWER } from '../client/api-error.ts';
import type { Cluster } from '../client/cluster.ts';
import { leases } from '../client/kinds.ts';
import { MemoryCluster } from '../fake/memory-cluster.ts';
import { silentLogger } from '../report/logger.ts';
import { LeaderElector } from './leader-elector.ts';

const lease = { namespace: 'jtel-system', name: 'operator' };
const { signal: never } = new AbortController();

interface Candidate {
  readonly elector: LeaderElector;
  readonly ended: Promise<unknown>;
  /** Whether the other one led as well when this one began; undefined before. */
  readonly besides: () => boolean | undefined;
}

function candidate(
  cluster: Cluster,
  identity: string,
  signal: AbortSignal,
  other: () => boolean = () => false,
): Candidate {
  const elector = new LeaderElector({
    cluster,
    lease,
    identity,
    logger: silentLogger,
    leaseDurationSeconds: 1,
    renewDeadlineSeconds: 0.8,
    retryPeriodSeconds: 0.05,
  });
  let besides: boolean | undefined;
  const ended = elector.run(signal, async (leadership) => {
    besides = other();
    await new Promise((end) => leadership.signal.addEventListener('abort', end, { once: true }));
  });
  return { elector, ended: ended.catch(() => undefined), besides: () => besides };
}

it('nobody begins beside a leader that does not know yet that its lease was deleted', async () => {
  const cluster = new MemoryCluster();
  const stop = new AbortController();
  let isCut = false;
  const behind = passedCluster(cluster, async (_, run) => {
    if (isCut) throw new ApiError(NO_ANSWER, 'Unreachable', 'connect ECONNREFUSED');
    return await run();
  });
  const first = candidate(behind, 'first', stop.signal);
  await waitFor('the first to lead', () => first.besides() !== undefined);
  let reads = 0;
  const counted = passedCluster(cluster, async (_, run) => {
    const answer = await run();
    reads += 1;
    return answer;
  });
  const second = candidate(counted, 'second', stop.signal, () => first.elector.isHeld());
  await waitFor('the second to know who leads', () => reads > 1);
  isCut = true;
  await cluster.delete(leases, lease, {}, { signal: never });
  await waitFor('the second to lead', () => second.besides() !== undefined);
  expect(second.besides()).toBe(false);
  const { spec } = await cluster.get(leases, lease, { signal: never });
  expect(spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
  stop.abort();
  await Promise.all([first.ended, second.ended]);
});

it('who was slower by a moment sees at once who holds the lease', async () => {
  const cluster = new MemoryCluster();
  const spec = { holderIdentity: 'first', leaseDurationSeconds: 600, leaseTransitions: 0 };
  let isTaken = false;
  const overtaken = passedCluster(cluster, async ({ verb }, run) => {
    if (verb === 'create' && !isTaken) {
      isTaken = true;
      await cluster.create(leases, { metadata: lease, spec }, { signal: never });
    }
    return await run();
  });
  const elector = new LeaderElector({
    cluster: overtaken,
    lease,
    identity: 'second',
    logger: silentLogger,
    leaseDurationSeconds: 900,
    renewDeadlineSeconds: 800,
    retryPeriodSeconds: 600,
  });
  const stop = new AbortController();
  const ended = elector.run(stop.signal, async () => undefined);
  await waitFor('the second to know who leads', () => elector.seen?.holder === 'first');
  expect(elector.isHeld()).toBe(false);
  stop.abort();
  await ended;
});
