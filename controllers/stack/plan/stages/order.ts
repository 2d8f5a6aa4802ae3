/** What all ways of carrying out an order for data share: the last check, what a failure leads to, and how an order ends. */

import type { Reason } from '../../../../crds/index.ts';
import type { JobReport } from '../../../../host-driver/host.ts';
import { pauseSeconds } from '../../../../base/back-off.ts';
import { afterLoadJob, pauseLeft } from '../../../times/pauses.ts';
import { failuresOf, isPermanent, loadFailure, mostFailures } from '../load-report.ts';
import type { Facts } from '../../findings.ts';
import type { DataOrder, DataSource, Verdict, PlanInput } from '../../model.ts';
import { act } from './act.ts';

/** Before we look again at what a person has to decide; a watch usually wakes us sooner. */
export const objectionSeconds = 300;

/** The last look before anything is touched, by a job on the host: the whole index, the key, the room. */
export function checkStage(input: PlanInput, order: DataOrder, source: DataSource): Verdict | undefined {
  const { observed } = input;
  if (!observed.host.ok) return undefined;
  const report = observed.load;
  const checking: Facts = { is: 'Checking', source: source.source };
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
        facts: checking,
        afterSeconds: 2,
        serving: true,
      };
    default:
      return act(
        input,
        'LoadBeside',
        [{ type: 'StartCheck', source: source.source, cause: 'OrderNotChecked' }],
        checking,
      );
  }
}

/** What cannot get better by itself ends the order at once, everything else after some tries. */
export function failed(input: PlanInput, order: DataOrder, report: JobReport): Verdict {
  const { release, observed, now, stack } = input;
  if (!observed.host.ok) throw new Error('a job was seen on a host that was not');
  const keys = release.ok ? release.value.keys : undefined;
  const { reason, facts } = loadFailure(report, stack.spec.host.address, keys);
  const failures = failuresOf(stack.status?.dataOrder, order, report).count;
  if (isPermanent(report)) return endOfOrder(reason, facts);
  if (failures >= mostFailures)
    return endOfOrder(reason, { is: 'TriedOften', because: facts, times: failures });
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
        { is: 'TryFollows', because: facts, next: failures + 1, most: mostFailures },
        false,
        leftSeconds,
      ),
      serving: true,
    };
  return act(input, 'LoadBeside', [{ type: 'RemoveJob', uid: report.job.uid, cause: 'LoadFailed' }], {
    is: 'TryingAgain',
    because: facts,
  });
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
    { is: 'WrongVersion', source: source.source, version, why: verdict.message },
    true,
    objectionSeconds,
  );
}

/** Nothing goes on with the data until something changes. */
export function dataBlocked(
  step: 'Data' | 'Restore' | 'LoadBeside',
  reason: Reason,
  facts: Facts,
  stalled: boolean,
  afterSeconds: number,
): Extract<Verdict, { kind: 'Blocked' }> {
  return { kind: 'Blocked', step, condition: 'DataLoaded', reason, facts, stalled, afterSeconds };
}

/** The JtelRestore ends with this. */
export function endOfOrder(reason: Reason, facts: Facts): Verdict {
  return { ...dataBlocked('Restore', reason, facts, true, objectionSeconds), endsOrder: true };
}

/** Recorded, so that each of them is missed when it is gone. */
export function dataSetsOf({ dataSets }: DataSource): Pick<DataSource, 'dataSets'> {
  return dataSets === undefined ? {} : { dataSets };
}
