/**
 * The times and names of scheduled backups. There is one for each local date, or for each local time if the schedule is not
 * daily, whatever the clocks do. Plain cron would skip or repeat a time that a clock change skips or repeats.
 */

import { Cron } from 'croner';
import { InputError } from '../inputs/input-error.ts';
import { LocalTime } from './local-time.ts';

export interface Slot {
  /** As the schedule says. Whatever was made since then serves this slot. */
  readonly time: Date;
  /** When it is to begin: later than `time` by the stack's share of the spread. */
  readonly due: Date;
  /** `20260329`; `20260329-1400` when the schedule is not daily. `…b` is the second time that the clock shows this. */
  readonly name: string;
}

/** Keeps the backups of many stacks from beginning at the same moment. */
export interface Spread {
  /** 0…1, below 1: where in the span this stack begins. */
  readonly share: number;
  readonly spanSeconds: number;
}

const noSpread: Spread = { share: 0, spanSeconds: 0 };
const hourMilliseconds = 3_600_000;
const dayMilliseconds = 24 * hourMilliseconds;
/** Clock changes move a time by no more than this. */
const marginMilliseconds = 3 * hourMilliseconds;
/** 29 February comes within eight years. */
const searchedMilliseconds = 8 * 366 * dayMilliseconds;

export class Schedule {
  readonly #cron: Cron;
  readonly #local: LocalTime;
  /** Hour and minute, if it has one time and that on every day of it. */
  readonly #daily: readonly [string, string] | undefined;
  /** From a slot's time until it is due, in whole seconds. */
  readonly offsetSeconds: number;

  /**
   * @param spread shorter where slots follow each other sooner: half of what lies between them, so none runs into the next
   * @throws {InputError} `ScheduleInvalid`
   */
  constructor(expression: string, timeZone: string, { share, spanSeconds }: Spread = noSpread) {
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
    this.#daily = /^\d+$/.test(minute) && /^\d+$/.test(hour) ? [hour, minute] : undefined;
    const span = spanSeconds === 0 ? 0 : Math.min(spanSeconds, this.#shortestPauseSeconds() / 2);
    this.offsetSeconds = Math.floor(share * span);
  }

  /** The first slot that is due after that time; undefined for a schedule that never comes (30 February). */
  next(after: Date): Slot | undefined {
    for (let from = after; ;) {
      const wall = this.#cron.nextRun(new Date(this.#wallOf(from) - marginMilliseconds));
      if (wall === null || wall.getTime() > after.getTime() + searchedMilliseconds) return undefined;
      // The cron library skips what has no times, so only an hour of them is looked at closely.
      const to = new Date(Math.max(from.getTime(), this.#dueAt(wall)[0]) + hourMilliseconds);
      const [first] = this.between(from, to);
      if (first !== undefined) return first;
      from = to;
    }
  }

  /** The last slot that was due at or before that time. */
  last(at: Date): Slot | undefined {
    for (let to = at; ;) {
      const [wall] = this.#cron.previousRuns(1, new Date(this.#wallOf(to) + marginMilliseconds));
      if (wall === undefined || wall.getTime() < at.getTime() - searchedMilliseconds) return undefined;
      const from = new Date(Math.min(to.getTime(), this.#dueAt(wall)[0]) - hourMilliseconds);
      const last = this.between(from, to).at(-1);
      if (last !== undefined) return last;
      to = from;
    }
  }

  /** The slot of that name; undefined if the schedule gives none that name. */
  named(name: string): Slot | undefined {
    const [, date, ...clock] = /^(\d{8})(?:-(\d\d)(\d\d)b?)?$/.exec(name) ?? [];
    const [hour, minute] = clock[0] === undefined ? (this.#daily ?? []) : clock;
    if (date === undefined || hour === undefined) return undefined;
    const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)].map(Number);
    const wall = Date.UTC(year ?? 0, (month ?? 0) - 1, day, Number(hour), Number(minute));
    const [first, last] = this.#dueAt(new Date(wall));
    return this.between(new Date(first - 1), new Date(last)).find((slot) => slot.name === name);
  }

  /** When slots of that time of the wall clock are due, the first and the last, in milliseconds. */
  #dueAt(wall: Date): readonly [number, number] {
    const instants = this.#local.instants(wall);
    const [first, last] =
      instants.kind === 'Twice' ? [instants.first, instants.second] : [instants.time, instants.time];
    const offset = this.offsetSeconds * 1000;
    return [first.getTime() + offset, last.getTime() + offset];
  }

  /** What the wall clock shows when the slot begins that is due at that time, in milliseconds. */
  #wallOf(due: Date): number {
    return this.#local.wall(new Date(due.getTime() - this.offsetSeconds * 1000)).getTime();
  }

  /** Slots that are due after `from`, up to and including `to`, in order. */
  between(from: Date, to: Date): readonly Slot[] {
    const offset = this.offsetSeconds * 1000;
    const times = this.#timesBetween(new Date(from.getTime() - offset), new Date(to.getTime() - offset));
    return times.map(({ time, name }) => ({ time, due: new Date(time.getTime() + offset), name }));
  }

  #timesBetween(from: Date, to: Date): readonly Omit<Slot, 'due'>[] {
    const end = this.#local.wall(to).getTime() + marginMilliseconds;
    const slots = new Map<number, Omit<Slot, 'due'>>();
    const skipped: Omit<Slot, 'due'>[] = [];
    let wall = this.#cron.nextRun(new Date(this.#local.wall(from).getTime() - marginMilliseconds));
    for (; wall !== null && wall.getTime() <= end; wall = this.#cron.nextRun(wall)) {
      const instants = this.#local.instants(wall);
      if (instants.kind === 'Skipped') skipped.push({ time: instants.time, name: this.#name(wall) });
      else if (instants.kind === 'One')
        slots.set(instants.time.getTime(), { time: instants.time, name: this.#name(wall) });
      else {
        slots.set(instants.first.getTime(), { time: instants.first, name: this.#name(wall) });
        if (this.#daily === undefined)
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
    const isEarly = this.#daily !== undefined && next.time.getTime() - time.getTime() <= hourMilliseconds;
    return isEarly && time.getTime() - last.time.getTime() > hourMilliseconds ? next : last;
  }

  /** Between two times on one day of the schedule, or from its last time to its first on the next day; a day at most. */
  #shortestPauseSeconds(): number {
    let shortest = dayMilliseconds;
    if (this.#daily !== undefined) return shortest / 1000;
    // Every day of the schedule has the same times. The search begins before the first moment of a day, so it finds all of them.
    const first = this.#cron.nextRun(new Date(-1000));
    if (first === null) return shortest / 1000;
    let last = first;
    // No two times are closer than a minute.
    while (shortest > 60_000) {
      const next = this.#cron.nextRun(last);
      const isSameDay = next !== null && next.getTime() - first.getTime() < dayMilliseconds;
      if (!isSameDay) return Math.min(shortest, first.getTime() + dayMilliseconds - last.getTime()) / 1000;
      shortest = Math.min(shortest, next.getTime() - last.getTime());
      last = next;
    }
    return shortest / 1000;
  }

  #name(wall: Date): string {
    const [date = '', time = ''] = wall.toISOString().split('T');
    const day = date.replaceAll('-', '');
    return this.#daily === undefined ? `${day}-${time.slice(0, 5).replace(':', '')}` : day;
  }
}
