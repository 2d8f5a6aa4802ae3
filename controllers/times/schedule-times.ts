/**
 * When scheduled backups are due, and what they are called: one per local date (or, for schedules that are not daily, per
 * local time), whatever the clocks do. Plain cron fires not at all, or twice, at a time that a clock change skips or repeats.
 */

import { Cron } from 'croner';
import type { JtelStack } from '../../crds/index.ts';
import { InputError } from '../inputs/input-error.ts';
import { LocalTime } from './local-time.ts';

export interface Slot {
  readonly time: Date;
  /** `20260329`; `20260329-1400` when the schedule is not daily, and `…b` for the second time the clock shows that. */
  readonly name: string;
}

const hourMilliseconds = 3_600_000;
/** Clock changes move a time by no more than this. */
const marginMilliseconds = 3 * hourMilliseconds;
/** Searched one after the other: most schedules have a time within a day, and 29 February comes within eight years. */
const searchedHours = [2, 26, 8 * 24, 40 * 24, 400 * 24, 8 * 366 * 24];

export class Schedule {
  readonly #cron: Cron;
  readonly #local: LocalTime;
  readonly #isDaily: boolean;

  /** @throws {InputError} `ScheduleInvalid` */
  constructor(expression: string, timeZone: string) {
    try {
      // As UTC, because what is walked through are the times of a wall clock.
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
    // What the clock skipped is made up for, unless the schedule has that later time itself.
    for (const slot of skipped) if (!slots.has(slot.time.getTime())) slots.set(slot.time.getTime(), slot);
    return [...slots.values()]
      .filter(({ time }) => time.getTime() > from.getTime() && time.getTime() <= to.getTime())
      .toSorted((a, b) => a.time.getTime() - b.time.getTime());
  }

  /** The slot that a cron means that fired at that time, even if it counts otherwise than we do where clocks change. */
  nearest(time: Date): Slot | undefined {
    const last = this.last(time);
    const next = this.next(time);
    if (last === undefined || next === undefined) return last ?? next;
    // On the night when clocks go forward a daily cron may fire an hour before what the clock skipped is made up for.
    const isEarly = this.#isDaily && next.time.getTime() - time.getTime() <= hourMilliseconds;
    return isEarly && time.getTime() - last.time.getTime() > hourMilliseconds ? next : last;
  }

  #name(wall: Date): string {
    const [date = '', time = ''] = wall.toISOString().split('T');
    const day = date.replaceAll('-', '');
    return this.#isDaily ? day : `${day}-${time.slice(0, 5).replace(':', '')}`;
  }
}

/** Whether backups of that stack are made by its schedule now. */
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
  /** Slots up to then were asked for already, whatever became of them. */
  readonly handledUntil?: Date | undefined;
  /** Nothing is made up for that was due before, such as the stack's creation. */
  readonly since: Date;
  /** How late it is still made. */
  readonly deadlineSeconds: number;
  /** So long it is left to the CronJob. */
  readonly graceSeconds: number;
  readonly now: Date;
}

/** The scheduled backup that was missed and is still to be made: the newest only, since that is worth more than those before it. */
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
