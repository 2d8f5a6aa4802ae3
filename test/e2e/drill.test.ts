/**
 * Two customers, and a drill that restores the backup of each on one host that neither of them uses, side by
 * side. Their release says what a restored stack is asked. One customer has lost all accounts, and nobody but
 * the drill notices: the backup is whole, and the database counts right. Afterwards nothing of either of them
 * is left on the drill's host.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JtelDrill, JtelDrillStatus } from '../../crds/index.ts';
import { startOperatorProcess } from '../../sandbox/installation/operator.ts';
import { checkedRelease } from '../../sandbox/stand-ins/checked-release.ts';
import { healthPort } from '../support/health-port.ts';
import { leaseArguments } from '../support/lease.ts';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';
import { witness } from './witness.ts';

const drillRoom = 'drill-room';
const secretNamespace = 'jtel-drills';
let well: Stage;
let emptied: Stage;
let customers: readonly Customer[];
/** Notes of what ran on the drill's host. */
let seen: () => Promise<string>;
let port: number;
let before: string;

interface Customer {
  readonly stage: Stage;
  /** In its database and in a file. */
  readonly canary: string;
  /** Backups are encrypted with it. */
  readonly key: string;
}

beforeAll(async () => {
  well = await Stage.open({ name: 'drill', moreHosts: [drillRoom], controlPlane: 'own' });
  emptied = await Stage.open({ name: 'drill-b', controlPlane: well });
  // Only one of all namespaces runs drills. A busy machine must not look like a dead operator.
  const operator = await startOperatorProcess(well.cluster, {
    toolbox: well.toolbox,
    name: well.namespace,
    releaseKeyFile: well.sandbox.releaseKeyFiles.public,
    args: [...leaseArguments(well.namespace), '--lease-duration-seconds', '90'],
  });
  well.operator = operator;
  port = await healthPort(operator);
  customers = [well, emptied].map((stage) => ({ stage, canary: aSecret('hex'), key: aSecret('base64') }));
  await Promise.all(customers.map(install));
  await emptied.query('DELETE FROM jtel.users');
  seen = await witness(well.sandbox.docker, room().container);
  before = await leftThere();
});

afterAll(async () => {
  await emptied?.close();
  await well?.close();
});

function aSecret(encoding: 'hex' | 'base64'): string {
  return randomBytes(32).toString(encoding);
}

function room() {
  return well.sandbox.host(drillRoom);
}

async function install({ stage, canary, key }: Customer): Promise<void> {
  const { namespace } = stage;
  const stringData = { current: '2026-a', '2026-a': key };
  await stage.kubectl.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'backup-keys', namespace }, stringData },
  ]);
  await stage.applyBackupStore({ encryptionKeySecretRef: { name: 'backup-keys' } });
  await stage.apply({
    version: checkedRelease,
    spec: {
      backup: { storeRef: { name: 'backups' }, state: 'Suspended' },
      initialData: { source: 'Vanilla' },
    },
  });
  await stage.untilReady(600);
  await stage.query(
    `CREATE TABLE jtel.notes (text VARCHAR(80)); INSERT INTO jtel.notes VALUES ('${canary}')`,
  );
  // Without capabilities, root may not write what belongs to jtel's user.
  const runner = (await stage.containers()).get('acd-task-runner') ?? '';
  const write = `echo ${canary} > /srv/jtel/files/announcements/canary.txt`;
  await stage.onHost(['docker', 'exec', '--user', '1000', runner, 'sh', '-c', write]);
}

/** A drill on its own host, and on those of these stages. */
async function applyDrill(...others: readonly Stage[]): Promise<void> {
  const hosts = [room(), ...others.map(({ host }) => host)].map((host) => ({
    name: host.name,
    parallel: 2,
    keepFreeGiB: 1,
    host: {
      address: host.address,
      port: host.port,
      user: host.user,
      sshSecretRef: { name: 'drill-ssh' },
      hostKeyFingerprints: [host.hostKeyFingerprint],
    },
  }));
  const [namespace, type] = [secretNamespace, 'kubernetes.io/ssh-auth'];
  await well.kubectl.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type,
      metadata: { name: 'drill-ssh', namespace },
      stringData: { 'ssh-privatekey': room().privateKey },
    },
    {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelDrill',
      metadata: { name: 'nightly' },
      spec: { secretNamespace, hosts, testWithinDays: 7 },
    },
  ]);
}

/** Waits until the drill is ready or not for that reason, with its current spec. */
async function drillIs(
  reason: string,
  matches: (status: JtelDrillStatus) => boolean = () => true,
): Promise<JtelDrillStatus> {
  let last: JtelDrillStatus | undefined;
  return await waitFor(
    () => `the drill to be ${reason}; it is ${JSON.stringify(last)}`,
    async () => {
      const { metadata, status } = await well.kubectl.json<JtelDrill>(['get', 'jteldrill', 'nightly']);
      last = status;
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      const isCurrent = ready?.observedGeneration === metadata.generation;
      return status !== undefined && ready?.reason === reason && isCurrent && matches(status) && status;
    },
    { timeoutSeconds: 120, intervalMilliseconds: 500 },
  );
}

/** Everything that work leaves behind on the drill's host, except images. */
async function leftThere(): Promise<string> {
  const look =
    "docker ps -a --format '{{.Names}}'; docker volume ls --format '{{.Name}}'; docker network ls --format '{{.Name}}'; find /opt/jtel -mindepth 1 ! -path '/opt/jtel/.bin*'";
  return await well.sandbox.docker.exec(room().container, ['sh', '-c', look]);
}

/** Files on a host that contain one of the texts, wherever they are. */
async function filesWith(texts: readonly string[], container: string): Promise<string> {
  const places = '/dev/shm /etc /home /opt /root /run /srv /tmp /var';
  const look = `grep -rlsF -D skip -f - ${places} || true`;
  return await well.sandbox.docker.exec(container, ['sh', '-c', look], {
    input: `${texts.join('\n')}\n`,
    timeoutSeconds: 300,
  });
}

/** Passwords and keys of a customer. */
async function secretsOf({ stage, canary, key }: Customer): Promise<readonly string[]> {
  const { data = {} } = await stage.kubectl.json<{ data?: Readonly<Record<string, string>> }>([
    'get',
    'secret',
    `${stackName}-credentials`,
    '-n',
    stage.namespace,
  ]);
  const passwords = Object.values(data).map((value) => Buffer.from(value, 'base64').toString());
  const { blob, registry } = stage.sandbox;
  return [canary, key, ...passwords, blob.customer.key, registry.password];
}

async function metrics(): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/ (\S+)$/.exec(line)?.[1])]));
}

it('a drill begins nothing on the host of a customer, and says whose it is', async () => {
  await applyDrill(well);
  const { hosts, stacks } = await drillIs('DrillHostRefused');
  expect(stacks).toBe(0);
  expect(hosts).toMatchObject([
    { name: drillRoom, state: 'Ready' },
    { name: well.host.name, state: 'Refused', message: expect.stringContaining('JtelStack drill/acme') },
  ]);
});

describe('once each customer has a backup', () => {
  let status: JtelDrillStatus;

  beforeAll(async () => {
    const made = await Promise.all(
      customers.map(({ stage }) => stage.request('JtelBackup', 'made', { verify: 'Checksum' })),
    );
    if (made.some(({ phase }) => phase !== 'Completed'))
      throw new Error(`nothing to test: ${JSON.stringify(made)}`);
    await Promise.all(customers.map(({ stage }) => stage.ended('JtelRestore', 'made-drill', 300)));
    await applyDrill();
    status = await drillIs('DrillFailed', ({ testsDone, tested }) => testsDone === 2 && tested === 1);
  });

  it('the one that answers as its release says has passed', async () => {
    const { spec, status: tested } = await well.restore('made-drill');
    expect(spec).toMatchObject({ mode: 'Test', test: { drillRef: { name: 'nightly' } } });
    expect(tested).toMatchObject({
      phase: 'Completed',
      message: expect.stringContaining('2 smoke checks'),
      recoveryTimeSeconds: expect.any(Number),
      testHost: expect.objectContaining({ address: room().address }),
    });
    const { status: stack } = await well.stack();
    expect(stack?.backup).toMatchObject({ lastRestoreTestResult: 'Passed' });
  });

  it('the one without accounts has failed, and says what was asked', async () => {
    const { status: tested } = await emptied.restore('made-drill');
    expect(tested).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('accounts: "0" instead of "1"'),
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Failed', status: 'True', reason: 'VerificationFailed' }),
      ]),
    });
    const { status: stack } = await emptied.stack();
    expect(stack?.backup).toMatchObject({ lastRestoreTestResult: 'Failed' });
  });

  it('the drill says how many were tested, which failed, and how long a round takes', () => {
    expect(status).toMatchObject({
      stacks: 2,
      tested: 1,
      testedPercent: 50,
      failed: 1,
      waiting: 0,
      running: 0,
      testsDone: 2,
      testSeconds: expect.any(Number),
      cycleHours: 1,
      oldest: { name: stackName, testTime: expect.any(String) },
      hosts: [{ name: drillRoom, state: 'Ready', freeGiB: expect.any(Number) }],
      message: expect.stringMatching(/drill-b\/acme.* With this host every backup is tested each /),
    });
    expect(status.tests ?? []).toEqual([]);
  });

  it('the metrics say the same', async () => {
    const all = await metrics();
    const drill = (metric: string, labels = ''): unknown =>
      all.get(`jtel_drill_${metric}{name="nightly"${labels}}`);
    const stacks = ['all', 'tested', 'failed', 'waiting'].map((of) => drill('stacks', `,of="${of}"`));
    expect(stacks).toEqual([2, 1, 1, 0]);
    expect(drill('tests')).toBe(2);
    expect(drill('test_seconds')).toBe(status.testSeconds);
    expect(drill('cycle_hours')).toBe(1);
    expect(drill('oldest_test_timestamp_seconds')).toBe(Date.parse(status.oldest?.testTime ?? '') / 1000);
    const { status: tested } = await well.restore('made-drill');
    expect(all.get(`jtel_stack_recovery_time_seconds{namespace="drill",name="${stackName}"}`)).toBe(
      tested?.recoveryTimeSeconds,
    );
  });

  it('both were asked in closed networks of their own, and no port was published', async () => {
    const notes = (await seen()).split(/^(?=create |start |die )/m);
    const closed = notes.filter((note) => /^create jtel-test-[0-9a-f]{12}_closed\n/.test(note));
    expect(closed).toHaveLength(2);
    for (const note of closed) expect(note).toContain('"Internal": true');
    const asking = notes.filter((note) => /^create jtel-job-\S+-smoke\n/.test(note));
    const networks = asking.map((note) => /"NetworkMode": "([^"]*)"/.exec(note)?.[1]);
    expect(networks.toSorted()).toEqual(closed.map((note) => /^create (.*)/.exec(note)?.[1]).toSorted());
    for (const note of notes) expect(note).not.toContain('"HostPort"');
  });

  it('nothing of either is left on the host: no container, volume, network, file, password or key', async () => {
    expect(await leftThere()).toBe(before);
    const secrets = (await Promise.all(customers.map(secretsOf))).flat();
    expect(secrets.length).toBeGreaterThan(8);
    expect(await filesWith(secrets, room().container)).toBe('');
    // The same look finds them where they are at home.
    for (const { stage, canary } of customers)
      expect(await filesWith([canary], stage.host.container)).not.toBe('');
  });
});
