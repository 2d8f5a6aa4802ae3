/**
 * Runs examinations side by side. One that fails or takes too long says so in its own findings and spoils no
 * other.
 */
import { ApiError } from '../runtime/client/api-error.ts';
import { checks, type CheckName } from './checks.ts';
import { each, finding, skipped, type Finding } from './finding.ts';

/** Asks one place, and judges what it said. */
export interface Examination {
  /** What it finds out: each of them is in its findings, once at least. */
  readonly checks: readonly CheckName[];
  run(signal: AbortSignal): Promise<readonly Finding[]>;
}

export interface ExamineOptions {
  /** Ends everything with its reason. */
  readonly signal: AbortSignal;
  /** For each examination; those that have no answer by then are Skipped. */
  readonly seconds: number;
  /** Called at the beginning, and after each examination, with the checks that have no finding yet. */
  readonly onProgress?: (waiting: readonly CheckName[]) => void;
}

/** @returns findings in the order of the list of checks. */
export async function examine(
  examinations: readonly Examination[],
  { signal, seconds, onProgress }: ExamineOptions,
): Promise<readonly Finding[]> {
  const running = new Set(examinations);
  const tell = (): void => onProgress?.([...running].flatMap((one) => one.checks));
  tell();
  const found = await Promise.all(
    examinations.map(async (one) => {
      const findings = await bounded(one, seconds, signal);
      running.delete(one);
      tell();
      return findings;
    }),
  );
  const place = new Map<string, number>(checks.map(({ name }, index) => [name, index]));
  return found.flat().toSorted((a, b) => (place.get(a.check) ?? 0) - (place.get(b.check) ?? 0));
}

/** @throws the signal's reason, and nothing else. */
async function bounded(
  { checks: names, run }: Examination,
  seconds: number,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(seconds * 1000);
  const either = AbortSignal.any([signal, deadline]);
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(either.reason);
  either.addEventListener('abort', end, { once: true });
  try {
    const findings = await Promise.race([run(either), ended.promise]);
    const missing = names.filter((name) => !findings.some(({ check }) => check === name));
    return [
      ...findings,
      ...each(missing, skipped('Nothing was found out.', 'Report this as a fault of this program.')),
    ];
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (deadline.aborted)
      return each(
        names,
        skipped(
          `There was no answer within ${seconds} s.`,
          'Try again, with a longer --timeout if the network is slow.',
        ),
      );
    const message = error instanceof Error ? error.message : String(error);
    const next =
      error instanceof ApiError
        ? 'See that the API server answers and that you may ask it; then try again.'
        : 'Try again; if it stays, report it as a fault of this program.';
    return names.map((name) => finding(name, skipped(`It could not be asked: ${message}`, next)));
  } finally {
    either.removeEventListener('abort', end);
  }
}
