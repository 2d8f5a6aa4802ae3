/**
 * The backups of 30 days as one element: its background has up to four layers, a band of equal days is one stretch of a
 * gradient, and a mask in the style sheet cuts it into days. Height says the same as colour. Pure.
 */
import type { BackupStrip } from '../../protocol.ts';

interface Day {
  readonly word: string;
  readonly colour: string;
  /** Percent of the strip. */
  readonly height: number;
}

const days: Readonly<Record<string, Day>> = {
  v: { word: 'verified', colour: 'var(--day)', height: 100 },
  o: { word: 'not verified', colour: 'var(--day)', height: 62 },
  d: { word: 'doubtful', colour: 'var(--warn)', height: 62 },
  r: { word: 'running', colour: 'var(--busy)', height: 30 },
  f: { word: 'failed', colour: 'var(--bad)', height: 30 },
  n: { word: 'none', colour: 'var(--line-strong)', height: 12 },
  // The objects of that time are gone, so nobody knows without asking the store.
  '?': { word: 'not known here', colour: 'var(--line)', height: 12 },
};
const heights = [100, 62, 30, 12];
const known = new Map<string, string>();

/** Value of `background`; the same text for the same days. */
export function stripBackground(letters: string): string {
  const made = known.get(letters);
  if (made !== undefined) return made;
  const background = heights.flatMap((height) => layer(letters, height)).join(', ');
  if (known.size > 2000) known.clear();
  known.set(letters, background);
  return background;
}

function layer(letters: string, height: number): string[] {
  const share = 100 / Math.max(1, letters.length);
  const stops: string[] = [];
  let isUsed = false;
  for (let from = 0, to = 0; from < letters.length; from = to) {
    while (to < letters.length && letters[to] === letters[from]) to += 1;
    const day = days[letters[from] ?? ''];
    const isHere = day !== undefined && day.height === height;
    isUsed ||= isHere;
    stops.push(`${isHere ? day.colour : '#0000'} ${round(from * share)}% ${round(to * share)}%`);
  }
  return isUsed ? [`linear-gradient(90deg, ${stops.join(', ')}) 0 100% / 100% ${height}% no-repeat`] : [];
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

/** `30 days until 2026-11-29: 28 verified, 1 failed (2026-11-12), 1 none (2026-11-13)` */
export function stripSentence({ days: letters, lastDay }: BackupStrip): string {
  const said = Object.entries(days).flatMap(([letter, { word }]) => {
    const at = [...letters].flatMap((each, index) => (each === letter ? [index] : []));
    if (at.length === 0) return [];
    const dates = letter === 'v' || letter === 'o' || at.length > 3 ? [] : at.map((index) => dayAt(index));
    return [`${at.length} ${word}${dates.length === 0 ? '' : ` (${dates.join(', ')})`}`];
  });
  const existed = [...letters].filter((letter) => letter !== '-').length;
  const before = letters.length - existed;
  return `Backups of ${letters.length} days until ${lastDay}: ${[
    ...said,
    ...(before === 0 ? [] : [`${before} before the stack existed`]),
  ].join(', ')}`;

  function dayAt(index: number): string {
    const time = Date.parse(`${lastDay}T00:00:00Z`) - (letters.length - 1 - index) * 86_400_000;
    return Number.isNaN(time) ? '?' : new Date(time).toISOString().slice(0, 10);
  }
}
