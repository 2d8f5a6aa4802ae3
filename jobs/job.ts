/**
 * The contract of all jobs on hosts: their inputs and results. The controllers write inputs and read results,
 * the toolbox does the reverse, and both use the one schema of each in this folder. An input reaches the job
 * as `/run/job/spec.json` (0600, removed once it was read), because it contains secrets.
 */
import {
  finite,
  informing,
  object,
  oneBy,
  optional,
  text,
  type Of,
  type Schema,
} from '../backup-format/schema.ts';
import { backupJobInput, backupJobResult } from './backup.ts';
import { countJobInput, countJobResult } from './count.ts';
import { importJobInput, importJobResult } from './import.ts';
import { loadJobInput, loadJobResult, probeJobInput, probeJobResult } from './load.ts';
import { restoreJobInput, restoreJobResult } from './restore.ts';
import { smokeJobInput, smokeJobResult } from './smoke.ts';

export const jobInput = oneBy('type', {
  probe: probeJobInput,
  load: loadJobInput,
  import: importJobInput,
  backup: backupJobInput,
  restore: restoreJobInput,
  count: countJobInput,
  smoke: smokeJobInput,
});
export type JobInput = Of<typeof jobInput>;

/** The result of a job of each type. */
export const jobResults = {
  probe: probeJobResult,
  load: loadJobResult,
  import: importJobResult,
  backup: backupJobResult,
  restore: restoreJobResult,
  count: countJobResult,
  smoke: smokeJobResult,
} satisfies Record<JobInput['type'], Schema<unknown>>;
/** Any of them, if the type of the job is not known. */
export type JobResult<T extends JobInput['type'] = JobInput['type']> = Of<(typeof jobResults)[T]>;

/** For people: any characters, as long as a line of the log may be. */
const words = text(/^/, Number.MAX_SAFE_INTEGER);

const progress = object({
  step: words,
  /** Of the whole job, 0 to 100. */
  percent: finite,
  message: informing(words),
  bytesDone: informing(finite),
  bytesTotal: informing(finite),
  uploadedBytes: informing(finite),
  /** The job's own estimate. */
  secondsLeft: informing(finite),
});
export type JobProgress = Of<typeof progress>;

const anything: Schema<unknown> = (value) => value;

/**
 * A line of a job's log: JSON in one line. The last line has the result, or why there is none; other fields
 * are for people. The schema of the job reads the result.
 */
export const jobLine = object({
  progress: informing(progress),
  result: optional(anything),
  /** `reason` is a {@link JobErrorReason}, or one of another version of the toolbox. */
  error: informing(object({ reason: words, message: informing(words) })),
});

/** Stable reasons; the operator passes them on. */
export type JobErrorReason =
  | 'SpecInvalid' // the job cannot do what the operator asked for
  | 'SpecMissing' // the container was started without its input, or a second time
  | 'DataNotEmpty' // another load wrote the data; nothing was touched
  | 'DownloadFailed' // the store did not give a data set
  | 'DataSetCorrupt' // length, digest or form of a data set is wrong; nothing was written
  | 'DiskFull'
  | 'DatabaseUnreachable'
  | 'DatabaseInsecure' // no connection is as safe as the release asks for
  | 'DatabaseFailed' // the database refused a statement
  | 'StatementRefused' // the database refused a statement of a dump, and trying again does not help
  | 'LogicalImpossible' // a logical backup cannot keep a table; the message says what to do
  | 'DatabaseKeysMissing' // the backup or restore does not have the keys of encryption at rest
  | 'ProducerFailed' // the database's own tool did not deliver a complete backup
  | 'UploadFailed' // the store did not take an object
  | 'UploadConflict' // an object of this try exists already with other content: the next try needs another number
  | 'StoreCredentialsRefused' // the store does not accept the signature (any more): a new try with a fresh one continues
  | 'StoreNetworkRefused' // the store does not admit the address of this host
  | 'BlobArchived' // an object lies in a tier where it cannot be read
  | 'KnownPartInvalid' // an index whose chunks should be reused is wrong
  | 'FileTreeFailed' // a file tree could not be read
  | 'BackupInvalid' // an index or a pack is damaged, forged or missing; nothing was placed
  | 'BackupFormatNewer'
  | 'DecryptionKeyWrong'
  | 'SourceUnreachable' // the old database does not answer
  | 'SourceRefused' // the old database refuses the account, or it lacks rights
  | 'SourceInUse' // somebody still works with the old database, so its tables cannot be locked
  | 'ImportImpossible' // the new database cannot hold something of the old one; nothing was loaded
  | 'ImportDiffers' // what was copied is not what the old database has; it does not count as loaded
  | 'PrepareFailed' // the database's own tool could not prepare the restored files
  | 'Cancelled'
  | 'InternalError';
