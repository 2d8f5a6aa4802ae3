/** Why a job failed, as it is reported to the operator. */

import type { JobErrorReason } from '../jobs/job.ts';

export class JobError extends Error {
  override readonly name = 'JobError';
  readonly reason: JobErrorReason;

  /** @param message what happened, to what, what to do; never a password or a signed URL. */
  constructor(reason: JobErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** Puts errors of the file system and of streams into the job's terms. */
export function toJobError(error: unknown): JobError {
  if (error instanceof JobError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new JobError('DiskFull', `no space left on the host: ${message}`, error);
  if (error instanceof Error && error.name === 'AbortError')
    return new JobError('Cancelled', 'the job was stopped', error);
  return new JobError('InternalError', message, error);
}
