/** Failures of jobs that another try cannot mend, whoever asked for the job; pure. */

import type { Reason } from '../../crds/index.ts';
import type { JobReport } from '../../host-driver/host.ts';
import type { JobErrorReason } from '../../jobs/job.ts';

/** From the job's word to a reason. The data, the backup, the release or the order is wrong. */
const permanent: Readonly<Record<string, Reason>> = {
  DataNotEmpty: 'DataNotEmpty',
  DataSetCorrupt: 'BackupInvalid',
  BackupInvalid: 'BackupInvalid',
  BackupFormatNewer: 'BackupFormatNewer',
  BlobArchived: 'BlobArchived',
  DecryptionKeyWrong: 'DecryptionKeyWrong',
  DatabaseKeysMissing: 'DatabaseKeysMissing',
  DatabaseInsecure: 'JobFailed',
  LogicalImpossible: 'JobFailed',
  PrepareFailed: 'JobFailed',
  StatementRefused: 'LoadRefused',
  SourceRefused: 'ImportRefused',
  ImportImpossible: 'ImportImpossible',
  SpecInvalid: 'JobFailed',
} satisfies Partial<Record<JobErrorReason, Reason>>;

/** Undefined: another try may help. */
export function permanentReason(error: JobReport['error']): Reason | undefined {
  return error !== undefined && Object.hasOwn(permanent, error.reason) ? permanent[error.reason] : undefined;
}
