import { Cron } from 'croner';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Schedule } from './schedule-times.ts';
import { dueBackup, scheduleOf } from './stack-schedule.ts';
import type { JtelStack } from '../../crds/index.ts';
import { optional } from '../../base/optional.ts';

const berlin = 'Europe/Berlin';
const dayMilliseconds = 86_400_000;
const at = (text: string): Date => new Date(text);
const times = (schedule: Schedule, from: string, to: string): string[] =>
  schedule.between(at(from), at(to)).map(({ time, name }) => `${name} ${time.toISOString().slice(0, 16)}`);

/** Every calendar date of two years, as names have it. */
const dates = Array.from({ length: 730 }, (_, day) =>
  new Date(Date.UTC(2026, 0, 1) + day * dayMilliseconds).toISOString().slice(0, 10).replaceAll('-', ''),
);

describe('a daily schedule has exactly one time on every local date of two years', () => {
  test.each([
    ['0 2 * * *', berlin],
    ['30 2 * * *', berlin],
    ['0 3 * * *', berlin],
    ['59 23 * * *', berlin],
    ['0 0 * * *', 'America/Havana'],
    ['15 2 * * *', 'Australia/Lord_Howe'],
    ['0 2 * * *', 'UTC'],
  ])('%s in %s', (expression, timeZone) => {
    const slots = new Schedule(expression, timeZone).between(
      at('2025-12-31T00:00:00Z'),
      at('2028-01-02T00:00:00Z'),
    );
    const names = slots
      .map(({ name }) => name)
      .filter((name) => name.startsWith('2026') || name.startsWith('2027'));
    expect(names).toEqual(dates);
    const instants = slots.map(({ time }) => time.getTime());
    expect(instants).toEqual(instants.toSorted((a, b) => a - b));
    expect(new Set(instants).size).toBe(instants.length);
  });
});

describe('where clocks change', () => {
  test('a time that is skipped is made up for, one that comes twice is taken once', () => {
    const nightly = new Schedule('0 2 * * *', berlin);
    expect(times(nightly, '2026-03-27T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      '20260328 2026-03-28T01:00',
      '20260329 2026-03-29T01:00',
      '20260330 2026-03-30T00:00',
    ]);
    expect(times(nightly, '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      '20261025 2026-10-25T00:00',
      '20261026 2026-10-26T01:00',
    ]);
  });

  test('an hourly schedule goes on by the hour, with a name for each', () => {
    const hourly = new Schedule('0 * * * *', berlin);
    expect(times(hourly, '2026-03-29T00:30:00Z', '2026-03-29T02:30:00Z')).toEqual([
      '20260329-0300 2026-03-29T01:00',
      '20260329-0400 2026-03-29T02:00',
    ]);
    expect(times(hourly, '2026-10-24T23:30:00Z', '2026-10-25T02:30:00Z')).toEqual([
      '20261025-0200 2026-10-25T00:00',
      '20261025-0200b 2026-10-25T01:00',
      '20261025-0300 2026-10-25T02:00',
    ]);
  });

  test('a schedule of two times a day loses none of them', () => {
    const names = new Schedule('30 2,14 * * *', berlin)
      .between(at('2025-12-31T23:00:00Z'), at('2027-12-31T23:00:00Z'))
      .map(({ name }) => name);
    expect(names.filter((name) => !name.endsWith('b'))).toEqual(
      dates.flatMap((date) => [`${date}-0230`, `${date}-1430`]),
    );
  });

  test('every name of an hourly schedule is used once', () => {
    const hourly = new Schedule('0 * * * *', berlin);
    for (const month of ['2026-03', '2026-10', '2027-03', '2027-10']) {
      const from = at(`${month}-20T00:00:00Z`);
      const names = hourly
        .between(from, new Date(from.getTime() + 14 * dayMilliseconds))
        .map(({ name }) => name);
      expect(names).toHaveLength(14 * 24);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

describe('next and last', () => {
  const nightly = new Schedule('0 2 * * *', berlin);
  test('are the neighbours of any time, and agree with each other', () => {
    for (let day = 0; day < 730; day += 3) {
      const now = new Date(Date.UTC(2026, 0, 1, day % 24, (day * 7) % 60) + day * dayMilliseconds);
      const [last, next] = [nightly.last(now), nightly.next(now)];
      expect(last?.time.getTime()).toBeLessThanOrEqual(now.getTime());
      expect(next?.time.getTime()).toBeGreaterThan(now.getTime());
      expect(nightly.next(last?.time ?? now)).toEqual(next);
    }
  });

  test('find what is rare', () => {
    expect(new Schedule('0 4 29 2 *', 'UTC').next(at('2026-01-01T00:00:00Z'))?.name).toBe('20280229');
    expect(new Schedule('0 4 29 2 *', 'UTC').last(at('2026-01-01T00:00:00Z'))?.name).toBe('20240229');
    const never = new Schedule('0 4 30 2 *', 'UTC');
    expect(never.next(at('2026-01-01T00:00:00Z'))).toBeUndefined();
    expect(never.last(at('2026-01-01T00:00:00Z'))).toBeUndefined();
  });

  test.each([
    ['* * 29 2 *', '20280229-0000', '20240229-2359'],
    ['* * 29 2 1', '20270201-0000', '20260223-2359'],
    ['* * 31 12 *', '20261231-0000', '20251231-2359'],
    ['* * * * *', '20261130-1101', '20261130-1100'],
  ])('of %s are found without a walk through all minutes of a day', (expression, next, last) => {
    const walked = (['nextRun', 'previousRuns'] as const).map((name) => vi.spyOn(Cron.prototype, name));
    onTestFinished(() => void vi.restoreAllMocks());
    const schedule = new Schedule(expression, berlin);
    const now = at('2026-11-30T10:00:30Z');
    expect([schedule.next(now)?.name, schedule.last(now)?.name]).toEqual([next, last]);
    const asked = walked.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    // Some hours of minutes for each search.
    expect(asked).toBeLessThan(1000);
  });

  test.each([
    ['0 2 * * *', ['20260329', '20261025', '20280229']],
    ['*/30 * * * *', ['20260329-0300', '20261025-0200', '20261025-0230b', '20260601-0930']],
    ['* * 29 2 *', ['20280229-0000', '20280229-2359']],
  ])('of %s are found by name, also where clocks change', (expression, names) => {
    const schedule = new Schedule(expression, berlin, { share: 0.7, spanSeconds: 2700 });
    const walked = vi.spyOn(Cron.prototype, 'nextRun');
    onTestFinished(() => void vi.restoreAllMocks());
    for (const name of names) {
      walked.mockClear();
      const slot = schedule.named(name);
      // Some hours of minutes at most.
      expect(walked.mock.calls.length).toBeLessThan(720);
      const day = Date.parse(`${name.slice(0, 4)}-${name.slice(4, 6)}-${name.slice(6, 8)}T00:00:00Z`);
      const all = schedule.between(new Date(day - dayMilliseconds), new Date(day + 2 * dayMilliseconds));
      expect(all.filter((one) => one.name === name)).toEqual([slot]);
    }
    for (const other of ['20260230-0200', '20260601-0931', '20260601-0930b', '99999999', '20260329-0200', ''])
      expect(schedule.named(other)).toBeUndefined();
  });

  test.each(['* * 29 2 *', '*/7 1-3 * 3,10 0', '30 2 25 10 *'])(
    'of %s are the first and the last of all',
    (expression) => {
      const schedule = new Schedule(expression, berlin, { share: 0.7, spanSeconds: 2700 });
      for (const now of ['2028-02-29T23:10:00Z', '2027-03-28T01:00:00Z', '2026-10-25T00:59:59Z'].map(at)) {
        const within = (years: number): Date => new Date(now.getTime() + years * 366 * dayMilliseconds);
        expect(schedule.next(now)).toEqual(schedule.between(now, within(4.1))[0]);
        expect(schedule.last(now)).toEqual(schedule.between(within(-4.1), now).at(-1));
      }
    },
  );
});

describe('a cron that counts otherwise means the same backup', () => {
  const nightly = new Schedule('0 2 * * *', berlin);
  test.each([
    ['fires in time', '2026-06-01T00:00:00Z', '20260601'],
    ['is late by minutes', '2026-06-01T00:07:00Z', '20260601'],
    ['fires at the second 02:00 of the night', '2026-10-25T01:00:00Z', '20261025'],
    ['fires at 01:00 because there is no 02:00', '2026-03-29T00:00:00Z', '20260329'],
    ['fires at 03:00 because there is no 02:00', '2026-03-29T01:00:00Z', '20260329'],
    ['was started by hand in the evening', '2026-06-01T20:00:00Z', '20260601'],
  ])('when it %s', (_, time, name) => {
    expect(nightly.nearest(at(time))?.name).toBe(name);
  });
});

test.each([
  ['0 25 * * *', berlin],
  ['0 2 * * *', 'Mars/Olympus'],
  ['0 2 * *', berlin],
])('%s in %s is refused with what to do', (expression, timeZone) => {
  expect(() => new Schedule(expression, timeZone)).toThrow(/correct schedule or timeZone/);
});

describe('a backup that was missed', () => {
  const schedule = new Schedule('0 2 * * *', berlin);
  const input = {
    schedule,
    since: at('2026-01-01T00:00:00Z'),
    deadlineSeconds: 12 * 3600,
    graceSeconds: 120,
  };
  test.each([
    [
      'is left to the CronJob at first',
      { now: at('2026-06-01T00:01:00Z'), handledUntil: at('2026-05-31T00:00:00Z') },
      undefined,
    ],
    [
      'is made up for after that',
      { now: at('2026-06-01T00:03:00Z'), handledUntil: at('2026-05-31T00:00:05Z') },
      '20260601',
    ],
    ['is made up for although none was ever made', { now: at('2026-06-01T08:00:00Z') }, '20260601'],
    ['is given up after its deadline', { now: at('2026-06-01T12:01:00Z') }, undefined],
    [
      'is not made again when it was asked for',
      { now: at('2026-06-01T08:00:00Z'), handledUntil: at('2026-06-01T00:00:04Z') },
      undefined,
    ],
    [
      'from before the stack is none of it',
      { now: at('2026-06-01T08:00:00Z'), since: at('2026-06-01T07:00:00Z') },
      undefined,
    ],
  ])('%s', (_, changes, name) => {
    expect(dueBackup({ ...input, ...changes })?.name).toBe(name);
  });

  test(
    'is made exactly once a day in two years, with an operator that is away now and then',
    { timeout: 60_000 },
    () => {
      const made: string[] = [];
      let handledUntil: Date | undefined;
      // Looks every 300 minutes, and is away for seven hours of every ninth night: also those of the clock changes at times.
      for (let minutes = 0; minutes < 730 * 24 * 60; minutes += 300) {
        const now = new Date(Date.UTC(2026, 0, 1) + minutes * 60_000);
        const day = Math.floor(minutes / 1440);
        if (day % 9 === 0 && now.getUTCHours() < 7) continue;
        const slot = dueBackup({
          ...input,
          since: at('2025-12-31T12:00:00Z'),
          now,
          ...optional({ handledUntil }),
        });
        if (slot === undefined) continue;
        made.push(slot.name);
        handledUntil = now;
      }
      expect(made).toEqual(dates);
    },
  );
});

describe('the backups of a thousand stacks', () => {
  const offsets = (
    backup: { schedule?: string; scheduleSpreadMinutes?: number },
    stacks = 1000,
  ): readonly number[] =>
    Array.from({ length: stacks }, (_, index) => {
      const schedule = scheduleOf({
        metadata: { uid: `uid-${index}` },
        spec: { backup: { schedule: '0 2 * * *', timeZone: berlin, ...backup } },
      } as object as JtelStack);
      return schedule?.offsetSeconds ?? Number.NaN;
    });

  test('are spread evenly over 45 minutes, each at the same moment every night', () => {
    const spread = offsets({});
    expect(offsets({})).toEqual(spread);
    const perMinute = Array.from(
      { length: 45 },
      (_, minute) => spread.filter((seconds) => Math.floor(seconds / 60) === minute).length,
    );
    expect(perMinute.reduce((sum, count) => sum + count)).toBe(1000);
    // 22 on average.
    expect(Math.max(...perMinute)).toBeLessThan(45);
    expect(Math.min(...perMinute)).toBeGreaterThan(5);
  });

  test.each([
    ['not at all, if that is wanted', { scheduleSpreadMinutes: 0 }, 0],
    ['over no more than half an hour, if there is one each hour', { schedule: '0 * * * *' }, 30 * 60],
    ['over no more than half of the shortest pause', { schedule: '0,10 2,14 * * *' }, 5 * 60],
    ['over half a minute, if there is one each minute', { schedule: '* * * * *' }, 30],
    [
      'over a quarter of an hour, if two of a month are half an hour apart',
      { schedule: '0,30 0 1 * *' },
      900,
    ],
    ['over a quarter of an hour, if two of a week are half an hour apart', { schedule: '*/30 0 * * 4' }, 900],
    [
      'over no more than half an hour, if there is one each hour of a night',
      { schedule: '0 0,1,2 * * 4', scheduleSpreadMinutes: 360 },
      1800,
    ],
    ['over no more than half of the pause at midnight', { schedule: '45,15 0,23 * * *' }, 900],
    ['over no more than half of the pause from one day to the next', { schedule: '0 0,23 * * *' }, 1800],
    ['over six hours, if that is wanted', { scheduleSpreadMinutes: 360 }, 360 * 60],
  ])('are spread %s', (_, backup, span) => {
    const spread = offsets(backup, 100);
    expect(Math.max(...spread)).toBeLessThanOrEqual(Math.max(0, span - 1));
    expect(Math.max(...spread)).toBeGreaterThanOrEqual(Math.floor(span * 0.9));
  });

  test('keep one time on every local date, the same span after the plain one, whatever the clocks do', () => {
    const plain = new Schedule('30 1 * * *', berlin);
    const late = new Schedule('30 1 * * *', berlin, { share: 0.75, spanSeconds: 3600 });
    const [from, to] = [at('2026-03-27T12:00:00Z'), at('2026-11-01T12:00:00Z')];
    const expected = plain.between(from, to).map(({ time, name }) => ({
      time,
      due: new Date(time.getTime() + 45 * 60_000),
      name,
    }));
    expect(late.between(from, to)).toEqual(expected);
    const [time, due] = [at('2026-03-29T00:30:00Z'), at('2026-03-29T01:15:00Z')];
    const slot = { time, due, name: '20260329' };
    expect(late.next(at('2026-03-29T01:14:59Z'))).toEqual(slot);
    expect(late.last(due)).toEqual(slot);
    expect(late.last(at('2026-03-29T01:14:59Z'))?.name).toBe('20260328');
  });
});
