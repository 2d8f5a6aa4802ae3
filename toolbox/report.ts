/**
 * The job's report: JSON lines on stdout, which Docker keeps as the container's log and the operator reads.
 */
import type { JobProgress } from '../jobs/job.ts';
import { optional } from '../base/optional.ts';

export type Report = (progress: JobProgress) => void;

/**
 * Writes progress at most once in `intervalMilliseconds`, but a change of step at once. It never goes below a
 * percentage that it already reported.
 */
export function progressReport(
  write: (line: string) => void,
  now: () => number,
  intervalMilliseconds = 1000,
): Report {
  let last: { step: string; time: number } | undefined;
  let highest = 0;
  return ({ step, percent, message, ...numbers }) => {
    highest = Math.max(highest, Math.min(100, Math.floor(percent)));
    const time = now();
    if (last !== undefined && last.step === step && time - last.time < intervalMilliseconds) return;
    last = { step, time };
    write(
      JSON.stringify({
        progress: { step, percent: highest, ...optional({ message }), ...numbers },
      }),
    );
  };
}

/** Maps progress of one part (0 to 1) to percent of the whole. */
export function part(from: number, to: number, fraction: number): number {
  return from + (to - from) * Math.min(1, Math.max(0, fraction));
}
