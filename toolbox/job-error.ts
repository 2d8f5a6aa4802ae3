/** Why a job failed, as it is reported to the operator. */

/** Stable reasons; the operator passes them on. */
export type JobErrorReason =
  | 'SpecInvalid' // what the operator asked for cannot be done
  | 'SpecMissing' // the container was started without its input, or a second time
  | 'DataNotEmpty' // there is data that this load did not write; nothing was touched
  | 'DownloadFailed' // the store did not give a data set
  | 'DataSetCorrupt' // length, digest or form of a data set is wrong; nothing was written
  | 'DiskFull'
  | 'DatabaseUnreachable'
  | 'DatabaseInsecure' // there is no connection as safe as the release asks for
  | 'DatabaseFailed' // the database refused a statement
  | 'StatementRefused' // the database refused a statement of a dump for what does not get better by itself
  | 'LogicalImpossible' // a table cannot be kept by a logical backup; the message says what to do
  | 'DatabaseKeysMissing' // the keys of encryption at rest are not where a backup or a restore needs them
  | 'ProducerFailed' // the database's own tool did not deliver a whole backup
  | 'UploadFailed' // the store did not take an object
  | 'UploadConflict' // an object of this try is there already with other content: the next try needs another number
  | 'StoreCredentialsRefused' // the store does not take the signature (any more): a new try with a fresh one goes on
  | 'StoreNetworkRefused' // the store does not let in the address of this host
  | 'BlobArchived' // an object lies in a tier where it cannot be read
  | 'KnownPartInvalid' // an index that chunks should be taken from is not what it should be
  | 'FileTreeFailed' // a file tree could not be read
  | 'BackupInvalid' // an index or a pack is damaged, forged or missing; nothing came to its place
  | 'BackupFormatNewer'
  | 'DecryptionKeyWrong'
  | 'PrepareFailed' // the database's own tool could not prepare the restored files
  | 'Cancelled'
  | 'InternalError';

export class JobError extends Error {
  override readonly name = 'JobError';
  readonly reason: JobErrorReason;

  /** @param message what happened, to what, what to do; never a password or a signed URL. */
  constructor(reason: JobErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** Errors of the file system and of streams, in the job's terms. */
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
