/**
 * Two operators, as processes of their own on the real API server, share stacks whose hosts are in memory. Each tells
 * which hosts it called, and when. One is stopped and goes on; then the other is killed.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FleetOperator } from '../../../bench/fleet/operator.ts';
import { sharedClock } from '../../../bench/fleet/messages.ts';
import { changeStack, createFleet, fleetOf, removeFleet } from '../../../bench/fleet/tenants.ts';
import { shardLease } from '../../../crds/index.ts';
import { shardOf } from '../../../operator/shards/share.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { Informer, leases, silentLogger } from '../../../runtime/index.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { testKubeconfig } from '../../support/kubeconfig.ts';
import { waitFor } from '../../support/wait.ts';

const shards = 4;
const durationSeconds = 6;
const prefix = `shards-${randomBytes(4).toString('hex')}`;
const fleet = fleetOf(prefix, 12, 1);
const [leaseNamespace = ''] = fleet.namespaces;

interface Contact {
  readonly who: string;
  readonly time: number;
}

/** Milliseconds between the clock of Leases and that of calls may change by this, as clocks are set. */
const clockTolerance = 100;

const operators = new Map<string, FleetOperator>();
/** Who took the Lease of each shard, one after the other. `time`: of the taking, by the clock of calls. */
const takings = new Map<string, Contact[]>();
const watching = new AbortController();
/** Calls of each host. */
const contacts = new Map<string, Contact[]>();
let cluster: TestCluster;
let directory: string;

beforeAll(async () => {
  cluster = await openCluster('shards');
  await installCRDs(cluster.client);
  await createFleet(cluster.client, fleet);
  directory = await mkdtemp(join(tmpdir(), 'shards-'));
  await watchLeases();
});

async function watchLeases(): Promise<void> {
  const { connection } = cluster;
  const seen = new Informer(leases, { connection, namespaces: [leaseNamespace], logger: silentLogger });
  const sinceBoot = Date.now() - sharedClock();
  seen.store.onChange(({ key: { name }, object: { spec } }) => {
    const { holderIdentity = '', acquireTime = '' } = spec ?? {};
    if (holderIdentity === '') return;
    const known = takings.get(name) ?? [];
    takings.set(name, known);
    const taking = { who: processOf(holderIdentity), time: Date.parse(acquireTime) - sinceBoot };
    const last = known.at(-1);
    if (last?.who !== taking.who || last.time !== taking.time) known.push(taking);
  });
  void seen.run(watching.signal);
  await seen.synced(call().signal);
}

afterAll(async () => {
  watching.abort();
  for (const operator of operators.values()) {
    operator.signal('SIGKILL');
    await operator.stop();
  }
  await removeFleet(cluster.client, fleet);
  await cluster.close();
  await rm(directory, { recursive: true, force: true });
});

async function start(who: string): Promise<FleetOperator> {
  const operator = await FleetOperator.start({
    tree: repositoryDirectory,
    kubeconfig: await testKubeconfig(),
    leaseNamespace,
    hostMilliseconds: 5,
    logFile: join(directory, who),
    args: [
      ...`--identity ${who} --shards ${shards} --lease-duration-seconds ${durationSeconds}`.split(' '),
      '--namespace',
      ...fleet.namespaces,
    ],
  });
  operator.onCall = ({ address, startedAt: time }) => {
    const known = contacts.get(address) ?? [];
    contacts.set(address, known);
    known.push({ who, time });
  };
  operators.set(who, operator);
  return operator;
}

/** The name without its random part. */
function processOf(identity: string): string {
  return identity.replace(/-[0-9a-f]{8}$/, '');
}

/** Who holds each shard. */
async function holders(): Promise<readonly string[]> {
  const found = await Promise.all(
    Array.from({ length: shards }, (_, shard) => {
      const key = { namespace: leaseNamespace, name: shardLease('jtel-operator', shard) };
      return cluster.client.find(leases, key, call());
    }),
  );
  return found.map((lease) => processOf(lease?.spec?.holderIdentity ?? ''));
}

async function share(what: string, expected: Readonly<Record<string, number>>): Promise<readonly string[]> {
  let seen: readonly string[] = [];
  return await waitFor(
    () => `${what}: ${seen.join(', ')}`,
    async () => {
      seen = await holders();
      const isSo = Object.entries(expected).every(
        ([who, count]) => seen.filter((one) => one === who).length === count,
      );
      return isSo && seen;
    },
    { timeoutSeconds: 90, intervalMilliseconds: 100 },
  );
}

/** Until each stack was looked at by who holds its shard, because somebody changed it. */
async function changeAll(change: number): Promise<void> {
  const since = sharedClock();
  await Promise.all(fleet.stacks.map((stack) => changeStack(cluster.client, stack, change)));
  await waitFor(
    'a call of each host',
    () =>
      fleet.stacks.every(({ address }) => contacts.get(address)?.some(({ time }) => time > since) === true),
    { timeoutSeconds: 90 },
  );
}

/** Calls of the host, one after the other. */
function callsOf(address: string): readonly Contact[] {
  return (contacts.get(address) ?? []).toSorted((one, other) => one.time - other.time);
}

/** Calls by somebody who had not taken the Lease since another called. */
function withoutLease(calls: readonly Contact[], taken: readonly Contact[]): readonly Contact[] {
  let current = 0;
  return calls.filter(({ who, time }) => {
    const next = taken.findIndex(
      (taking, index) => index >= current && taking.who === who && taking.time <= time + clockTolerance,
    );
    if (next >= 0) current = next;
    return next < 0;
  });
}

test(
  'two processes share the stacks, and never call the same host in turn',
  { timeout: 400_000 },
  async () => {
    const [one, two] = [await start('one'), await start('two')];
    await share('half for each', { one: 2, two: 2 });
    await changeAll(0);

    // The first is stopped. It still believes that it leads when it goes on, with changes to look at.
    one.signal('SIGSTOP');
    await share('all for the second', { two: 4 });
    await changeAll(1);
    const asked = Promise.all(fleet.stacks.map((stack) => changeStack(cluster.client, stack, 2)));
    one.signal('SIGCONT');
    await asked;
    await share('half for each again', { one: 2, two: 2 });
    await changeAll(3);

    two.signal('SIGKILL');
    await share('all for the first', { one: 4 });
    await changeAll(4);

    // Nobody comes back to a host that another has taken, but by a Lease of its own. A busy machine may let a Lease
    // go over more often.
    for (const { namespace, address } of fleet.stacks) {
      const calls = callsOf(address);
      const taken = takings.get(shardLease('jtel-operator', shardOf(namespace, shards))) ?? [];
      expect(withoutLease(calls, taken), `${address}: ${JSON.stringify({ calls, taken })}`).toEqual([]);
      expect(calls.map(({ who }) => who)).toContain('two');
      expect(calls.at(-1)?.who).toBe('one');
    }
  },
);
