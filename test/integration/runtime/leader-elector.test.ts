import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ClusterClient,
  LeaderElector,
  leases,
  LeadershipLost,
  SecretRegistry,
  silentLogger,
  type Leadership,
  type Lease,
} from '../../../runtime/index.ts';
import { call, createNamespace, openCluster, openProxied, type TestCluster } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait.ts';

/** So long that a machine which stands still for some seconds costs nobody the Lease. */
const leaseSeconds = 9;

/** Another process that stands for election; see `test/support/elect.ts`. */
class Candidate {
  readonly lines: { readonly time: number; readonly event: string; readonly value: string }[] = [];
  readonly process: ChildProcess;
  readonly ended: Promise<void>;

  constructor(kubeconfig: string, namespace: string, identity: string, durationSeconds: number) {
    const script = resolve(import.meta.dirname, '../../support/elect.ts');
    this.process = spawn(
      process.execPath,
      [script, kubeconfig, namespace, identity, String(durationSeconds)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.ended = new Promise((done) => this.process.once('close', () => done()));
    if (this.process.stdout === null) throw new Error('no output to read');
    createInterface(this.process.stdout).on('line', (line) => {
      const [time = '', event = '', ...value] = line.split(' ');
      this.lines.push({ time: Number(time), event, value: value.join(' ') });
    });
  }

  says(event: string): { readonly time: number; readonly value: string } | undefined {
    return this.lines.find((line) => line.event === event);
  }

  lastActs(): number {
    return this.lines.findLast((line) => line.event === 'acts')?.time ?? 0;
  }

  async wait(event: string): Promise<{ readonly time: number; readonly value: string }> {
    return waitFor(`a candidate that ${event}`, () => this.says(event), { intervalMilliseconds: 10 });
  }
}

describe('leader election', () => {
  let cluster: TestCluster;
  let namespace: string;
  let candidates: Candidate[];

  beforeAll(async () => {
    cluster = await openCluster('election');
  });
  afterAll(async () => cluster.close());
  beforeEach(async () => {
    namespace = await createNamespace(cluster.client, 'election');
    candidates = [];
  });
  afterEach(async () => {
    for (const each of candidates) each.process.kill('SIGKILL');
    await Promise.all(candidates.map(({ ended }) => ended));
  });

  function candidate(identity: string, durationSeconds = leaseSeconds): Candidate {
    const made = new Candidate(cluster.kubeconfig, namespace, identity, durationSeconds);
    candidates.push(made);
    return made;
  }

  const lease = (): Promise<Lease> => cluster.client.get(leases, { namespace, name: 'election' }, call());

  it('has one leader, and the next at once when it lets go on SIGTERM', async () => {
    // Nobody waits for the end of such a Lease here.
    const longSeconds = 3600;
    const first = candidate('first', longSeconds);
    await first.wait('leads');
    const second = candidate('second', longSeconds);
    await second.wait('started');
    expect((await lease()).spec).toMatchObject({ holderIdentity: 'first', leaseTransitions: 0 });
    first.process.kill('SIGTERM');
    const released = await first.wait('released');
    const leads = await second.wait('leads');
    expect(first.says('stops')?.time).toBeLessThanOrEqual(released.time);
    expect(leads.value).toBe('1');
    expect(first.lastActs()).toBeLessThan(leads.time);
  });

  it('goes to another when the leader dies, after its lease has run out', async () => {
    const first = candidate('first');
    await first.wait('leads');
    const second = candidate('second');
    await second.wait('started');
    const { renewTime = '' } = (await lease()).spec ?? {};
    first.process.kill('SIGKILL');
    await first.ended;
    const leads = await second.wait('leads');
    expect(leads.time - Date.parse(renewTime)).toBeGreaterThan(leaseSeconds * 1000 - 100);
    const { metadata, spec } = await lease();
    expect(spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
    expect(metadata).toMatchObject({ labels: { election: 'test' }, annotations: { holder: 'second' } });
  });

  it('makes a paused leader do nothing when it wakes up', async () => {
    const first = candidate('first');
    await first.wait('leads');
    const second = candidate('second');
    await second.wait('started');
    await waitFor('the first to act', () => first.lastActs() > 0);
    first.process.kill('SIGSTOP');
    const leads = await second.wait('leads');
    first.process.kill('SIGCONT');
    await first.wait('lost');
    expect(first.lastActs()).toBeLessThan(leads.time);
    await first.ended;
    expect((await lease()).spec?.holderIdentity).toBe('second');
  });

  it('ends leadership before another can begin it when the server is out of reach', async () => {
    const { connection, proxy } = await openProxied(cluster.kubeconfig);
    const client = new ClusterClient({
      connection,
      fieldManager: 'jtel-test',
      secrets: new SecretRegistry(),
    });
    const elector = new LeaderElector({
      cluster: client,
      lease: { namespace, name: 'election' },
      identity: 'cut off',
      logger: silentLogger,
      leaseDurationSeconds: 2 * leaseSeconds,
      renewDeadlineSeconds: (2 / 3) * leaseSeconds,
      retryPeriodSeconds: 0.3,
    });
    let leadership: Leadership | undefined;
    const run = elector.run(new AbortController().signal, async (given) => {
      leadership = given;
      await new Promise((end) => given.signal.addEventListener('abort', end, { once: true }));
    });
    run.catch(() => undefined); // checked below
    await waitFor('leadership', () => leadership);
    expect(elector.isHeld()).toBe(true);
    const second = candidate('second');
    await second.wait('started');
    proxy.silence();
    await expect(run).rejects.toBeInstanceOf(LeadershipLost);
    expect(elector.isHeld()).toBe(false);
    expect(leadership?.signal.reason).toBeInstanceOf(LeadershipLost);
    expect(second.says('leads')).toBeUndefined();
    await second.wait('leads');
    await connection.close();
    await proxy.close();
  });

  it('keeps the lease while a leader that must stop is still cleaning up', async () => {
    const elector = new LeaderElector({
      cluster: cluster.client,
      lease: { namespace, name: 'election' },
      identity: 'tidy',
      logger: silentLogger,
      leaseDurationSeconds: 60,
      renewDeadlineSeconds: 40,
      retryPeriodSeconds: 0.1,
    });
    const stop = new AbortController();
    let renewals = 0;
    await elector.run(stop.signal, async () => {
      stop.abort();
      const before = (await lease()).spec?.renewTime;
      await waitFor('renewals during clean-up', async () => {
        const { renewTime } = (await lease()).spec ?? {};
        if (renewTime !== before) renewals += 1;
        return renewals > 3;
      });
      expect(elector.isHeld()).toBe(true);
    });
    expect((await lease()).spec?.holderIdentity).toBe('');
    expect(elector.isHeld()).toBe(false);
  });

  it('passes on what the leader failed with, and lets go', async () => {
    const elector = new LeaderElector({
      cluster: cluster.client,
      lease: { namespace, name: 'election' },
      identity: 'clumsy',
      logger: silentLogger,
    });
    await expect(
      elector.run(new AbortController().signal, async () => Promise.reject(new Error('a fault'))),
    ).rejects.toThrow('a fault');
    expect((await lease()).spec?.holderIdentity).toBe('');
  });

  it('waits no longer when told to stop before it leads', async () => {
    const first = candidate('first');
    await first.wait('leads');
    const elector = new LeaderElector({
      cluster: cluster.client,
      lease: { namespace, name: 'election' },
      identity: 'patient',
      logger: silentLogger,
    });
    const stop = new AbortController();
    const run = elector.run(stop.signal, async () => Promise.reject(new Error('must not lead')));
    stop.abort();
    await run;
    expect((await lease()).spec?.holderIdentity).toBe('first');
  });

  it('refuses times that cannot work', () => {
    expect(
      () =>
        new LeaderElector({
          cluster: cluster.client,
          lease: { namespace, name: 'x' },
          identity: 'a',
          logger: silentLogger,
          renewDeadlineSeconds: 20,
        }),
    ).toThrow('renew deadline');
  });
});
