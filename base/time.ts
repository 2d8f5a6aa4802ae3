/** Times as people say them. `now` is an argument: views have no clock. */

/** `12s`, `5m12s`, `3h20m`, `4d3h`, `210d`: as kubectl writes ages. Negative spans count as zero. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  if (days >= 8) return `${days}d`;
  if (days > 0) return hours === 0 ? `${days}d` : `${days}d${hours}h`;
  if (hours >= 8) return `${hours}h`;
  if (hours > 0) return minutes === 0 ? `${hours}h` : `${hours}h${minutes}m`;
  if (minutes >= 10) return `${minutes}m`;
  if (minutes > 0) return whole % 60 === 0 ? `${minutes}m` : `${minutes}m${whole % 60}s`;
  return `${whole}s`;
}

/**
 * From one time to another in whole seconds of the clock, so that durations add up and fit the times beside them. At least 0.
 * Both must be times.
 */
export function secondsBetween(from: string | Date, to: string | Date): number {
  return Math.max(0, wholeSeconds(to) - wholeSeconds(from));
}

function wholeSeconds(time: string | Date): number {
  return Math.floor(new Date(time).getTime() / 1000);
}

/** The time since then; '' if there is no such time. */
export function age(time: string | undefined, now: Date): string {
  const then = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(then) ? '' : span((now.getTime() - then) / 1000);
}

/** `2026-11-23 02:00Z (10h ago)`, `… (in 3d)`; '' if there is no such time. */
export function moment(time: string | undefined, now: Date): string {
  const then = time === undefined ? Number.NaN : Date.parse(time);
  if (Number.isNaN(then)) return '';
  const away = (now.getTime() - then) / 1000;
  return `${minuteOf(then)} (${away >= 0 ? `${span(away)} ago` : `in ${span(-away)}`})`;
}

/** `2026-11-23 02:00Z` */
export function minuteOf(time: string | number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** `acme-manual-20261123t120000z`: a new name for each request, which sorts by time. */
export function timedName(stack: string, purpose: string, now: Date): string {
  return `${stack}-${purpose}-${compactTime(now)}`;
}

/** `20261123t120000z`: for names, in which it sorts by time. */
export function compactTime(time: string | Date): string {
  return `${new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase()}z`;
}
