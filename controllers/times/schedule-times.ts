/**
 * The times and names of scheduled backups. There is one for each local date, or for each local time if the schedule is not
 * daily, whatever the clocks do. Plain cron would skip or repeat a time that a clock change skips or repeats.
 */

import { Cron } from 'croner';
import type { JtelStack } from '../../crds/index.ts';
import { InputError } from '../inputs/input-error.ts';
import { LocalTime } from './local-time.ts';

export interface Slot {
  readonly time: Date;
  /** `20260329`; `20260329-1400` when the schedule is not daily. `…b` is the second time that the clock shows this. */
  readonly name: string;
}

const hourMilliseconds = 3_600_000;
/** Clock changes move a time by no more than this. */
const marginMilliseconds = 3 * hourMilliseconds;
/** These spans are searched in turn. Most schedules have a time within a day; 29 February comes within eight years. */
const searchedHours = [2, 26, 8 * 24, 40 * 24, 400 * 24, 8 * 366 * 24];

export class Schedule {
  readonly #cron: Cron;
  readonly #local: LocalTime;
  readonly #isDaily: boolean;

  /** @throws {InputError} `ScheduleInvalid` */
  constructor(expression: string, timeZone: string) {
    try {
      // UTC, because the cron library walks through the times of a wall clock.
      this.#cron = new Cron(expression, { timezone: 'UTC', paused: true, mode: '5-part' });
      this.#local = new LocalTime(timeZone);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new InputError(
        'ScheduleInvalid',
        `spec.backup: "${expression}" in time zone ${timeZone} is no schedule that can be computed (${cause}): correct schedule or timeZone.`,
        error,
      );
    }
    const [minute = '', hour = ''] = expression.split(' ');
    this.#isDaily = /^\d+$/.test(minute) && /^\d+$/.test(hour);
  }

  /** The first slot after that time; undefined for a schedule that never comes (30 February). */
  next(after: Date): Slot | undefined {
    for (const hours of searchedHours) {
      const first = this.between(after, new Date(after.getTime() + hours * hourMilliseconds))[0];
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** The last slot at or before that time. */
  last(at: Date): Slot | undefined {
    for (const hours of searchedHours) {
      const last = this.between(new Date(at.getTime() - hours * hourMilliseconds), at).at(-1);
      if (last !== undefined) return last;
    }
    return undefined;
  }

  /** Slots after `from` up to and including `to`, in order. */
  between(from: Date, to: Date): readonly Slot[] {
    const end = this.#local.wall(to).getTime() + marginMilliseconds;
    const slots = new Map<number, Slot>();
    const skipped: Slot[] = [];
    let wall = this.#cron.nextRun(new Date(this.#local.wall(from).getTime() - marginMilliseconds));
    for (; wall !== null && wall.getTime() <= end; wall = this.#cron.nextRun(wall)) {
      const instants = this.#local.instants(wall);
      if (instants.kind === 'Skipped') skipped.push({ time: instants.time, name: this.#name(wall) });
      else if (instants.kind === 'One')
        slots.set(instants.time.getTime(), { time: instants.time, name: this.#name(wall) });
      else {
        slots.set(instants.first.getTime(), { time: instants.first, name: this.#name(wall) });
        if (!this.#isDaily)
          slots.set(instants.second.getTime(), { time: instants.second, name: `${this.#name(wall)}b` });
      }
    }
    // A skipped time moves to a later one, unless the schedule has the later time, too.
    for (const slot of skipped) if (!slots.has(slot.time.getTime())) slots.set(slot.time.getTime(), slot);
    return [...slots.values()]
      .filter(({ time }) => time.getTime() > from.getTime() && time.getTime() <= to.getTime())
      .toSorted((a, b) => a.time.getTime() - b.time.getTime());
  }

  /** The slot for which a cron fired at that time. It may count differently from us where clocks change. */
  nearest(time: Date): Slot | undefined {
    const last = this.last(time);
    const next = this.next(time);
    if (last === undefined || next === undefined) return last ?? next;
    // On the night when clocks go forward, a daily cron may fire an hour before the time that we use instead.
    const isEarly = this.#isDaily && next.time.getTime() - time.getTime() <= hourMilliseconds;
    return isEarly && time.getTime() - last.time.getTime() > hourMilliseconds ? next : last;
  }

  #name(wall: Date): string {
    const [date = '', time = ''] = wall.toISOString().split('T');
    const day = date.replaceAll('-', '');
    return this.#isDaily ? day : `${day}-${time.slice(0, 5).replace(':', '')}`;
  }
}

/** Whether the stack's schedule makes backups now. */
export function isScheduled({ spec }: JtelStack): boolean {
  return (
    spec.backup?.state === 'Enabled' &&
    !spec.suspend &&
    spec.managementMode === 'Manage' &&
    spec.powerState !== 'Stopped'
  );
}

export interface DueInput {
  readonly schedule: Schedule;
  /** Somebody has asked for all slots up to this one, whatever became of them. */
  readonly handledUntil?: Date | undefined;
  /** Slots before this time do not count, for instance before the stack was created. */
  readonly since: Date;
  /** A backup that is later than this is not made. */
  readonly deadlineSeconds: number;
  /** The CronJob has this long to ask for it. */
  readonly graceSeconds: number;
  readonly now: Date;
}

/** The missed backup that must still be made. Only the newest counts: it is worth more than those before it. */
export function dueBackup({
  schedule,
  handledUntil,
  since,
  deadlineSeconds,
  graceSeconds,
  now,
}: DueInput): Slot | undefined {
  const slot = schedule.last(new Date(now.getTime() - graceSeconds * 1000));
  if (
    slot === undefined ||
    slot.time.getTime() < now.getTime() - deadlineSeconds * 1000 ||
    slot.time.getTime() <= since.getTime()
  )
    return undefined;
  return handledUntil !== undefined && handledUntil.getTime() >= slot.time.getTime() ? undefined : slot;
}
