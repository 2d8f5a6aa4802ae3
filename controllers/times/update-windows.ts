/**
 * When an update may begin: `spec.update.windows`, in the time zone of each. Pure. A window is as long as its minutes say, also
 * on days on which clocks change. A start that a clock change skips counts as much later as the clock was set forward; one that
 * happens twice counts the first time (what Temporal calls "compatible").
 */

import type { UpdateWindow } from '../../crds/index.ts';
import { LocalTime } from './local-time.ts';

export type WindowState =
  /** Begin now: no window is set, or one is open. */
  | { readonly kind: 'Open' }
  /** `next` is when the next one opens. */
  | { readonly kind: 'Closed'; readonly next: Date; readonly timeZone: string }
  /** No such time zone is known. */
  | { readonly kind: 'Invalid'; readonly timeZone: string };

/** A span of time in which an update may begin. */
export interface Opening {
  readonly opens: Date;
  readonly closes: Date;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const minute = 60_000;
const day = 86_400_000;
/** More than a week: so there always is a next opening. */
const daysAhead = 9;
/** CRD defaults are filled in by the API server; an object from elsewhere may lack them. */
const defaultTimeZone = 'Europe/Berlin';

export function windowState(windows: readonly UpdateWindow[] | undefined, now: Date): WindowState {
  if (windows === undefined || windows.length === 0) return { kind: 'Open' };
  let next: { readonly time: number; readonly timeZone: string } | undefined;
  for (const window of windows) {
    const timeZone = window.timeZone ?? defaultTimeZone;
    const local = localTime(timeZone);
    if (local === undefined) return { kind: 'Invalid', timeZone };
    for (const opening of openings(window, now, local, daysAhead)) {
      if (opening <= now.getTime() && now.getTime() < opening + window.durationMinutes * minute)
        return { kind: 'Open' };
      if (opening > now.getTime() && (next === undefined || opening < next.time))
        next = { time: opening, timeZone };
    }
  }
  // A window opens at least once a week, so there always is a next one.
  return next === undefined
    ? { kind: 'Open' }
    : { kind: 'Closed', next: new Date(next.time), timeZone: next.timeZone };
}

/**
 * The windows that are open now or open within so many days, earliest first; those that overlap are told as they are set.
 * @returns the name of a time zone that nobody knows, if there is one
 */
export function windowsAhead(
  windows: readonly UpdateWindow[],
  now: Date,
  days: number,
): readonly Opening[] | { readonly invalid: string } {
  const found: Opening[] = [];
  for (const window of windows) {
    const timeZone = window.timeZone ?? defaultTimeZone;
    const local = localTime(timeZone);
    if (local === undefined) return { invalid: timeZone };
    for (const opens of openings(window, now, local, days)) {
      const closes = opens + window.durationMinutes * minute;
      if (closes > now.getTime() && opens < now.getTime() + days * day)
        found.push({ opens: new Date(opens), closes: new Date(closes) });
    }
  }
  return found.toSorted((a, b) => a.opens.getTime() - b.opens.getTime());
}

/** A moment as people at that place would say it: `Sun 2026-03-29 03:30 Europe/Berlin`. */
export function sayLocally(time: Date, timeZone: string): string {
  const local = new LocalTime(timeZone).wall(time);
  return `${weekdays[local.getUTCDay()]} ${local.toISOString().slice(0, 16).replace('T', ' ')} ${timeZone}`;
}

/** Openings from two days ago (a window may be a day long) to so many days ahead, in milliseconds since 1970. */
function openings(window: UpdateWindow, now: Date, local: LocalTime, ahead: number): readonly number[] {
  const [hour = 0, minutes = 0] = window.start.split(':').map(Number);
  const midnight = Math.floor(local.wall(now).getTime() / day) * day;
  return Array.from({ length: ahead + 3 }, (_, index) => midnight + (index - 2) * day)
    .filter((date) => window.days.some((name) => name === weekdays[new Date(date).getUTCDay()]))
    .map((date) => {
      const instants = local.instants(new Date(date + (hour * 60 + minutes) * minute));
      return (instants.kind === 'Twice' ? instants.first : instants.time).getTime();
    });
}

function localTime(timeZone: string): LocalTime | undefined {
  try {
    return new LocalTime(timeZone);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
