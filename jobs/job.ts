/**
 * The contract of all jobs on hosts: what the operator may ask for, and what a job says. The controllers fill it in, the toolbox
 * reads it, and the other way round: both from this folder, in which each input and each answer is one schema. Inputs reach
 * the job as `/run/job/spec.json` (0600, gone once it was read): they contain secrets.
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
import { loadJobInput, loadJobResult, probeJobInput, probeJobResult } from './load.ts';
import { restoreJobInput, restoreJobResult } from './restore.ts';

export const jobInput = oneBy('type', {
  probe: probeJobInput,
  load: loadJobInput,
  backup: backupJobInput,
  restore: restoreJobInput,
  count: countJobInput,
});
export type JobInput = Of<typeof jobInput>;

/** What a job of each type says when it is done. */
export const jobResults = {
  probe: probeJobResult,
  load: loadJobResult,
  backup: backupJobResult,
  restore: restoreJobResult,
  count: countJobResult,
} satisfies Record<JobInput['type'], Schema<unknown>>;
/** Of a job whose type is not known, any of them. */
export type JobResult<T extends JobInput['type'] = JobInput['type']> = Of<(typeof jobResults)[T]>;

/** For people: any characters, as long as the log that it comes from. */
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
 * A line of a job's log, JSON in one line. The last one has the result, or why there is none; what else it may have is for
 * people. A result is read by the schema of its job.
 */
export const jobLine = object({
  progress: informing(progress),
  result: optional(anything),
  /** `reason` is a {@link JobErrorReason}, or one that another version of the toolbox knows. */
  error: informing(object({ reason: words, message: informing(words) })),
});

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
