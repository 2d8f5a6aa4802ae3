/** Times as the page shows them: how long ago, and the exact moment for whoever asks. */
import { secondsBetween, span } from '../../../base/time.ts';

/** `10h ago`, `in 3d`, `now`; '' if there is no such time. */
export function relative(time: string | undefined, now: number): string {
  const then = parsed(time);
  if (then === undefined) return '';
  const seconds = (now - then) / 1000;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds > 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
}

/** `2026-11-23 02:00:05 UTC`: the same for everybody who talks about it; '' if there is no such time. */
export function exact(time: string | undefined): string {
  const then = parsed(time);
  return then === undefined ? '' : `${new Date(then).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** How long something took; '' unless both ends are known. */
export function took(start: string | undefined, end: string | undefined): string {
  if (start === undefined || parsed(start) === undefined) return '';
  return end === undefined || parsed(end) === undefined ? '' : span(secondsBetween(start, end));
}

function parsed(time: string | undefined): number | undefined {
  const then = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(then) ? undefined : then;
}
