/** What came of a job that loads data, in the terms of conditions; pure. */

import type { JtelStackStatus, Reason } from '../../crds/index.ts';
import type { JobReport } from '../../host-driver/host.ts';
import { aboutHost } from '../stores/store-refusal.ts';

/** Errors of the job that trying again cannot help against: the data, the backup or the order is wrong. */
const permanent: Readonly<Record<string, Reason>> = {
  DataNotEmpty: 'DataNotEmpty',
  DataSetCorrupt: 'BackupInvalid',
  BackupInvalid: 'BackupInvalid',
  BlobArchived: 'BlobArchived',
  DecryptionKeyWrong: 'DecryptionKeyWrong',
  PrepareFailed: 'JobFailed',
  StatementRefused: 'LoadRefused',
  SpecInvalid: 'JobFailed',
};

export function isPermanent({ error }: JobReport): boolean {
  return error !== undefined && Object.hasOwn(permanent, error.reason);
}

/** Errors of the job that somebody or something else may end. */
const passing: Readonly<Record<string, Reason>> = {
  DiskFull: 'DiskFull',
  StoreNetworkRefused: 'StoreNetworkRefused',
};

/** @param hostAddress where the job ran */
export function loadFailure(
  { job, error }: JobReport,
  hostAddress: string,
): { readonly reason: Reason; readonly message: string } {
  const reason =
    (error === undefined ? undefined : (permanent[error.reason] ?? passing[error.reason])) ?? 'JobFailed';
  if (error !== undefined) return { reason, message: aboutHost(reason, error.message, hostAddress) };
  return { reason, message: `The load job failed with exit code ${job.exitCode ?? 'unknown'}.` };
}

/** Tries of one order, the check and the count included. */
export const mostFailures = 6;

/**
 * How often an order has failed, this report included. A failure is known by its job and the second at which that ended, so that
 * no look counts it twice.
 */
export function failuresOf(
  status: JtelStackStatus['dataOrder'],
  { requestUID }: { readonly requestUID: string },
  report: JobReport | undefined,
): { readonly count: number; readonly last?: string } {
  const known = status?.requestUID === requestUID ? status : undefined;
  const count = known?.failures ?? 0;
  const last = known?.lastFailure;
  if (report?.job.state !== 'Failed') return { count, ...(last === undefined ? {} : { last }) };
  const failure = `${report.job.uid}@${report.job.finishedSeconds ?? 0}`;
  return { count: last === failure ? count : count + 1, last: failure };
}
