/** Tells a person what a test run is doing, with times. Colours only on a terminal. */
import { cpus } from 'node:os';
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
      const processors = processorTimes();
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
        `${failed ? colours.red('✗') : colours.green('✓')} ${title}${result} ${colours.dim(`(${elapsed(begin)}${busyShare(processors, performance.now() - begin)})`)}`,
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

interface ProcessorTimes {
  readonly busy: number;
  readonly all: number;
}

/** Of all processors of the machine since it started, in milliseconds. */
function processorTimes(): ProcessorTimes {
  const each = cpus().map(({ times }) => times);
  const all = each.flatMap((times) => Object.values(times)).reduce((sum, one) => sum + one, 0);
  return { all, busy: all - each.reduce((sum, { idle }) => sum + idle, 0) };
}

/** Says of a long step whether more workers would make it shorter: they do not when the processors are busy. */
function busyShare(before: ProcessorTimes, milliseconds: number): string {
  if (milliseconds < 60_000) return '';
  const now = processorTimes();
  return `, processors ${Math.round((100 * (now.busy - before.busy)) / (now.all - before.all))} % busy`;
}
