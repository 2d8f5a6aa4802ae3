import { describe, expect, it } from 'vitest';
import { summariseDisk } from './disk-marks.ts';

const total = 100 * 2 ** 30;
const begin = Date.parse('2026-03-01T00:00:00Z');
type Summary = ReturnType<typeof summariseDisk>;

/** Looks, each on a day with so many GiB free: `[day, GiB free]` of the marks that are left. */
function marksAfter(
  looks: readonly (readonly [day: number, gib: number])[],
  facts: { readonly totalGiB?: number; readonly machineID?: string } = {},
): readonly (readonly [number, number])[] {
  const last = looks.length - 1;
  let status: Summary & { machineID?: string } = {};
  for (const [index, [day, gib]] of looks.entries()) {
    const { totalGiB, machineID = 'one' } = index === last ? facts : {};
    const diskTotalBytes = totalGiB === undefined ? total : totalGiB * 2 ** 30;
    const seen = { diskFreeBytes: gib * 2 ** 30, diskTotalBytes, machineID };
    status = { ...summariseDisk(seen, status, new Date(begin + day * 86_400_000)), machineID };
  }
  return (status.diskMarks ?? []).map(({ time, freeBytes }) => [
    (Date.parse(time) - begin) / 86_400_000,
    freeBytes / 2 ** 30,
  ]);
}

describe('marks of a disk', () => {
  it('are set at the first look, and stay for a week', () => {
    expect(marksAfter([[0, 80]])).toEqual([[0, 80]]);
    expect(
      marksAfter([
        [0, 80],
        [6.9, 40],
      ]),
    ).toEqual([[0, 80]]);
  });

  it('are two at most, the newer a week after the older', () => {
    const days = Array.from({ length: 31 }, (_, day) => [day, 80 - day] as const);
    expect(marksAfter(days).map(([day]) => day)).toEqual([28, 21]);
  });

  it.each([
    ['was cleared', 90, {}],
    ['got bigger', 80, { totalGiB: 200 }],
    ['is of another machine', 80, { machineID: 'other' }],
  ] as const)('begin anew when the disk %s', (_, gib, facts) =>
    expect(
      marksAfter(
        [
          [0, 80],
          [8, 70],
          [9, gib],
        ],
        facts,
      ),
    ).toEqual([[9, gib]]),
  );

  it('change nothing while the disk only breathes', () => {
    const at = (hours: number): Date => new Date(begin + hours * 3_600_000);
    const seen = (gib: number) => ({
      diskFreeBytes: gib * 2 ** 30,
      diskTotalBytes: total,
      machineID: 'one',
    });
    const first = summariseDisk(seen(80), undefined, at(0));
    for (const [hours, gib] of [
      [1, 79],
      [2, 82],
      [3, 77],
    ] as const)
      expect(summariseDisk(seen(gib), first, at(hours))).toEqual(first);
  });
});
