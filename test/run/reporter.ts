/** Tells a person what a test run is doing, with times. Colours only on a terminal. */
import picocolors from 'picocolors';
import { countLine, nothing, type Counts } from './counts.ts';

export interface StepOutcome {
  readonly counts: Counts;
  readonly problem?: string;
  /** What a failed command printed. */
  readonly details?: string;
}

export interface Reporter {
  /** Announces, runs and reports a step; an exception counts as one failure. */
  step(title: string, work: () => Promise<StepOutcome>): Promise<Counts>;
  note(text: string): void;
}

/** @param write where lines go; each ends with a line feed */
export function lineReporter(write: (text: string) => void, style: 'plain' | 'coloured'): Reporter {
  const colours = picocolors.createColors(style === 'coloured');
  const start = performance.now();
  const line = (text: string): void => write(`${colours.dim(`[${elapsed(start).padStart(7)}]`)} ${text}\n`);
  return {
    async step(title, work) {
      line(`${colours.cyan('▸')} ${title}`);
      const begin = performance.now();
      const outcome = await work().catch((error: unknown): StepOutcome => ({
        counts: { passed: 0, failed: 1, skipped: 0 },
        problem: error instanceof Error ? error.message : String(error),
      }));
      if (outcome.details !== undefined && outcome.details !== '')
        write(outcome.details.endsWith('\n') ? outcome.details : `${outcome.details}\n`);
      const failed = outcome.counts.failed > 0;
      const result =
        outcome.counts === nothing || (outcome.counts.passed === 1 && !failed)
          ? ''
          : `: ${countLine(outcome.counts)}`;
      line(
        `${failed ? colours.red('✗') : colours.green('✓')} ${title}${result} ${colours.dim(`(${elapsed(begin)})`)}`,
      );
      if (outcome.problem !== undefined) line(`  ${colours.red(outcome.problem)}`);
      return outcome.counts;
    },
    note: (text) => line(`  ${text}`),
  };
}

/** Since a time of `performance.now()`: `0.4 s`, `3:07 min`. */
function elapsed(since: number): string {
  const seconds = (performance.now() - since) / 1000;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')} min`;
}
