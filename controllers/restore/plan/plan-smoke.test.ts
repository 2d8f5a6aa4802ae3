/** A test restore from its count to its result: one line per situation. */
import { describe, expect, it } from 'vitest';
import type { JobReport, ObservedContainer } from '../../../host-driver/host.ts';
import { aHost, aStack } from '../../stack/testing.ts';
import { aRestore } from '../../../test/support/a-restore.ts';
import type { Manifest } from '../../../backup-format/manifest.ts';
import type { Observed, Scratch, Smoke } from '../observe/observed.ts';
import type { Plan } from './actions.ts';
import { plan } from './plan.ts';

const now = new Date('2026-03-01T12:00:00Z');
const nowSeconds = now.getTime() / 1000;
const http = { component: 'acd-web', port: 80, path: '/', status: 200 };
const smoke: Smoke = { checks: [{ name: 'web', http }], services: ['acd-web-1'] };
const sqlOnly: Smoke = { checks: [{ name: 'one', sql: { query: 'SELECT 1', value: '1' } }], services: [] };
const manifest = { dataSets: [], totals: {}, release: { version: '3.43.2' } } as unknown as Manifest;

function done(result: unknown, secondsAgo = 10): JobReport {
  return {
    job: { name: 'j', uid: 'u', type: 't', state: 'Succeeded', finishedSeconds: nowSeconds - secondsAgo },
    result,
  };
}
const counted = done({ tables: [], sequences: 0, fileTrees: [] });
const job = (state: 'Running' | 'Failed'): JobReport => ({
  job: { ...counted.job, state, finishedSeconds: nowSeconds - 300 },
});

function container(service: string, fields: Partial<ObservedContainer> = {}): ObservedContainer {
  return { service, state: 'running', health: 'healthy', ...fields } as ObservedContainer;
}

interface Situation {
  readonly smoke?: Smoke;
  readonly containers?: readonly ObservedContainer[];
  readonly scratch?: Partial<Scratch>;
  readonly startTime?: string;
}

function next({ startTime = '2026-03-01T11:59:00Z', ...situation }: Situation): Plan {
  const host = aHost({ containers: situation.containers ?? [container('acd-dbm')] });
  const observed: Observed = {
    stack: aStack(),
    target: { ok: true, value: { backupID: 'b', identity: 'acme.main', storeName: 's' } },
    checked: { checks: [], manifest, smoke: situation.smoke ?? smoke },
    scratch: {
      project: 'jtel-test-1',
      place: aStack().spec.host,
      host: { ok: true, value: host },
      databaseService: 'acd-dbm',
      restore: done({}),
      count: counted,
      ...situation.scratch,
    },
  };
  const restore = aRestore({ mode: 'Test' }, { status: { phase: 'Starting', startTime } });
  return plan({ restore, observed, now });
}

const web = container('acd-web-1');
const database = container('acd-dbm');
const late = {
  restore: done({}, 9000),
  count: { ...counted, job: { ...counted.job, finishedSeconds: nowSeconds - 3700 } },
};

describe('smoke checks of a test restore', () => {
  it.each<[string, Situation, object]>([
    ['begin with what they ask', {}, { kind: 'Act', wave: [{}, { type: 'StartStack' }] }],
    [
      '… which is started again if it fell over',
      { containers: [database, container('acd-web-1', { state: 'exited' })] },
      { kind: 'Act', wave: [{}, { type: 'StartStack' }] },
    ],
    [
      '… and waited for',
      { containers: [database, container('acd-web-1', { health: 'starting' })] },
      { kind: 'Wait', phase: 'Starting', facts: { is: 'ServiceStarts', service: 'acd-web-1' } },
    ],
    [
      '… for an hour after the count',
      { containers: [database, container('acd-web-1', { health: 'unhealthy' })], scratch: late },
      { kind: 'Note', result: 'Failed', facts: { is: 'ServiceNotHealthy', service: 'acd-web-1' } },
    ],
    [
      '… or never seen',
      { scratch: late },
      { kind: 'Note', result: 'Failed', facts: { is: 'ServiceNotUp', service: 'acd-web-1' } },
    ],
    [
      'are asked once it is well',
      { containers: [database, web] },
      { kind: 'Act', wave: [{}, { type: 'StartSmoke' }] },
    ],
    ['in SQL only start nothing', { smoke: sqlOnly }, { kind: 'Act', wave: [{}, { type: 'StartSmoke' }] }],
    ['take their time', { scratch: { smoke: job('Running') } }, { kind: 'Wait', facts: { is: 'Asks' } }],
    [
      'are asked again if that failed',
      { scratch: { smoke: job('Failed') }, startTime: '2026-03-01T11:54:59Z' },
      { kind: 'Act', wave: [{}, { type: 'RemoveJob', job: { type: 'Smoke' } }] },
    ],
    [
      'pass',
      { scratch: { smoke: done({ answers: [{ name: 'web', answer: '200' }] }) } },
      { kind: 'Note', result: 'Passed', facts: { is: 'Matches', checks: 1 } },
    ],
    [
      'fail, and the test with them',
      { scratch: { smoke: done({ answers: [{ name: 'web', answer: '500' }] }) } },
      {
        kind: 'Note',
        result: 'Failed',
        facts: { is: 'SmokeFailed', failures: ['web: "500" instead of "200"'] },
      },
    ],
    [
      'are not asked of what is not what was backed up',
      { scratch: { count: done({}) } },
      { kind: 'Note', result: 'Failed', facts: { is: 'Differs' } },
    ],
    [
      'that there are none of change nothing',
      { smoke: { checks: [], services: [] } },
      { kind: 'Note', result: 'Passed', facts: { is: 'Matches', checks: 0 } },
    ],
  ])('%s', (_, situation, expected) => {
    expect(next(situation)).toMatchObject(expected);
  });
});

it('a load of many hours leaves the database an hour to start', () => {
  const startTime = '2026-03-01T04:00:00Z';
  const scratch = { count: undefined as never };
  const containers = [] as const;
  expect(next({ startTime, scratch, containers })).toMatchObject({
    kind: 'Act',
    wave: [{}, { type: 'StartDatabase' }],
  });
  expect(next({ startTime, scratch: { ...scratch, restore: done({}, 3700) }, containers })).toMatchObject({
    kind: 'Note',
    facts: { is: 'DatabaseNotUp' },
  });
});
