import { describe, expect, it } from 'vitest';
import type { JtelStackSpec } from '../../../crds/index.ts';
import { aStack } from '../testing.ts';
import { countAvailability, type Availability } from './availability.ts';

const at = (time: string): Date => new Date(time);

type Seen = readonly [time: string, available: 'True' | 'False' | 'Unknown', spec?: Partial<JtelStackSpec>];

/** What is counted after looks that saw this, each by a process that knows nothing but the status. */
function counted(seen: readonly Seen[], before?: Availability): Availability | undefined {
  return seen.reduce<Availability | undefined>(
    (availability, [time, available, spec = {}]) =>
      countAvailability(aStack(spec, {}, availability && { availability }), available, at(time)),
    before,
  );
}

const served: Availability = { countedSince: '2026-11-01T00:00:00Z' };
const off = { powerState: 'Stopped' } as const;

describe('the time in which a stack did not serve', () => {
  it('does not count before it served for the first time', () => {
    expect(counted([['2026-11-03T10:00:00Z', 'False']])).toBeUndefined();
    expect(
      counted([
        ['2026-11-03T10:00:00Z', 'False'],
        ['2026-11-03T10:05:00Z', 'True'],
      ]),
    ).toEqual({ countedSince: '2026-11-03T10:05:00Z' });
  });

  it('is counted from when that was seen until it serves again', () => {
    const down = counted([['2026-11-03T10:00:00Z', 'False']], served);
    expect(down).toEqual({ ...served, downSince: '2026-11-03T10:00:00Z' });
    expect(counted([['2026-11-03T10:01:30Z', 'True']], down)).toEqual({
      ...served,
      months: [{ month: '2026-11', downSeconds: 90 }],
    });
  });

  it('adds up within a month, and is apart from the time in which nobody knew', () => {
    expect(
      counted(
        [
          ['2026-11-03T10:00:00Z', 'False'],
          ['2026-11-03T10:01:00Z', 'Unknown'],
          ['2026-11-03T10:11:00Z', 'False'],
          ['2026-11-03T10:11:30Z', 'True'],
        ],
        served,
      ),
    ).toEqual({ ...served, months: [{ month: '2026-11', downSeconds: 90, unknownSeconds: 600 }] });
  });

  it('over the end of a month counts in both, without a look at that moment', () => {
    expect(
      counted(
        [
          ['2026-11-30T23:59:00Z', 'False'],
          ['2026-12-01T00:02:00Z', 'True'],
        ],
        { ...served, months: [{ month: '2026-11', downSeconds: 5 }] },
      ),
    ).toEqual({
      ...served,
      months: [
        { month: '2026-12', downSeconds: 120 },
        { month: '2026-11', downSeconds: 65 },
      ],
    });
  });

  it.each(['True', 'False', 'Unknown'] as const)(
    'causes no write while it stays %s, nor when a month ends',
    (what) => {
      const before = counted([['2026-11-03T10:00:00Z', what]], served);
      expect(counted([['2027-03-03T10:00:00Z', what]], before)).toBe(before);
    },
  );

  it('ends when somebody stops the stack, and begins when it is to run again and does not', () => {
    const down = counted([['2026-11-03T10:00:00Z', 'False']], served);
    const stopped = counted([['2026-11-03T10:01:00Z', 'False', off]], down);
    expect(stopped).toEqual({ ...served, months: [{ month: '2026-11', downSeconds: 60 }] });
    expect(counted([['2026-11-05T10:00:00Z', 'Unknown', off]], stopped)).toBe(stopped);
    expect(counted([['2026-11-06T10:00:00Z', 'False']], stopped)?.downSince).toBe('2026-11-06T10:00:00Z');
  });

  it('is kept for thirteen months', () => {
    const months = Array.from({ length: 13 }, (_, index) => ({
      month: new Date(Date.UTC(2026, 9 - index)).toISOString().slice(0, 7),
      downSeconds: 1,
    }));
    const kept = counted(
      [
        ['2026-11-03T10:00:00Z', 'False'],
        ['2026-11-03T10:01:00Z', 'True'],
      ],
      { ...served, months },
    )?.months?.map(({ month }) => month);
    expect([kept?.length, kept?.[0], kept?.at(-1)]).toEqual([13, '2026-11', '2025-11']);
  });

  it('is not below zero when somebody put the clock back', () => {
    const down = counted([['2026-11-03T10:00:00Z', 'False']], served);
    expect(counted([['2026-11-03T09:00:00Z', 'True']], down)).toEqual(served);
  });
});
