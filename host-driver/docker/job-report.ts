/** Reads a job's report from its log: JSON lines on stdout. The last one is the result or the error. Pure. */
import { read } from '../../backup-format/schema.ts';
import { jobLine } from '../../jobs/job.ts';
import type { JobReport, ObservedJob } from '../host.ts';
import type { LogText } from './log-frames.ts';
import { optional } from '../../base/optional.ts';

type Told = Pick<JobReport, 'progress' | 'result' | 'error'>;

/** Lines that are not JSON objects are for people and are skipped. */
export function jobReport(job: ObservedJob, log: LogText): JobReport {
  let told: Told = {};
  for (const line of log.stdout.split('\n')) told = { ...told, ...readLine(line) };
  const { progress, result, error } = told;
  return {
    job,
    ...optional({ progress }),
    ...(job.state === 'Succeeded' && 'result' in told ? { result } : {}),
    ...(job.state === 'Failed' ? { error: error ?? madeError(job, log) } : {}),
  };
}

function readLine(line: string): Told {
  if (!line.startsWith('{')) return {};
  try {
    const { error, ...told } = read(jobLine, JSON.parse(line), 'a line');
    return { ...told, ...(error === undefined ? {} : { error: { message: '', ...error } }) };
  } catch {
    return {};
  }
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
