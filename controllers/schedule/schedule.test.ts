import { describe, expect, test } from 'vitest';
import {
  backupKind,
  madeByOperator,
  stackKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
  type ResourceKind,
} from '../../crds/index.ts';
import { isAlreadyExists } from '../../runtime/client/api-error.ts';
import type { CallOptions } from '../../runtime/client/cluster.ts';
import { cronJobs } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import type { KubernetesObject, ObjectKey } from '../../runtime/objects.ts';
import { silentLogger } from '../../runtime/report/logger.ts';
import { Schedule } from '../times/schedule-times.ts';
import { isScheduled, scheduleOf } from '../times/stack-schedule.ts';
import { cronJob } from './desired/cron-job.ts';
import { surplusBackups } from './plan/prune.ts';
import { ScheduleReconciler } from './reconcile.ts';

const context = { signal: new AbortController().signal, logger: silentLogger };
const key = { namespace: 'acme', name: 'main' };
const pods = { image: 'registry.example/jtel/jtel-operator:1', serviceAccount: 'jtel-backup' };

function aStack(
  backup: object | undefined = {},
  changes: object = {},
  status: object = { version: '3.43.2' },
): JtelStack {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelStack',
    metadata: {
      namespace: 'acme',
      name: 'main',
      uid: 'stack-uid',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: '2025-12-01T00:00:00Z',
    },
    spec: {
      suspend: false,
      managementMode: 'Manage',
      powerState: 'Running',
      ...(backup === undefined
        ? {}
        : {
            backup: {
              storeRef: { name: 'b' },
              schedule: '0 2 * * *',
              timeZone: 'Europe/Berlin',
              scheduleSpreadMinutes: 0,
              state: 'Enabled',
              verify: 'Checksum',
              method: 'Physical',
              startDeadlineMinutes: 720,
              historyLimit: 3,
              ...backup,
            },
          }),
      ...changes,
    },
    status,
  } as object as JtelStack;
}

/** The stack was there before the times that the tests are about. */
class DatedCluster extends MemoryCluster {
  override async find<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    name: ObjectKey,
    options: CallOptions,
  ): Promise<T | undefined> {
    const found = await super.find(kind, name, options);
    return found === undefined
      ? undefined
      : { ...found, metadata: { ...found.metadata, creationTimestamp: '2025-12-01T00:00:00Z' } };
  }
}

/** An operator with a cluster of its own and a clock that the test moves. */
class Bench {
  readonly cluster = new DatedCluster();
  readonly #created = new Map<string, string>();
  now = new Date('2026-06-01T10:00:00Z');

  static async with(stack: JtelStack): Promise<Bench> {
    const bench = new Bench();
    await bench.cluster.create(stackKind, stack, context);
    await bench.setStatus(stack.status ?? {});
    return bench;
  }

  setStatus(status: NonNullable<JtelStack['status']>): Promise<unknown> {
    return this.cluster.applyStatus(stackKind, key, status, {}, context);
  }

  async change(spec: object): Promise<void> {
    const stack = await this.cluster.get(stackKind, key, context);
    await this.cluster.replace(stackKind, { ...stack, spec: { ...stack.spec, ...spec } }, context);
  }

  async look(withPods = true): Promise<number> {
    const backups = await this.backups();
    const reconciler = new ScheduleReconciler({
      cluster: this.cluster,
      pods: withPods ? pods : undefined,
      backupsOf: () => backups,
      restoresOf: () => [],
      clock: () => this.now,
      random: () => 0.5,
    });
    return (await reconciler.reconcile(key, context))?.requeueAfterSeconds ?? 0;
  }

  /** With the times of the bench's clock. */
  async backups(): Promise<readonly JtelBackup[]> {
    const found = await this.cluster.list(backupKind, {}, context);
    return found.map((backup) => {
      const { uid } = backup.metadata;
      const creationTimestamp = this.#created.get(uid) ?? this.now.toISOString();
      this.#created.set(uid, creationTimestamp);
      return { ...backup, metadata: { ...backup.metadata, creationTimestamp } };
    });
  }

  /** As the pod of the CronJob does. */
  async fire(): Promise<void> {
    const name = `main-${new Schedule('0 2 * * *', 'Europe/Berlin').nearest(this.now)?.name}`;
    const backup = {
      metadata: { namespace: 'acme', name },
      spec: { stackRef: { name: 'main' }, trigger: 'Scheduled', verify: 'Checksum' },
    };
    await this.cluster.create(backupKind, backup as object as JtelBackup, context).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  }

  cronJob() {
    return this.cluster.find(cronJobs, { namespace: 'acme', name: 'main-backup' }, context);
  }
}

describe('the CronJob of a stack', () => {
  test('is made, follows the spec, and is written no more often than that', async () => {
    const bench = await Bench.with(aStack());
    await bench.look();
    const first = await bench.cronJob();
    expect(first?.spec).toMatchObject({
      schedule: '0 2 * * *',
      timeZone: 'Europe/Berlin',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 43_200,
      suspend: false,
    });
    await bench.look();
    expect((await bench.cronJob())?.metadata?.resourceVersion).toBe(first?.metadata?.resourceVersion);
    await bench.change({ suspend: true });
    await bench.look();
    expect((await bench.cronJob())?.spec?.suspend).toBe(true);
  });

  test('asks for the verification that the stack wants, as the operator does', async () => {
    const bench = await Bench.with(aStack({ verify: 'Restore' }));
    await bench.look();
    expect(JSON.stringify(await bench.cronJob())).toContain('"--verify","Restore"');
    expect((await bench.backups()).map(({ spec }) => spec.verify)).toEqual(['Restore']);
    await bench.change({ backup: aStack().spec.backup });
    await bench.look();
    expect(JSON.stringify(await bench.cronJob())).toContain('"--verify","Checksum"');
  });

  test.each([
    ['0 2 * * *', 45, /^([0-9]|[1-3][0-9]|4[0-4]) 2 \* \* \*$/],
    ['50 23 * * *', 360, /^\d+ [0-5] \* \* \*$/],
    // The next day is no Monday.
    ['59 23 * * 1', 360, /^59 23 \* \* 1$/],
    // Its backup waits.
    ['0 2,14 * * *', 45, /^0 2,14 \* \* \*$/],
  ])('fires for "%s" spread over %i minutes at the minute of its stack', (schedule, minutes, expected) => {
    const job = cronJob(aStack({ schedule, scheduleSpreadMinutes: minutes }), pods);
    expect(job?.spec?.schedule).toMatch(expected);
    expect(JSON.stringify(job)).toContain(`"--schedule","${schedule}"`);
  });

  test('goes when there are no more backups, and is not made without an image', async () => {
    const bench = await Bench.with(aStack());
    await bench.look();
    await bench.look(false);
    expect(await bench.cronJob()).toBeUndefined();
    await bench.look();
    await bench.change({ backup: undefined });
    await bench.look();
    expect(await bench.cronJob()).toBeUndefined();
  });

  test('of somebody else is left alone', async () => {
    const bench = await Bench.with(aStack());
    await bench.cluster.create(
      cronJobs,
      {
        metadata: { namespace: 'acme', name: 'main-backup' },
        spec: { schedule: '0 0 * * *', jobTemplate: {} },
      },
      context,
    );
    await bench.look();
    await bench.look(false);
    expect((await bench.cronJob())?.spec?.schedule).toBe('0 0 * * *');
  });

  test.each([
    ['suspended backups', aStack({ state: 'Suspended' })],
    ['a suspended stack', aStack({}, { suspend: true })],
    ['a stack that is only observed', aStack({}, { managementMode: 'Observe' })],
    ['a stopped stack', aStack({}, { powerState: 'Stopped' })],
  ])('stands still for %s', (_, stack) => {
    expect(isScheduled(stack)).toBe(false);
    expect(cronJob(stack, pods)?.spec?.suspend).toBe(true);
  });
});

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
