/** What came of a job that loads data, in the terms of conditions; pure. */

import type { Reason } from '../../crds/index.ts';
import type { JobReport } from '../../host-driver/host.ts';
import { aboutHost } from '../store-refusal.ts';

/** Errors of the job that trying again cannot help against: the data, the backup or the order is wrong. */
const permanent: Readonly<Record<string, Reason>> = {
  DataNotEmpty: 'DataNotEmpty',
  DataSetCorrupt: 'BackupInvalid',
  BackupInvalid: 'BackupInvalid',
  BlobArchived: 'BlobArchived',
  DecryptionKeyWrong: 'DecryptionKeyWrong',
  PrepareFailed: 'JobFailed',
  SpecInvalid: 'JobFailed',
};

export function isPermanent({ error }: JobReport): boolean {
  return error !== undefined && Object.hasOwn(permanent, error.reason);
}

/** Errors of the job that somebody or something else may end. */
const passing: Readonly<Record<string, Reason>> = { DiskFull: 'DiskFull', StoreNetworkRefused: 'StoreNetworkRefused' };

/** @param hostAddress where the job ran */
export function loadFailure({ job, error }: JobReport, hostAddress: string): { readonly reason: Reason; readonly message: string } {
  const reason = (error === undefined ? undefined : (permanent[error.reason] ?? passing[error.reason])) ?? 'JobFailed';
  if (error !== undefined) return { reason, message: aboutHost(reason, error.message, hostAddress) };
  return { reason, message: `The load job failed with exit code ${job.exitCode ?? 'unknown'}.` };
}

/** Whole seconds until a failed job is to be tried again. @param now by our clock; the job ended by the host's. */
export function pauseLeft({ job }: JobReport, pauseSeconds: number, now: Date, clockSkewSeconds: number): number {
  const hostNow = now.getTime() / 1000 + clockSkewSeconds;
  return Math.ceil((job.finishedSeconds ?? hostNow) + pauseSeconds - hostNow);
}
