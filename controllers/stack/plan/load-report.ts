/** What came of a job that loads data, in the terms of conditions; pure. */

import type { JtelStackStatus, Reason } from '../../../crds/index.ts';
import type { JobReport } from '../../../host-driver/host.ts';
import type { JobErrorReason } from '../../../jobs/job.ts';
import { permanentReason } from '../../loading/job-failures.ts';
import type { Finding } from '../findings.ts';
import type { ReleaseFacts } from '../model.ts';
import { optional } from '../../../base/optional.ts';

export function isPermanent({ error }: JobReport): boolean {
  return permanentReason(error) !== undefined;
}

/** Errors of the job that somebody or something else may end. */
const passing: Readonly<Record<string, Reason>> = {
  DiskFull: 'DiskFull',
  StoreNetworkRefused: 'StoreNetworkRefused',
  SourceUnreachable: 'ImportUnreachable',
  SourceInUse: 'ImportInUse',
  ImportDiffers: 'ImportDiffers',
} satisfies Partial<Record<JobErrorReason, Reason>>;

/** @param address of the host where the job ran. @param keys of encryption at rest, where the release has them */
export function loadFailure({ job, error }: JobReport, address: string, keys: ReleaseFacts['keys']): Finding {
  const reason =
    (error === undefined ? undefined : (permanentReason(error) ?? passing[error.reason])) ?? 'JobFailed';
  return {
    reason,
    facts: {
      is: 'LoadFailed',
      reason,
      address,
      ...optional({ error: error?.message, exitCode: job.exitCode }),
      ...(reason === 'DatabaseKeysMissing' ? optional({ keys }) : {}),
    },
  };
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
  if (report?.job.state !== 'Failed') return { count, ...optional({ last }) };
  const failure = failureID(report);
  return { count: last === failure ? count : count + 1, last: failure };
}

type FirstLoad = NonNullable<JtelStackStatus['firstLoad']>;

/**
 * How often the first load has failed, this report included. Counted by revision: another one asks for it anew. A failure that
 * was counted under an earlier one stays there, so what is said then is of the past.
 */
export function firstLoadFailures(
  known: JtelStackStatus['firstLoad'],
  revision: number,
  report: JobReport | undefined,
): FirstLoad | undefined {
  if (report?.job.state !== 'Failed') return known;
  const lastFailure = failureID(report);
  if (known?.lastFailure === lastFailure) return known;
  const failures = known?.revision === revision ? known.failures + 1 : 1;
  return { revision, failures, lastFailure };
}

/** By its job, and the second at which that ended. */
function failureID({ job }: JobReport): string {
  return `${job.uid}@${job.finishedSeconds ?? 0}`;
}
