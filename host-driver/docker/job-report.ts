/** What a job tells through its log: JSON lines on stdout, the last one its result or its error. Pure. */
import type { JobProgress, JobReport, ObservedJob } from '../host.ts';
import type { LogText } from './log-frames.ts';

type Told = Pick<JobReport, 'progress' | 'result' | 'error'>;

/** Lines that are not JSON objects are for people and passed over. */
export function jobReport(job: ObservedJob, log: LogText): JobReport {
  let told: Told = {};
  for (const line of log.stdout.split('\n')) told = { ...told, ...readLine(line) };
  const { progress, result, error } = told;
  return {
    job,
    ...(progress === undefined ? {} : { progress }),
    ...(job.state === 'Succeeded' && 'result' in told ? { result } : {}),
    ...(job.state === 'Failed' ? { error: error ?? madeError(job, log) } : {}),
  };
}

function readLine(line: string): Told {
  if (!line.startsWith('{')) return {};
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
  const told: { progress?: JobProgress; result?: unknown; error?: NonNullable<Told['error']> } = {};
  const progress = readProgress(value['progress']);
  if (progress !== undefined) told.progress = progress;
  if ('result' in value) told.result = value['result'];
  const error = value['error'] as { reason?: unknown; message?: unknown } | undefined;
  if (typeof error?.reason === 'string')
    told.error = { reason: error.reason, message: String(error.message ?? '') };
  return told;
}

const numbers = ['bytesDone', 'bytesTotal', 'uploadedBytes', 'secondsLeft'] as const;

function readProgress(value: unknown): JobProgress | undefined {
  const { step, percent, message, ...rest } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof step !== 'string' || typeof percent !== 'number') return undefined;
  const counted = numbers.flatMap((key) =>
    typeof rest[key] === 'number' && Number.isFinite(rest[key]) ? [[key, rest[key]] as const] : [],
  );
  return {
    step,
    percent,
    ...(typeof message === 'string' ? { message } : {}),
    ...Object.fromEntries(counted),
  };
}

function madeError(job: ObservedJob, log: LogText): { reason: string; message: string } {
  if (job.oomKilled === true)
    return {
      reason: 'OutOfMemory',
      message: `${job.name} was ended because it needed more memory than it was given`,
    };
  const last = log.stderr.trim().split('\n').slice(-5).join('\n').slice(-1000);
  return {
    reason: 'JobFailed',
    message: `${job.name} ended with exit code ${job.exitCode ?? 'unknown'}${last === '' ? '' : `: ${last}`}`,
  };
}
