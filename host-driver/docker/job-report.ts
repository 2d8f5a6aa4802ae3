/** Reads a job's report from its log: JSON lines on stdout. The last one is the result or the error. Pure but for its buffer. */
import { ByteCollector, ByteTail } from '../../base/byte-collector.ts';
import { optional } from '../../base/optional.ts';
import { read } from '../../backup-format/schema.ts';
import { jobLine } from '../../jobs/job.ts';
import type { JobReport, ObservedJob } from '../host.ts';
import type { LogPiece } from './log-frames.ts';

type Told = Pick<JobReport, 'progress' | 'result' | 'error'>;

/** A result of a backup is hardly longer than its manifest. A longer line is not ours. */
const longestLine = 8 * 1024 * 1024;
/** Of what the job's programs complained about. */
const keptComplaints = 16 * 1024;

const lineFeed = 0x0a;

/** What a job said, in pieces of any length. Lines that are not JSON objects are for people and are skipped. */
export class JobWords {
  readonly #line = new ByteCollector();
  #isTooLong = false;
  readonly #complaints = new ByteTail(keptComplaints);
  #told: Told = {};

  add({ stream, bytes }: LogPiece): void {
    if (stream === 'stderr') return this.#complaints.add(bytes);
    let at = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, at)) {
      this.#addToLine(bytes.subarray(at, end));
      this.#endLine();
      at = end + 1;
    }
    this.#addToLine(bytes.subarray(at));
  }

  /** Call it once, at the end of the log. */
  report(job: ObservedJob): JobReport {
    this.#endLine();
    const { progress, result, error } = this.#told;
    return {
      job,
      ...optional({ progress }),
      ...(job.state === 'Succeeded' && 'result' in this.#told ? { result } : {}),
      ...(job.state === 'Failed' ? { error: error ?? madeError(job, this.#complaints.text()) } : {}),
    };
  }

  #addToLine(bytes: Buffer): void {
    this.#isTooLong ||= this.#line.length + bytes.length > longestLine;
    if (!this.#isTooLong) this.#line.add(bytes);
  }

  #endLine(): void {
    if (!this.#isTooLong && this.#line.length > 0)
      this.#told = { ...this.#told, ...readLine(this.#line.bytes().toString('utf8')) };
    this.#line.keepLast(0);
    this.#isTooLong = false;
  }
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

function madeError(job: ObservedJob, complaints: string): { reason: string; message: string } {
  if (job.oomKilled === true)
    return {
      reason: 'OutOfMemory',
      message: `${job.name} was ended because it needed more memory than it was given`,
    };
  const last = complaints.trim().split('\n').slice(-5).join('\n').slice(-1000);
  return {
    reason: 'JobFailed',
    message: `${job.name} ended with exit code ${job.exitCode ?? 'unknown'}${last === '' ? '' : `: ${last}`}`,
  };
}
