/** What all ways of carrying out an order for data share: the last check, what a failure leads to, and how an order ends. */

import type { Reason } from '../../../../crds/index.ts';
import type { JobReport } from '../../../../host-driver/host.ts';
import { pauseSeconds } from '../../../../base/back-off.ts';
import { afterLoadJob, pauseLeft } from '../../../times/pauses.ts';
import { failuresOf, isPermanent, loadFailure, mostFailures } from '../load-report.ts';
import type { DataOrder, DataSource, Verdict, PlanInput } from '../../model.ts';
import { act } from './act.ts';

/** Before we look again at what a person has to decide; a watch usually wakes us sooner. */
export const objectionSeconds = 300;

/** The last look before anything is touched, by a job on the host: the whole index, the key, the room. */
export function checkStage(input: PlanInput, order: DataOrder, source: DataSource): Verdict | undefined {
  const { observed } = input;
  if (!observed.host.ok) return undefined;
  const report = observed.load;
  const what = `checking ${source.source} on the host; the stack runs until then`;
  switch (report?.job.state) {
    case 'Succeeded':
      return undefined;
    case 'Failed':
      return failed(input, order, report);
    case 'Running':
      return {
        kind: 'Wait',
        step: 'LoadBeside',
        reason: 'Restoring',
        message: what,
        afterSeconds: 2,
        serving: true,
      };
    default:
      return act(input, 'LoadBeside', [{ type: 'StartCheck', source: source.source }], what);
  }
}

/** What cannot get better by itself ends the order at once, everything else after some tries. */
export function failed(input: PlanInput, order: DataOrder, report: JobReport): Verdict {
  const { release, observed, now, stack } = input;
  if (!observed.host.ok) throw new Error('a job was seen on a host that was not');
  const keys = release.ok ? release.value.keys : undefined;
  const { reason, message } = loadFailure(report, stack.spec.host.address, keys);
  const failures = failuresOf(stack.status?.dataOrder, order, report).count;
  if (isPermanent(report)) return endOfOrder(reason, message);
  if (failures >= mostFailures) return endOfOrder(reason, `${message} It was tried ${failures} times.`);
  const leftSeconds = pauseLeft(
    report,
    pauseSeconds(afterLoadJob, failures),
    now,
    observed.host.value.facts.clockSkewSeconds,
  );
  if (leftSeconds > 0)
    return {
      ...dataBlocked(
        'LoadBeside',
        reason,
        `${message} Try ${failures + 1} of ${mostFailures} follows.`,
        false,
        leftSeconds,
      ),
      serving: true,
    };
  return act(input, 'LoadBeside', [{ type: 'RemoveJob', uid: report.job.uid }], `trying again: ${message}`);
}

/** Data of another version are updated by the containers when they start, if this release can; newer data never go back. */
export function versionObstacle(
  { release }: PlanInput,
  source: DataSource,
): Extract<Verdict, { kind: 'Blocked' }> | undefined {
  if (!release.ok) return undefined;
  const { version, updateFrom } = release.value;
  if (source.version === version) return undefined;
  const verdict = updateFrom(source.version);
  if (verdict.allowed) return undefined;
  const reason = verdict.kind === 'Downgrade' ? 'DowngradeRefused' : 'UpdateNotSupported';
  return dataBlocked(
    'Data',
    reason,
    `${source.source} cannot be loaded under release ${version}: ${verdict.message}. Nothing was touched; set spec.version to one that can use it.`,
    true,
    objectionSeconds,
  );
}

/** Nothing goes on with the data until something changes. */
export function dataBlocked(
  step: 'Data' | 'Restore' | 'LoadBeside',
  reason: Reason,
  message: string,
  stalled: boolean,
  afterSeconds: number,
): Extract<Verdict, { kind: 'Blocked' }> {
  return { kind: 'Blocked', step, condition: 'DataLoaded', reason, message, stalled, afterSeconds };
}

/** The JtelRestore ends with this. */
export function endOfOrder(reason: Reason, message: string): Verdict {
  return { ...dataBlocked('Restore', reason, message, true, objectionSeconds), endsOrder: true };
}

/** Recorded, so that each of them is missed when it is gone. */
export function dataSetsOf({ dataSets }: DataSource): Pick<DataSource, 'dataSets'> {
  return dataSets === undefined ? {} : { dataSets };
}
