/** The CronJobs that the operator makes if it is told to, and removes if not. */
import { describe, expect, test } from 'vitest';
import { cronJobs, type CronJob } from '../../runtime/client/kinds.ts';
import { isScheduled } from '../times/stack-schedule.ts';
import { cronJob } from './desired/cron-job.ts';
import { aStack, Bench, context, key, pods } from './testing.ts';

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

  test('of former times is looked for once, and goes only from the stack that it was made for', async () => {
    const bench = await Bench.with(aStack());
    await bench.look();
    const made = await bench.cronJob();
    const { ownerReferences, annotations, labels } = made?.metadata ?? {};
    const others = {
      ofFormerStack: { annotations, labels, ownerReferences: [{ ...ownerReferences?.[0], uid: 'former' }] },
      notMade: { labels, ownerReferences },
      notOwned: { annotations, labels },
    };
    for (const metadata of Object.values(others)) {
      await bench.cluster.delete(cronJobs, { namespace: 'acme', name: 'main-backup' }, {}, context);
      const theirs = {
        ...made,
        metadata: { ...metadata, namespace: 'acme', name: 'main-backup' },
      } as CronJob;
      await bench.cluster.create(cronJobs, theirs, context);
      await bench.look(false);
      expect(await bench.cronJob()).toBeDefined();
    }
    const reconciler = bench.process(false);
    bench.cluster.cronJobReads = 0;
    for (let look = 0; look < 3; look += 1) await reconciler.reconcile(key, context);
    expect(bench.cluster.cronJobReads).toBe(1);
  });

  test('may stay where the operator may not list them: the backups are asked for all the same', async () => {
    const bench = await Bench.with(aStack());
    bench.cluster.mayListCronJobs = false;
    await bench.look(false);
    expect((await bench.backups()).map(({ metadata }) => metadata.name)).toEqual(['main-20260601']);
  });

  test('that cannot be made keeps nobody from asking for the backups, and is told', async () => {
    const bench = await Bench.with(aStack());
    bench.cluster.mayTouchCronJobs = false;
    await expect(bench.look()).rejects.toThrow('no');
    expect((await bench.backups()).map(({ metadata }) => metadata.name)).toEqual(['main-20260601']);
  });

  test('that fired before it was removed leaves one backup, also with a spread', async () => {
    const bench = await Bench.with(aStack({ scheduleSpreadMinutes: 360 }));
    bench.now = new Date('2026-06-01T00:00:00Z');
    await bench.look();
    await bench.fire();
    for (let minutes = 0; minutes < 720; minutes += 30) {
      await bench.look(false);
      bench.now = new Date(bench.now.getTime() + 30 * 60_000);
    }
    expect(await bench.cronJob()).toBeUndefined();
    expect((await bench.backups()).map(({ metadata }) => metadata.name)).toEqual(['main-20260601']);
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
