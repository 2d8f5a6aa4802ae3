/** A bar with a number, drawn in one line. */
import type { Paint } from './paint.ts';

/** `████████░░░░░░░░  50 %`; in a pipe, too, it is readable as text. */
export function progressBar(percent: number, length: number, paint: Paint): string {
  const bounded = Math.min(100, Math.max(0, percent));
  const full = Math.round((bounded / 100) * length);
  return `${paint('cyan', '█'.repeat(full))}${paint('dim', '░'.repeat(length - full))} ${String(Math.floor(bounded)).padStart(3)} %`;
}
