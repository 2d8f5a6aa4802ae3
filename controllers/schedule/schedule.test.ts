/** Which backups are asked for, and which objects of finished ones go. */
import { describe, expect, test } from 'vitest';
import {
  backupKind,
  madeByOperator,
  stackKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
} from '../../crds/index.ts';
import { scheduleOf } from '../times/stack-schedule.ts';
import { missedBackup } from './plan/catch-up.ts';
import { surplusBackups } from './plan/prune.ts';
import { aStack, Bench, context, key } from './testing.ts';

describe('what the CronJob missed', () => {
  test('is asked for once, also after its object was removed', async () => {
    const bench = await Bench.with(aStack());
    await bench.look();
    await bench.look();
    expect((await bench.backups()).map(({ metadata }) => metadata.name)).toEqual(['main-20260601']);
    // The stack controller saw it, then somebody cancelled it.
    await bench.setStatus({ version: '3.43.2', backup: { lastScheduleTime: '2026-06-01T10:00:00Z' } });
    await bench.cluster.delete(backupKind, { namespace: 'acme', name: 'main-20260601' }, {}, context);
    await bench.look();
    expect(await bench.backups()).toEqual([]);
  });

  test('is asked for, although copies of older ones were created since', async () => {
    const bench = await Bench.with(aStack());
    const copy = {
      metadata: { namespace: 'acme', name: 'main-20260520' },
      spec: { stackRef: { name: 'main' }, trigger: 'Scheduled', verify: 'Checksum' },
    };
    await bench.cluster.create(backupKind, copy as object as JtelBackup, context);
    await bench.look();
    expect((await bench.backups()).map(({ metadata }) => metadata.name)).toEqual([
      'main-20260520',
      'main-20260601',
    ]);
  });

  test.each([
    ['before there are data', aStack({}, {}, {})],
    ['while the schedule stands still', aStack({ state: 'Suspended' })],
    ['by a schedule that cannot be computed', aStack({ timeZone: 'Mars/Olympus' })],
    ['without spec.backup', aStack(undefined)],
  ])('is not asked for %s', async (_, stack) => {
    const bench = await Bench.with(stack);
    if (_ === 'without spec.backup') await bench.change({ backup: undefined });
    await bench.look();
    expect(await bench.backups()).toEqual([]);
  });

  test('is not what a cron asked for before the time that counts, where clocks go forward', () => {
    const stack = aStack({ schedule: '50 2 * * *' });
    const schedule = scheduleOf(stack);
    const missedOf = (...backups: readonly JtelBackup[]) =>
      schedule && missedBackup(stack, schedule, backups, 0, new Date('2026-03-29T03:00:00Z'))?.name;
    const early = (name: string): JtelBackup =>
      ({
        metadata: { namespace: 'acme', name, creationTimestamp: '2026-03-29T01:10:00Z' },
        spec: { stackRef: { name: 'main' }, trigger: 'Scheduled', verify: 'Checksum' },
      }) as object as JtelBackup;
    // 02:50 means 03:50, which is 01:50 in UTC.
    expect(missedOf(early('main-20260328'))).toBe('main-20260329');
    expect(missedOf(early('main-20260329'))).toBeUndefined();
  });

  test('is looked for again right after the next time', async () => {
    const bench = await Bench.with(aStack({ schedule: '30 12 * * *' }));
    expect(await bench.look()).toBe(30 * 60 + 121);
  });

  test('is due later by the stack’s share of the spread', async () => {
    const backup = { schedule: '30 12 * * *', scheduleSpreadMinutes: 30 };
    const status = { version: '3.43.2', backup: { lastScheduleTime: '2026-06-01T09:00:00Z' } };
    const bench = await Bench.with(aStack(backup, {}, status));
    const { offsetSeconds = 0 } = scheduleOf(await bench.cluster.get(stackKind, key, context)) ?? {};
    expect(await bench.look(false)).toBe(30 * 60 + offsetSeconds + 1);
    bench.now = new Date(Date.parse('2026-06-01T10:30:00Z') + (offsetSeconds - 1) * 1000);
    await bench.look(false);
    expect(await bench.backups()).toEqual([]);
    bench.now = new Date(bench.now.getTime() + 2000);
    await bench.look(false);
    expect((await bench.backups()).map(({ metadata }) => metadata.name)).toEqual(['main-20260601']);
  });

  const spring = { from: '2026-03-28T12:00:00Z', dates: ['20260329', '20260330'] };
  const autumn = { from: '2026-10-24T12:00:00Z', dates: ['20261025', '20261026'] };
  test.each([
    ['a CronJob that fires not at all on the night without a 02:00', spring, ['2026-03-30T00:00:00Z'], true],
    [
      'a CronJob that fires an hour early there, and twice',
      spring,
      ['2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z', '2026-03-30T00:00:00Z'],
      true,
    ],
    [
      'a CronJob that fires at both 02:00 of one night',
      autumn,
      ['2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z', '2026-10-26T01:00:00Z'],
      true,
    ],
    ['a CronJob that never fires', autumn, [], true],
    [
      'an operator that is away',
      autumn,
      ['2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z', '2026-10-26T01:00:00Z'],
      false,
    ],
  ])('with %s each local date has exactly one', async (_, { from, dates }, shots, isThere) => {
    const bench = await Bench.with(
      aStack({ historyLimit: 99 }, {}, { version: '3.43.2', backup: { lastScheduleTime: from } }),
    );
    for (let minutes = 0; minutes < 2 * 1440; minutes += 10) {
      bench.now = new Date(Date.parse(from) + minutes * 60_000);
      if (shots.includes(bench.now.toISOString().replace('.000', ''))) await bench.fire();
      if (isThere) await bench.look();
    }
    expect((await bench.backups()).map(({ metadata }) => metadata.name)).toEqual(
      dates.map((date) => `main-${date}`),
    );
  });
});

describe('finished objects', () => {
  const backup = (
    name: string,
    phase: string,
    startTime: string,
    made: object = madeByOperator,
  ): JtelBackup =>
    ({
      metadata: { name, namespace: 'acme', creationTimestamp: startTime, labels: made },
      spec: { stackRef: { name: 'main' } },
      status: { phase, startTime },
    }) as object as JtelBackup;
  const history = [
    backup('e', 'Failed', '2026-01-05T00:00:00Z'),
    backup('a', 'Completed', '2026-01-01T00:00:00Z'),
    backup('b', 'Completed', '2026-01-02T00:00:00Z'),
    backup('c', 'Failed', '2026-01-03T00:00:00Z'),
    backup('d', 'Failed', '2026-01-04T00:00:00Z'),
    backup('f', 'Running', '2025-01-01T00:00:00Z'),
  ];
  const names = (stack: JtelStack, restores: readonly JtelRestore[] = []): string[] =>
    surplusBackups(stack, history, restores).map(({ metadata }) => metadata.name);

  test('beyond the limit go, the oldest first; the newest completed one stays', () => {
    expect(names(aStack({ historyLimit: 3 }))).toEqual(['a']);
    expect(names(aStack({ historyLimit: 1 }))).toEqual(['a', 'c', 'd']);
    expect(names(aStack({ historyLimit: 9 }))).toEqual([]);
  });

  test('that somebody may go back to stay', () => {
    const restore = {
      spec: { source: { backupRef: { name: 'c' } } },
      status: { preRestoreBackupRef: { name: 'd' } },
    } as object as JtelRestore;
    expect(
      names(aStack({ historyLimit: 1 }, {}, { rollback: { backupRef: { name: 'a' } } }), [restore]),
    ).toEqual([]);
  });

  test('that somebody keeps in git stay, and do not count: they would be made anew and run at once', () => {
    const fromGit = ['x', 'y', 'z'].map((name, index) =>
      backup(name, 'Completed', `2025-12-0${index + 1}T00:00:00Z`, {}),
    );
    expect(
      surplusBackups(aStack({ historyLimit: 2 }), [...fromGit, ...history], []).map(
        ({ metadata }) => metadata.name,
      ),
    ).toEqual(['a', 'c']);
    expect(surplusBackups(aStack({ historyLimit: 1 }), fromGit, [])).toEqual([]);
  });

  test.each([
    [
      'the operator alone',
      [{ manager: 'jtel-operator' }, { manager: 'jtel-operator', subresource: 'status' }],
      ['b', 'd', 'e'],
    ],
    [
      'a tool that applied a copy of it with its label',
      [{ manager: 'argocd-controller' }, { manager: 'jtel-operator' }],
      ['a', 'b', 'c', 'd', 'e'],
    ],
  ])('written by %s', async (_, managedFields, left) => {
    const bench = await Bench.with(aStack({ historyLimit: 2, state: 'Suspended' }));
    for (const one of history.filter(({ status }) => status?.phase !== 'Running')) {
      await bench.cluster.create(
        backupKind,
        { ...one, metadata: { ...one.metadata, managedFields } },
        context,
      );
      await bench.cluster.applyStatus(backupKind, one.metadata, one.status ?? {}, {}, context);
    }
    await bench.look();
    expect((await bench.backups()).map(({ metadata }) => metadata.name).toSorted()).toEqual(left);
  });

  test('of a stack without backups all stay', () => {
    expect(surplusBackups({ ...aStack(), spec: {} } as object as JtelStack, history, [])).toEqual([]);
  });
});
