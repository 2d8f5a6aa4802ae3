import { describe, expect, it } from 'vitest';
import { aStack } from '../../controllers/stack/testing.ts';
import type { JtelStack, UpdateWindow } from '../../crds/index.ts';
import { calendarOf } from './calendar.ts';

/** A Sunday. Clocks in Berlin are put forward four weeks later. */
const now = new Date('2026-03-01T03:00:00Z');
const nightly: UpdateWindow = {
  days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  start: '02:00',
  durationMinutes: 180,
  timeZone: 'Europe/Berlin',
};

function withWindows(name: string, ...windows: UpdateWindow[]): JtelStack {
  return aStack(
    {
      update: { preUpdateBackup: 'Required', progressDeadlineSeconds: 3600, onFailure: 'Rollback', windows },
    },
    { name },
  );
}

function told(stacks: readonly JtelStack[], days = 7): string[] {
  return calendarOf(stacks, now, days).windows.map(
    ({ opens, closes, stacks: those }) =>
      `${opens.toISOString().slice(0, 16)} ${closes.toISOString().slice(11, 16)} ${those.map(({ name }) => name).join(' ')}`,
  );
}

describe('a calendar of update windows', () => {
  it('has one line for the same window of several stacks, and begins with what is open now', () => {
    const sunday = { ...nightly, days: ['Sun' as const] };
    expect(told([withWindows('b', sunday), withWindows('a', sunday)], 8)).toEqual([
      '2026-03-01T01:00 04:00 a b',
      '2026-03-08T01:00 04:00 a b',
    ]);
  });

  it('puts windows of different time zones in the order in which they open', () => {
    const lima = { ...nightly, days: ['Sun' as const], timeZone: 'America/Lima' };
    expect(told([withWindows('lima', lima), withWindows('berlin', nightly)], 1)).toEqual([
      '2026-03-01T01:00 04:00 berlin',
      '2026-03-01T07:00 10:00 lima',
      '2026-03-02T01:00 04:00 berlin',
    ]);
  });

  it('looks as far ahead as asked, over a change of the clocks', () => {
    const lines = told([withWindows('a', nightly)], 60);
    expect(lines).toHaveLength(61);
    expect(lines).toContain('2026-03-28T01:00 04:00 a');
    expect(lines).toContain('2026-03-30T00:00 03:00 a');
  });

  it('tells stacks without windows, with none so soon, and with a time zone that nobody knows', () => {
    const saturday = { ...nightly, days: ['Sat' as const] };
    const { anyTime, later, invalid } = calendarOf(
      [
        withWindows('free'),
        withWindows('later', saturday),
        withWindows('lost', { ...nightly, timeZone: 'Mars/Olympus' }),
      ],
      now,
      2,
    );
    expect(anyTime).toEqual([{ namespace: 'acme', name: 'free' }]);
    expect(later).toEqual([{ namespace: 'acme', name: 'later' }]);
    expect(invalid).toEqual([{ namespace: 'acme', name: 'lost', timeZone: 'Mars/Olympus' }]);
  });

  it('says which version waits', () => {
    const waiting = aStack(
      {},
      { name: 'a' },
      {
        targetVersion: '3.43.2',
        conditions: [
          {
            type: 'UpToDate',
            status: 'False',
            reason: 'WaitingForWindow',
            message: '',
            lastTransitionTime: '2026-03-01T01:00:00Z',
          },
        ],
      },
    );
    expect(calendarOf([waiting], now, 7).anyTime).toEqual([
      { namespace: 'acme', name: 'a', waitingFor: '3.43.2' },
    ]);
  });
});
