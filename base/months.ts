/** Calendar months in UTC, as `2026-11`. */
import { secondsBetween } from './time.ts';

/** The month that a time lies in. */
export function monthOf(time: string | Date): string {
  return new Date(time).toISOString().slice(0, 7);
}

/** @returns the whole seconds between two times, by the months that they lie in, oldest first */
export function secondsByMonth(
  from: string | Date,
  to: string | Date,
): readonly (readonly [month: string, seconds: number])[] {
  const end = new Date(to);
  const parts: (readonly [string, number])[] = [];
  for (let start = new Date(from); start < end;) {
    const next = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1));
    parts.push([monthOf(start), secondsBetween(start, next < end ? next : end)]);
    start = next;
  }
  return parts;
}
