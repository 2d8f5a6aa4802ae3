/** What a drill says of itself: what needs somebody first, and the forecast. */
import { expect, it } from 'vitest';
import type { JtelDrill, JtelStackStatus } from '../../../crds/index.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import { aStack, facts } from '../../stack/testing.ts';
import type { Observed, SeenHost, SeenTest } from '../observe/observed.ts';
import { plan } from '../plan/plan.ts';
import { aBackup, aDrill, aDrillHost, aTest, aTestRestore } from '../testing.ts';
import { drillEvents } from './events.ts';
import { summarise } from './status.ts';

const now = new Date('2026-03-01T03:00:00Z');
const ready: SeenHost = { spec: aDrillHost(1), facts: { ok: true, value: facts() } };

type Known = NonNullable<JtelStackStatus['backup']>;
const member = (name: string, backup: Known = {}) => ({
  stack: aStack({}, { name }, { backup }),
  backups: [aBackup(`${name}-b`, {}, name)],
  restores: [],
});
const passed: Known = {
  lastRestoreTestTime: '2026-02-28T03:00:00Z',
  lastRestoreTestPassedTime: '2026-02-28T03:00:00Z',
  lastRestoreTestResult: 'Passed',
};

function status(seen: Partial<Observed>, drill: JtelDrill = aDrill()) {
  const observed: Observed = { members: [member('main')], hosts: [ready], tests: [], ...seen };
  return summarise(drill, observed, plan(drill, observed, now), now);
}

it.each<[string, Partial<Observed>, JtelDrill | undefined, string, string]>([
  ['Drilling', {}, undefined, 'True', '0 of 1 stacks were tested within 7 days; 1 test runs'],
  ['DrillDone', { members: [] }, undefined, 'True', '0 of 0 stacks'],
  ['DrillSuspended', {}, aDrill({ state: 'Suspended' }), 'True', 'Suspended. 0 of 1'],
  [
    'DrillHostRefused',
    { hosts: [{ ...ready, refusal: 'It is a customer’s.' }] },
    undefined,
    'False',
    'It is a cust',
  ],
  [
    'DrillHostUnreachable',
    { hosts: [{ ...ready, facts: { ok: false, reason: 'HostUnreachable', message: 'No answer.' } }] },
    undefined,
    'False',
    'Host drill-1: No answer.',
  ],
  [
    'DrillNoRoom',
    { hosts: [{ ...ready, facts: { ok: true, value: facts({ diskFreeBytes: 1 }) } }] },
    undefined,
    'False',
    'No host has room for acme/main',
  ],
  [
    'DrillFailed',
    { members: [member('main', { ...passed, lastRestoreTestResult: 'Failed' })] },
    undefined,
    'False',
    'The last test failed: acme/main.',
  ],
])('says %s', (reason, seen, drill, isReady, message) => {
  const { conditions = [], message: said } = status(seen, drill);
  expect(findCondition(conditions, 'Ready')).toMatchObject({ reason, status: isReady });
  expect(said).toContain(message);
  expect(drillEvents(undefined, { conditions })).toMatchObject([
    { reason, type: isReady === 'True' ? 'Normal' : 'Warning' },
  ]);
  expect(drillEvents({ conditions }, { conditions })).toEqual([]);
});

it('counts whose backup passed a test in time, and names the oldest', () => {
  const old = { ...passed, lastRestoreTestPassedTime: '2026-02-01T00:00:00Z' };
  const { tested, testedPercent, stacks, oldest } = status({
    members: [member('a', passed), member('b', old), member('c')],
  });
  expect({ tested, testedPercent, stacks, oldest }).toEqual({
    tested: 1,
    testedPercent: 33,
    stacks: 3,
    oldest: { namespace: 'acme', name: 'c' },
  });
});

it('forecasts a round from the mean of the last tests and the places of its hosts', () => {
  const done: SeenTest = { test: aTest(), restore: aTestRestore('Completed'), remains: { is: 'Clean' } };
  const members = Array.from({ length: 100 }, (_, index) => member(`s${index}`));
  const spec = aDrillHost(1, { parallel: 2 });
  const first = status({ members, hosts: [{ ...ready, spec }], tests: [done] }, aDrill({ hosts: [spec] }));
  expect(first).toMatchObject({ testsDone: 1, testSeconds: 3600, cycleHours: 50 });
  expect(first.message).toContain('every backup is tested each 2.1 days.');
  const before = aDrill({}, { testsDone: 99, testSeconds: 1600 });
  expect(status({ tests: [done] }, before)).toMatchObject({ testsDone: 100, testSeconds: 1700 });
  expect(status({})).not.toHaveProperty('cycleHours');
});
