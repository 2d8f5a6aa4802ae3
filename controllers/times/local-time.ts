/** Converts between instants and the times of a wall clock, in a time zone with its clock changes. */

const hourMilliseconds = 3_600_000;

/** A wall clock's time means one instant; two when clocks are put back; none when they are put forward. */
export type WallInstants =
  | { readonly kind: 'One'; readonly time: Date }
  | { readonly kind: 'Twice'; readonly first: Date; readonly second: Date }
  /** `time`: the wall clock's time, later by as much as the clock was put forward: 02:00 becomes 03:00. */
  | { readonly kind: 'Skipped'; readonly time: Date };

export class LocalTime {
  readonly #format: Intl.DateTimeFormat;

  /** @throws {RangeError} when there is no such time zone. */
  constructor(timeZone: string) {
    // Swedish writes year, month, day. So the numbers come in order; to take them apart by name is slow.
    this.#format = new Intl.DateTimeFormat('sv-SE', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** The wall clock's time at an instant, in whole seconds, written as if it were UTC. */
  wall(time: Date): Date {
    const [year = 0, month = 1, day, hour, minute, second] = (
      this.#format.format(time).match(/\d+/g) ?? []
    ).map(Number);
    return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  }

  /** @param wall as from {@link wall}: whole seconds, as if it were UTC. */
  instants(wall: Date): WallInstants {
    const offsetAt = (milliseconds: number): number =>
      this.wall(new Date(milliseconds)).getTime() - milliseconds;
    const [before, after] = [
      offsetAt(wall.getTime() - 24 * hourMilliseconds),
      offsetAt(wall.getTime() + 24 * hourMilliseconds),
    ];
    const found = [...new Set([wall.getTime() - before, wall.getTime() - after])]
      .filter((milliseconds) => milliseconds + offsetAt(milliseconds) === wall.getTime())
      .toSorted((a, b) => a - b);
    const [first, second] = found;
    if (first === undefined) return { kind: 'Skipped', time: new Date(wall.getTime() - before) };
    return second === undefined
      ? { kind: 'One', time: new Date(first) }
      : { kind: 'Twice', first: new Date(first), second: new Date(second) };
  }
}
