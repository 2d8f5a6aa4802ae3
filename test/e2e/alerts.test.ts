/**
 * What breaks on a real host, and the message that a person gets of it: a real Prometheus scrapes the real
 * operator, whose looks at the host make every status here. Each trouble makes one alert and one message, and
 * one more when it is over. Rules and times are those of deploy/monitoring, but what has to be so for a minute
 * there has to be so for two seconds here.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StackConditionType } from '../../crds/index.ts';
import { buildMonitoring } from '../../sandbox/monitoring.ts';
import { healthPort } from '../support/health-port.ts';
import { Prometheus, type Ticket } from '../support/monitoring/prometheus.ts';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'alerts';
let stage: Stage;
let lastPort = 0;
let prometheus: Prometheus;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace, host: { diskMiB: 20_480 }, controlPlane: 'own' });
  await buildMonitoring(stage.sandbox.docker);
  await allowNoDelay();
  await stage.applyBackupStore();
  const port = await startOperator();
  const backup = { storeRef: { name: 'backups' }, schedule: '0 0 1 1 *', timeZone: 'UTC' };
  await stage.apply({ spec: { backup, drift: 'Warn' } });
  await stage.untilReady(600);
  prometheus = await Prometheus.start({
    sandbox: stage.sandbox,
    name: namespace,
    ports: [port],
    forSeconds: (seconds) => seconds / 30,
  });
});
afterAll(async () => {
  await prometheus?.close();
  await stage?.close();
});

/** One that looks every five seconds. @returns where it gives its metrics */
async function startOperator(): Promise<number> {
  const operator = await stage.startOperator(['--resync-seconds', '5']);
  // The log has the port of the operator before, too.
  lastPort = await waitFor('its own port', async () => {
    const port = await healthPort(operator);
    return port !== lastPort && port;
  });
  return lastPort;
}

/** A backup may be ten minutes late, and nobody wants to wait for that; so this control plane accepts 0 as well. */
async function allowNoDelay(): Promise<void> {
  const spec = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties';
  const path = `${spec}/backup/properties/startDeadlineMinutes/minimum`;
  const patch = JSON.stringify([{ op: 'replace', path, value: 0 }]);
  await stage.kubectl.run(['patch', 'crd', 'jtelstacks.jtel.de', '--type', 'json', '-p', patch]);
}

const onHost = (script: string): Promise<string> => stage.onHost(['sh', '-ec', script]);

const only = (...names: readonly string[]): readonly string[] => ['JtelWatchdog', ...names].toSorted();
/** What fires or is about to, as soon as that is no more and no less than these and the watchdog. */
const alerts = (...names: readonly string[]): Promise<readonly string[]> =>
  prometheus.settled(only(...names), 120);

/** Waits for the one message about it. @param type the condition whose change began it */
async function expectMessage(alertname: string, what: string, type?: StackConditionType): Promise<void> {
  await waitFor('the message', () => prometheus.tickets(alertname).length > 0);
  const [ticket, ...more] = prometheus.tickets(alertname);
  expect([ticket?.status, ticket?.alerts.length, more]).toEqual(['firing', 1, []]);
  expect(ticket?.alerts[0]?.annotations).toMatchObject({
    customer: `${namespace}/${stackName}`,
    summary: expect.stringContaining(what),
    action: expect.any(String),
    runbook: `docs/runbooks/${alertname}.md`,
  });
  if (type === undefined) return;
  const conditions = (await stage.stack()).status?.conditions ?? [];
  const since = conditions.find((one) => one.type === type)?.lastTransitionTime ?? '';
  expect(ticket?.alerts[0]?.annotations['since']).toBe(`${since.slice(0, 16).replace('T', ' ')} UTC`);
}

/** Waits until its end was told, and no more than that. */
async function expectEnd(alertname: string): Promise<void> {
  await waitFor('the end to be told', () => prometheus.tickets(alertname).length > 1);
  expect(prometheus.tickets(alertname).map(({ status }) => status)).toEqual(['firing', 'resolved']);
}

it('a stack that is well, with an operator that looks at it, has no alert', async () => {
  expect(await alerts()).toEqual(only());
});

it('replication that was stopped in the database', async () => {
  const replica = (await stage.containers()).get('acd-dbs');
  const sql = (statement: string): Promise<string> =>
    onHost(
      `docker exec ${replica} mariadb --defaults-file=/dev/shm/jtel/client.cnf -e '${statement} SLAVE SQL_THREAD'`,
    );
  await sql('STOP');
  expect(await alerts('JtelStackUnavailable')).toEqual(only('JtelStackUnavailable'));
  await expectMessage('JtelStackUnavailable', 'are healthy', 'Available');
  await sql('START');
  expect(await alerts()).toEqual(only());
  await expectEnd('JtelStackUnavailable');
});

it('a disk with almost nothing left', async () => {
  await onHost('free=$(df --output=avail -m /disk | tail -1); fallocate -l $((free - 700))MiB /disk/fill-1');
  expect(await alerts('JtelDiskFull')).toEqual(only('JtelDiskFull'));
  await expectMessage('JtelDiskFull', 'left where Docker keeps its data');
  await stage.sandbox.faults(namespace).free();
  expect(await alerts()).toEqual(only());
  await expectEnd('JtelDiskFull');
});

it('a backup that was due while no operator ran', async () => {
  const signs = (): number =>
    prometheus.receivers.posted.filter(({ path }) => path === '/dead-mans-switch').length;
  await waitFor('a sign of life', () => signs() > 0);
  await stage.operator?.stop();
  expect(await prometheus.settled(['JtelOperatorDown'], 60)).toEqual(['JtelOperatorDown']);
  await waitFor('the message', () => prometheus.tickets('JtelOperatorDown').length > 0);
  // The dead man's switch hears nothing any more.
  const heard = signs();
  // The minute that began last; no backup is due before there are data.
  const loaded = Date.parse((await stage.stack()).status?.data?.time ?? '');
  const due = await waitFor(
    'a minute with data',
    () => {
      const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000);
      return minute.getTime() > loaded && minute;
    },
    { timeoutSeconds: 70 },
  );
  const schedule = `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
  await stage.patchSpec({ backup: { schedule, scheduleSpreadMinutes: 0, startDeadlineMinutes: 0 } });
  expect(signs()).toBe(heard);
  await prometheus.scrape([await startOperator()]);
  expect(await alerts('JtelBackupMissed')).toEqual(only('JtelBackupMissed'));
  await expectMessage('JtelBackupMissed', 'the last good one is none', 'BackupHealthy');
  await stage.request('JtelBackup', 'now', {});
  expect(await alerts()).toEqual(only());
  await expectEnd('JtelBackupMissed');
  expect(prometheus.tickets('JtelOperatorDown').map(({ status }) => status)).toEqual(['firing', 'resolved']);
});

it('a host that is cut off', async () => {
  await stage.sandbox.faults(namespace).cut();
  expect(await alerts('JtelHostUnreachable')).toEqual(only('JtelHostUnreachable'));
  await expectMessage('JtelHostUnreachable', 'HostUnreachable', 'HostReachable');
  await stage.sandbox.faults(namespace).mend();
  expect(await alerts()).toEqual(only());
  await expectEnd('JtelHostUnreachable');
});

it('nobody was told anything else', () => {
  const told = prometheus.receivers.posted
    .filter(({ path }) => path === '/webhook')
    .map(({ body }) => (JSON.parse(body) as Ticket).groupLabels['alertname']);
  expect([...new Set(told)]).toEqual([
    'JtelStackUnavailable',
    'JtelDiskFull',
    'JtelOperatorDown',
    'JtelBackupMissed',
    'JtelHostUnreachable',
  ]);
});
