import { describe, expect, it } from 'vitest';
import { aStack } from '../controllers/stack/testing.ts';
import type { JtelStack, JtelStackSpec, JtelStackStatus } from '../crds/index.ts';
import { fleetReport, type FleetQuestion } from './fleet.ts';

const now = new Date('2026-03-01T03:00:00Z');
const backup = { storeRef: { name: 'store' } } as NonNullable<JtelStackSpec['backup']>;

function one(
  name: string,
  status: JtelStackStatus = {},
  spec: Partial<JtelStackSpec> = { backup },
  creationTimestamp = '2026-01-01T00:00:00Z',
): JtelStack {
  return aStack(spec, { name, creationTimestamp }, status);
}

/** `group: names` in the order in which they are told. */
function answer(name: FleetQuestion['name'], stacks: readonly JtelStack[], certificateDays = 30): string[] {
  const { questions } = fleetReport(stacks, { now, certificateDays });
  return (questions.find((question) => question.name === name)?.groups ?? []).map(
    (group) => `${group.verdict} ${group.name}: ${group.stacks.map((stack) => stack.name).join(' ')}`,
  );
}

function condition(type: string, status: 'True' | 'False' | 'Unknown', reason: string) {
  return { type, status, reason, message: '', lastTransitionTime: '2026-03-01T01:00:00Z' } as const;
}

const reachable = condition('HostReachable', 'True', 'HostReachable');

describe('questions about a fleet', () => {
  it('says which stacks serve, whatever else is to be done with them', () =>
    expect(
      answer('Service', [
        one('serves', { phase: 'Stalled', componentsReady: '8/8', conditions: [reachable] }),
        one('broken', { phase: 'Degraded', componentsReady: '7/8', conditions: [reachable] }),
        one('ready', { phase: 'Ready' }),
        one('starting', { phase: 'Starting', componentsReady: '2/8', conditions: [reachable] }),
        one('stopped', { phase: 'Stopped', componentsReady: '0/0', conditions: [reachable] }),
        one('away', { phase: 'Unreachable', componentsReady: '8/8' }),
      ]),
    ).toEqual([
      'Bad not available: away broken',
      'Busy under way: starting',
      'Unknown not known: ready',
      'Neutral at rest, as wanted: stopped',
      'Good available: serves',
    ]));

  it('believes the condition, where there is one, about who serves', () => {
    const told = (
      name: string,
      status: 'True' | 'False' | 'Unknown',
      reason: string,
      phase: NonNullable<JtelStackStatus['phase']>,
    ) => one(name, { phase, componentsReady: '7/8', conditions: [condition('Available', status, reason)] });
    const stacks = [
      told('mistyped', 'True', 'Serving', 'Stalled'),
      told('broken', 'False', 'ComponentsUnhealthy', 'Ready'),
      told('new', 'False', 'NotInstalled', 'Preparing'),
      told('stuck', 'False', 'NotInstalled', 'Stalled'),
      told('watched', 'False', 'NotInstalled', 'Observing'),
      told('off', 'False', 'Stopped', 'Stopped'),
      told('away', 'Unknown', 'HostUnreachable', 'Unreachable'),
    ];
    expect(answer('Service', stacks)).toEqual([
      'Bad not available: broken stuck',
      'Busy under way: new',
      'Unknown not known: away',
      'Neutral at rest, as wanted: off watched',
      'Good available: mistyped',
    ]);
  });

  it('has the newest version first, and who is on the way to another', () => {
    const stacks = [
      one('old', { version: '3.9.0', targetVersion: '3.43.2' }),
      one('new', { version: '3.43.2' }),
      one('none'),
      one('older', { version: '3.9.0' }),
    ];
    expect(answer('Versions', stacks)).toEqual([
      'Neutral 3.43.2: new',
      'Neutral 3.9.0: old older',
      'Busy none yet: none',
    ]);
    const { questions } = fleetReport(stacks, { now, certificateDays: 30 });
    expect(questions.find(({ name }) => name === 'Versions')?.groups[1]?.stacks[0]).toEqual({
      namespace: 'acme',
      name: 'old',
      detail: '→ 3.43.2',
      value: '3.43.2',
    });
  });

  it('sorts backups by age, and believes the conditions about what is bad', () =>
    expect(
      answer('Backups', [
        one('tonight', { backup: { lastSuccessTime: '2026-03-01T02:00:00Z' } }),
        one('weekly', { backup: { lastSuccessTime: '2026-02-25T02:00:00Z' } }),
        one('monthly', { backup: { lastSuccessTime: '2026-02-02T02:00:00Z' } }),
        one('overdue', {
          backup: { lastSuccessTime: '2026-02-27T02:00:00Z' },
          conditions: [condition('BackupHealthy', 'False', 'BackupOverdue')],
        }),
        one('off', {}, {}),
        one('new', {}, { backup }, '2026-03-01T01:00:00Z'),
        one('never'),
      ]),
    ).toEqual([
      'Bad failed or overdue: overdue',
      'Busy none yet: new',
      'Bad none yet for long: never',
      'Busy older: monthly',
      'Good within 7 days: weekly',
      'Good within 26 h: tonight',
      'Neutral not configured: off',
    ]));

  it('sorts restore tests by age, without stacks that have no backups', () =>
    expect(
      answer('RestoreTests', [
        one('never'),
        one('off', {}, {}),
        one('failed', {
          backup: { lastRestoreTestResult: 'Failed', lastRestoreTestTime: '2026-02-28T00:00:00Z' },
        }),
        one('fresh', {
          backup: { lastRestoreTestResult: 'Passed', lastRestoreTestPassedTime: '2026-02-28T00:00:00Z' },
        }),
        one('old', {
          backup: { lastRestoreTestResult: 'Passed', lastRestoreTestPassedTime: '2025-12-28T00:00:00Z' },
        }),
      ]),
    ).toEqual([
      'Bad last one failed: failed',
      'Busy never: never',
      'Busy longer ago: old',
      'Good within 7 days: fresh',
    ]));

  it('has the fullest disk and the first certificate to end at the top', () => {
    const host = (diskFreeBytes: number): JtelStackStatus => ({
      host: { diskFreeBytes, diskTotalBytes: 100e9 },
    });
    expect(
      answer('Disks', [
        one('roomy', host(50e9)),
        one('full', host(9e9)),
        one('fullest', host(1e9)),
        one('unknown'),
      ]),
    ).toEqual(['Bad less than 10 % free: fullest full', 'Good enough: roomy', 'Unknown not known: unknown']);
    const ends = (notAfter: string): JtelStackStatus => ({ certificate: { notAfter } });
    expect(
      answer(
        'Certificates',
        [
          one('later', ends('2026-09-01T00:00:00Z')),
          one('soon', ends('2026-03-09T00:00:00Z')),
          one('sooner', ends('2026-03-02T00:00:00Z')),
          one('ended', ends('2026-02-28T00:00:00Z')),
          one('strange', ends('some day')),
        ],
        10,
      ),
    ).toEqual(['Bad ended: ended', 'Busy end within 10d: sooner soon', 'Good end later: later']);
  });

  it('tells in how many days a disk is full, the first one at the top', () => {
    const filling = (name: string, free: number, dayOfMark: string): JtelStack =>
      one(name, {
        conditions: [reachable],
        host: {
          diskFreeBytes: free * 1e9,
          diskTotalBytes: 100e9,
          diskMarks: [{ time: `2026-02-${dayOfMark}T03:00:00Z`, freeBytes: 90e9 }],
        },
      });
    const stacks = [filling('slowly', 45, '15'), filling('fast', 30, '22'), filling('faster', 10, '22')];
    expect(answer('Disks', stacks)).toEqual([
      'Bad full within 7 days: faster fast',
      'Busy full within 30 days: slowly',
    ]);
    const { questions } = fleetReport(stacks, { now, certificateDays: 30 });
    const [first] = questions.find(({ name }) => name === 'Disks')?.groups[0]?.stacks ?? [];
    expect(first).toMatchObject({
      daysLeft: 0,
      detail: expect.stringMatching(/^10 % .*, full in about 0 d$/),
    });
  });

  it('has hosts behind that are a major release older than others of the fleet', () => {
    const runs = (name: string, dockerVersion: string, os: string) =>
      one(name, { host: { dockerVersion, os } });
    const stacks = [
      runs('new', '29.1.0', 'Debian GNU/Linux 13 (trixie)'),
      runs('patch', '29.0.4', 'Ubuntu 24.04 LTS'),
      runs('old', '28.5.1', 'Debian GNU/Linux 12 (bookworm)'),
      one('none'),
    ];
    expect(answer('Docker', stacks)).toEqual([
      'Neutral 29.1.0: new',
      'Neutral 29.0.4: patch',
      'Busy 28.5.1: old',
      'Unknown not known: none',
    ]);
    expect(answer('OperatingSystems', stacks)).toEqual([
      'Neutral Debian GNU/Linux 13 (trixie): new',
      'Busy Debian GNU/Linux 12 (bookworm): old',
      'Neutral Ubuntu 24.04 LTS: patch',
      'Unknown not known: none',
    ]);
  });

  it('says who waits for a window', () =>
    expect(
      answer('WaitingForWindow', [
        one('waits', {
          version: '3.43.1',
          targetVersion: '3.43.2',
          conditions: [condition('UpToDate', 'False', 'WaitingForWindow')],
        }),
        one('runs', { version: '3.43.1' }),
      ]),
    ).toEqual(['Busy for 3.43.2: waits']));

  it('counts every stack in each question that is about all', () => {
    const stacks = Array.from({ length: 40 }, (_, index) => one(`s${index}`));
    const { questions } = fleetReport(stacks, { now, certificateDays: 30 });
    const counts = questions.map(({ name, groups }) => [
      name,
      groups.flatMap((group) => group.stacks).length,
    ]);
    expect(Object.fromEntries(counts)).toEqual({
      Service: 40,
      Versions: 40,
      Backups: 40,
      RestoreTests: 40,
      Disks: 40,
      Certificates: 0,
      Docker: 40,
      OperatingSystems: 40,
      WaitingForWindow: 0,
    });
  });
});
