/**
 * From an object that says what is wrong to the message that a person reads, through a real operator,
 * Prometheus and Alertmanager.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { aStack, Customer, timeOf } from './objects.ts';
import { dashboardQueries } from './dashboard-queries.ts';
import { Prometheus, type Ticket } from '../../support/monitoring/prometheus.ts';
import { Watched, type WatchedOperator } from './watched.ts';

let watched: Watched;
let prometheus: Prometheus;
let operators: readonly WatchedOperator[];
let acme: Customer;

beforeAll(async () => {
  watched = await Watched.open('monitoring-live');
  const leader = await watched.startLeader();
  acme = await Customer.wellIn(watched, 'acme');
  await Customer.wellIn(watched, 'globex');
  // This is not the stack that is used later, because work under way has no alerts.
  await (await Customer.wellIn(watched, 'initech')).beBusy();
  // The leader has something to look at.
  await watched.kubectl.apply([aStack(watched.elsewhere, 'asleep', { suspend: true })]);
  const standby = await watched.startStandby();
  operators = [standby, leader];
  prometheus = await Prometheus.start({
    sandbox: watched.sandbox,
    name: 'live',
    ports: operators.map(({ port }) => port),
    forSeconds: () => 3,
  });
});
afterAll(async () => {
  await prometheus?.close();
  await watched?.close();
});

/** The only alerts besides the watchdog; nothing else is about to fire either. */
async function expectOnly(...names: readonly string[]): Promise<void> {
  const wanted = ['JtelWatchdog', ...names].toSorted();
  expect(await prometheus.settled(wanted, 60)).toEqual(wanted);
}

/** Fails when something else fires by now, or is about to. For after a wait. */
async function expectStillOnly(...names: readonly string[]): Promise<void> {
  expect(await prometheus.alerts()).toEqual(['JtelWatchdog', ...names].toSorted());
}

const tickets = (alertname: string): readonly Ticket[] => prometheus.tickets(alertname);
const cards = (text: string): readonly string[] =>
  prometheus.receivers.posted
    .filter(({ path, body }) => path === '/teams' && body.includes(text))
    .map(({ body }) => body);
const mails = (text: string): readonly string[] =>
  prometheus.receivers.mails.filter((mail) => mail.includes(text));

const hoursAgo = (hours: number): number => Math.floor(Date.now() / 1000) - hours * 3600;
/** The form in which messages show a time. */
const shown = (seconds: number): string => `${timeOf(seconds).slice(0, 16).replace('T', ' ')} UTC`;

describe('while all is well', () => {
  it('nothing fires but the watchdog, which goes to the dead man’s switch and to nobody else', async () => {
    await expectOnly();
    await waitFor(
      'a sign of life',
      () => prometheus.receivers.posted.filter(({ path }) => path === '/dead-mans-switch').length >= 2,
    );
    expect(prometheus.receivers.posted.filter(({ path }) => path !== '/dead-mans-switch')).toEqual([]);
    expect(prometheus.receivers.mails).toEqual([]);
    await expectStillOnly();
  });
});

describe('a backup that was missed', () => {
  const since = hoursAgo(5);

  it('is one alert, and one message on each way, which says customer, what, since when and what to do', async () => {
    const alert = 'JtelBackupMissed';
    await acme.goWrong({ BackupHealthy: ['False', 'BackupOverdue'] }, since);
    await expectOnly(alert);
    await waitFor(
      'every way',
      () => tickets(alert).length > 0 && cards(alert).length > 0 && mails(alert).length > 0,
    );
    await expectStillOnly(alert);
    const [ticket] = tickets(alert);
    expect(ticket).toMatchObject({ status: 'firing', groupLabels: { name: 'acme' } });
    expect(ticket?.alerts.map(({ annotations }) => annotations)).toEqual([
      {
        customer: `${watched.namespace}/acme`,
        summary: expect.stringContaining('A backup that was due was not made; the last good one is of'),
        since: shown(since),
        action: expect.stringContaining('ask for one now'),
        command: `kubectl jtel backup list acme -n ${watched.namespace}`,
        runbook: 'docs/runbooks/JtelBackupMissed.md',
      },
    ]);
    for (const text of [cards(alert)[0], mails(alert)[0]]) {
      for (const part of [
        `${watched.namespace}/acme: JtelBackupMissed (critical)`,
        'A backup that was due was not made',
        shown(since),
        'See why it did not begin',
        'kubectl jtel backup list acme',
        'docs/runbooks/JtelBackupMissed.md',
      ])
        expect(text).toContain(part);
    }
    expect(JSON.parse(cards(alert)[0] ?? '')).toMatchObject({
      type: 'message',
      attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive' }],
    });
    expect(mails(alert)[0]).toMatch(/^Subject: .*acme: JtelBackupMissed/im);
  });

  it('is over when it was made, and that is one more message', async () => {
    await acme.beWell();
    await expectOnly();
    const alert = 'JtelBackupMissed';
    await waitFor(
      'the end on every way',
      () => tickets(alert).length > 1 && cards(alert).length > 1 && mails(alert).length > 1,
    );
    expect(tickets(alert).map(({ status }) => status)).toEqual(['firing', 'resolved']);
    expect([cards(alert).length, mails(alert).length]).toEqual([2, 2]);
    expect(mails(alert)[1]).toContain('Over: ');
  });
});

it('a host that is cut off is one trouble, although five things are wrong', async () => {
  const since = hoursAgo(1);
  // In one write: after only some of them, another alert would be right for a moment.
  await acme.goWrong(
    {
      HostReachable: ['False', 'HostUnreachable'],
      Available: ['Unknown', 'HostUnreachable'],
      BackupHealthy: ['False', 'BackupFailed'],
      RecoveryObjectivesMet: ['False', 'ObjectivesMissed'],
      Drifted: ['True', 'Drifted'],
    },
    since,
    { componentsReady: '0/8' },
  );
  await expectOnly('JtelHostUnreachable');
  await waitFor('the message', () => tickets('JtelHostUnreachable').length > 0);
  expect(tickets('JtelHostUnreachable')[0]?.alerts[0]?.annotations).toMatchObject({
    customer: `${watched.namespace}/acme`,
    summary: 'The operator does not reach the host: HostUnreachable',
    since: shown(since),
  });
  await expectStillOnly('JtelHostUnreachable');
  await acme.beWell();
  await expectOnly();
});

it('a disk that is full and a replica that stopped, at two customers, are two', async () => {
  await acme.write('jtelstack', 'acme', { host: { diskFreeBytes: 2 ** 29 } });
  const globex = await Customer.wellIn(watched, 'globex');
  const since = hoursAgo(1);
  await globex.goWrong({ Available: ['False', 'ComponentsUnhealthy'] }, since, { componentsReady: '7/8' });
  await expectOnly('JtelDiskFull', 'JtelStackUnavailable');
  await waitFor(
    'both',
    () => tickets('JtelDiskFull').length > 0 && tickets('JtelStackUnavailable').length > 0,
  );
  expect(tickets('JtelDiskFull')[0]?.groupLabels['name']).toBe('acme');
  expect(tickets('JtelStackUnavailable')[0]?.alerts[0]?.annotations).toMatchObject({
    summary: 'Containers are missing or unhealthy: 7 of 8 are healthy',
    since: shown(since),
  });
  await expectStillOnly('JtelDiskFull', 'JtelStackUnavailable');
  await acme.beWell();
  await globex.beWell();
  await expectOnly();
});

it('a store that is away silences the alerts about backups in it, and no others of its namespace', async () => {
  const since = hoursAgo(2);
  const globex = await Customer.wellIn(watched, 'globex');
  const failed = { BackupHealthy: ['False', 'BackupFailed'] } as const;
  await acme.losesItsStore(since);
  await waitFor('the store', () => tickets('JtelStoreUnavailable').length > 0);
  await acme.goWrong(failed, since);
  await globex.goWrong(failed, since);
  await expectOnly('JtelBackupFailed', 'JtelBackupFailed', 'JtelStoreUnavailable');
  await waitFor('the other stack', () => tickets('JtelBackupFailed').length > 0);
  expect(tickets('JtelStoreUnavailable')[0]?.alerts[0]?.annotations).toMatchObject({
    customer: `${watched.namespace}, store acme`,
    summary: 'The store cannot be used: StoreUnreachable',
  });
  await acme.beWell();
  await globex.beWell();
  await expectOnly();
  await waitFor('the end', () => tickets('JtelBackupFailed').length > 1);
  // Alertmanager groups by stack, so a message about the first one would be of its own.
  expect(tickets('JtelBackupFailed').map(({ groupLabels }) => groupLabels['name'])).toEqual([
    'globex',
    'globex',
  ]);
});

it('every panel and variable of every dashboard has data', async () => {
  const queries = await dashboardQueries({ namespace: watched.namespace, stack: 'acme' });
  expect(queries.length).toBeGreaterThan(70);
  const empty: string[] = [];
  for (const { of, expr } of queries) {
    const found = await waitFor(expr, async () => (await prometheus.query(expr)).length > 0, {
      timeoutSeconds: 5,
      intervalMilliseconds: 1000,
    }).catch((error: unknown) => error);
    if (found !== true) empty.push(`${of}: ${expr} ${String(found)}`);
  }
  expect(empty).toEqual([]);
});

it('an operator that ended takes the sign of life with it, and is told', async () => {
  for (const operator of operators) await operator.stop();
  expect(await prometheus.settled(['JtelOperatorDown'], 60)).toEqual(['JtelOperatorDown']);
  await waitFor('the message', () => tickets('JtelOperatorDown').length > 0);
});
