/**
 * The stage that loads data, the most dangerous act there is. The planner only decides *whether to ask*: the load job itself
 * looks at database and files, proves that they are empty (or that overwriting was agreed to), and refuses otherwise (see
 * docs/decisions).
 */

import type { Reason } from '../../../../crds/index.ts';
import type { JobReport } from '../../../../host-driver/host.ts';
import { pauseSeconds } from '../../../../base/back-off.ts';
import { checkJobUID, loadJobUID, restoreJobUID } from '../../../loading/restore-orders.ts';
import type { Action } from '../../actions.ts';
import { isCarriedOut, ordersToRemember, replayObjection } from '../../data-order.ts';
import { afterLoadJob, pauseLeft } from '../../../times/pauses.ts';
import { failuresOf, firstLoadFailures, isPermanent, loadFailure, mostFailures } from '../load-report.ts';
import type { Problem } from '../../../inputs/outcome.ts';
import type { Facts, Finding } from '../../findings.ts';
import { told } from '../../../inputs/outcome.ts';
import type { DataOrder, DataSource, Verdict, PlanInput } from '../../model.ts';
import { act, preparations } from './act.ts';
import { besideStage, undoStage } from './beside.ts';
import { importStep, jobsOfAnotherSource } from './import.ts';
import {
  checkStage,
  dataBlocked,
  dataSetsOf,
  endOfOrder,
  objectionSeconds,
  versionObstacle,
} from './order.ts';
import { optional } from '../../../../base/optional.ts';

/** Before a load that failed is tried again; what failed is mostly a network or a store. */
const retrySeconds = 60;
const inputRetrySeconds = 20;

/** Reasons that pass by themselves. */
const passing: ReadonlySet<Reason> = new Set([
  'StoreUnreachable',
  'StoreThrottled',
  'StoreCredentialsRefused',
  'StoreNetworkRefused',
  'ContainerNotFound',
]);

export function dataStage(input: PlanInput): Verdict | undefined {
  const { stack, desired, release, observed } = input;
  if (!observed.host.ok || !release.ok || desired === undefined) return undefined;
  const data = observed.host.value.state?.data;
  const { order } = observed;
  const refused = order !== undefined && observed.host.value.state?.refused?.requestUID === order.requestUID;
  if (order !== undefined && !refused && !isCarriedOut(data, order))
    return order.kind === 'Undo' ? undoStage(input, order) : restoreStage(input, order);
  if (data !== undefined && data.state === undefined) return undefined;
  if (data !== undefined) return strandedStage(input, data.source);
  if (observed.restoreAhead !== undefined) {
    return {
      kind: 'Wait',
      step: 'Data',
      reason: 'RestoreWaits',
      facts: {
        is: 'RestoreAhead',
        restore: observed.restoreAhead,
        namespace: stack.metadata.namespace,
      },
      afterSeconds: 15,
    };
  }

  const { initialData } = observed;
  if (initialData === undefined) return undefined;
  if (!initialData.ok) return sourceMissing('Data', initialData);
  const source = initialData.value;
  const obstacle = versionObstacle(input, source);
  if (obstacle !== undefined) return obstacle;
  const others = jobsOfAnotherSource(input, source);
  if (others.length > 0) return act(input, 'Data', others, { is: 'SourceChanged', source: source.source });
  return firstLoad(input, source);
}

function firstLoad(input: PlanInput, source: DataSource): Verdict {
  const { uid } = input.stack.metadata;
  const { backupID } = source;
  const load = {
    step: 'Data',
    source,
    data: {
      source: source.source,
      ...dataSetsOf(source),
      ...(backupID === undefined ? {} : { backupID, requestUID: uid }),
    },
    confirm: [],
  } as const;
  if (source.kind !== 'Import')
    return loadStage(input, {
      ...load,
      jobUID: loadJobUID(uid),
      start: { type: 'StartLoad', source: source.source, cause: 'NoData' },
    });
  const next = importStep(input, source);
  if (next.phase === 'Wait') return next.verdict;
  const { phase, jobUID } = next;
  const start = { type: 'StartImport', phase, source: source.source, cause: 'NoData' } as const;
  return loadStage(next.input, { ...load, jobUID, start });
}

/** A JtelRestore: beside the data in use where it can. In place, the stack is stopped and marked once everything was checked. */
function restoreStage(input: PlanInput, order: DataOrder): Verdict {
  const { desired, observed } = input;
  const replayed = replayObjection(input, order);
  if (replayed !== undefined)
    return endOfOrder('AlreadyCarriedOut', { is: 'CarriedOutBefore', earlier: replayed });
  const isMove = order.kind === 'Relocation';
  // Half overwritten, only going on helps.
  const begun = observed.host.ok && observed.host.value.state?.data?.state === 'Incomplete';
  if (!order.backup.ok)
    return isMove || begun || passing.has(order.backup.reason)
      ? sourceMissing('Restore', order.backup)
      : endOfOrder(order.backup.reason, told(order.backup).facts);
  const source = order.backup.value;
  const obstacle = versionObstacle(input, source);
  if (obstacle !== undefined) return isMove || begun ? obstacle : endOfOrder(obstacle.reason, obstacle.facts);
  const beside = besideStage(input, order, source);
  if (beside !== undefined) return beside;
  const confirm: readonly Action[] = isMove
    ? []
    : [
        {
          type: 'ConfirmOrder',
          name: order.name,
          requestUID: order.requestUID,
          cause: 'OrderMayBeGone',
        },
      ];
  const data = {
    source: source.source,
    ...dataSetsOf(source),
    requestUID: order.requestUID,
    ...optional({ backupID: source.backupID }),
  };
  const host = observed.host.ok ? observed.host.value : undefined;
  const present = host?.state?.data;
  const ready =
    present === undefined || (present.state === 'Incomplete' && present.requestUID === order.requestUID);
  if (host !== undefined && desired !== undefined && !ready) {
    const first = preparations(host, desired.release);
    if (first.length > 0)
      return act(input, 'Restore', first, {
        is: 'PreparingRestore',
        source: source.source,
        until: 'Then',
      });
    const checking = checkStage(input, order, source);
    if (checking !== undefined) return checking;
    if (runningServices(input, []).length > 0)
      return act(input, 'Restore', [...confirm, { type: 'StopStack', cause: 'DataAreReplaced' }], {
        is: 'StoppingToRestore',
        source: source.source,
      });
    return act(
      input,
      'Restore',
      [
        ...confirm,
        {
          type: 'RecordData',
          data: { ...data, state: 'Incomplete' },
          carriedOut: ordersToRemember(input, order, source),
          cause: 'OrderStands',
        },
        { type: 'RemoveJob', uid: checkJobUID(order.requestUID), cause: 'OrderChecked' },
      ],
      { is: 'BeginningRestore', source: source.source },
    );
  }
  return loadStage(input, {
    step: 'Restore',
    jobUID: restoreJobUID(order.requestUID),
    source,
    data,
    confirm,
    start: { type: 'StartLoad', source: source.source, cause: 'OrderStands' },
  });
}

/** Data that were being overwritten by a request that is gone or has failed: whatever still runs of it ends, nothing is started. */
function strandedStage(input: PlanInput, source: string): Verdict {
  const { observed, stack } = input;
  const jobs = observed.host.ok
    ? observed.host.value.jobs.filter(
        ({ type }) => type === 'restore' || type === 'load' || type === 'import',
      )
    : [];
  if (jobs.length > 0)
    return act(
      input,
      'Restore',
      jobs.map(({ uid }) => ({ type: 'RemoveJob', uid, cause: 'OrderGone' })),
      { is: 'EndingRestore' },
    );
  return dataBlocked(
    'Data',
    'DataIncomplete',
    { is: 'DataIncomplete', source, name: stack.metadata.name },
    true,
    objectionSeconds,
  );
}

interface Load {
  readonly step: 'Data' | 'Restore';
  readonly jobUID: string;
  readonly source: DataSource;
  /** What to record when it is done. */
  readonly data: Extract<Action, { type: 'RecordData' }>['data'];
  /** Before anything that writes. */
  readonly confirm: readonly Action[];
  /** Starts the job. */
  readonly start: Action;
}

function loadStage(input: PlanInput, { step, jobUID, source, data, confirm, start: begin }: Load): Verdict {
  const { desired, release, observed, now } = input;
  const { order } = observed;
  if (!observed.host.ok || !release.ok || desired === undefined)
    throw new Error('loadStage without host or release');
  const host = observed.host.value;
  const report = observed.load;
  if (report?.job.state === 'Succeeded') {
    return act(
      input,
      step,
      [
        {
          type: 'RecordData',
          data,
          carriedOut: ordersToRemember(input, observed.order, source),
          cause: 'LoadSucceeded',
        },
        { type: 'RemoveJob', uid: jobUID, cause: 'LoadSucceeded' },
      ],
      { is: 'DataIsLoaded' },
    );
  }
  if (report?.job.state === 'Failed') {
    const failure = loadFailure(report, input.stack.spec.host.address, release.value.keys);
    const { reason, facts } = failure;
    if (step === 'Restore' && isPermanent(report)) return endOfOrder(reason, facts);
    if (order?.kind === 'Restore') {
      const failures = failuresOf(input.stack.status?.dataOrder, order, report).count;
      if (failures >= mostFailures)
        return endOfOrder(reason, { is: 'TriedOften', because: facts, times: failures });
    }
    if (step === 'Data') return firstLoadFailed(input, report, failure, host.facts.clockSkewSeconds);
    const leftSeconds = pauseLeft(report, retrySeconds, now, host.facts.clockSkewSeconds);
    if (leftSeconds > 0) return dataBlocked(step, reason, facts, false, leftSeconds);
    return act(input, step, [{ type: 'RemoveJob', uid: jobUID, cause: 'LoadFailed' }], {
      is: 'TryingLoadAgain',
    });
  }
  if (report?.job.state === 'Running') {
    const { percent, step: doing } = report.progress ?? { percent: 0, step: 'starting' };
    const reason = step === 'Restore' ? 'Restoring' : 'LoadingData';
    return {
      kind: 'Wait',
      step,
      reason,
      facts: { is: 'LoadRuns', source: source.source, beside: false, step: doing, percent },
      afterSeconds: 2,
    };
  }

  const start: readonly Action[] = [...confirm, begin];
  const starting: Facts = { is: 'StartingLoad', source: source.source, beside: false };
  const prepare = preparations(host, desired.release);
  if (source.database !== 'Logical') {
    // The files of a database may only be written while no server uses them.
    const running = runningServices(input, []);
    if (running.length > 0)
      return act(input, step, [...confirm, { type: 'StopStack', cause: 'DataAreReplaced' }], {
        is: 'StoppingForLoad',
        services: running,
      });
    return act(input, step, [...prepare, ...start], starting);
  }
  const { databaseServices } = release.value;
  const others = runningServices(input, databaseServices);
  if (others.length > 0 && source.kind === 'Backup')
    return act(input, step, [...confirm, { type: 'StopStack', cause: 'DataAreReplaced' }], {
      is: 'StoppingForLoad',
      services: others,
    });
  const isRunning = (service: string): boolean =>
    host.containers.some((container) => container.service === service && container.state === 'running');
  const isHealthy = (service: string): boolean =>
    host.containers.some(
      (container) =>
        container.service === service && container.state === 'running' && container.health === 'healthy',
    );
  if (databaseServices.every(isHealthy)) return act(input, step, start, starting);
  if (databaseServices.every(isRunning)) {
    return {
      kind: 'Wait',
      step,
      reason: 'WaitingForHealth',
      facts: { is: 'WaitingForDatabase', services: databaseServices },
      afterSeconds: 2,
    };
  }
  return act(
    input,
    step,
    [...prepare, { type: 'StartDatabase', services: databaseServices, cause: 'NoData' }],
    { is: 'PreparingLoad' },
  );
}

/** What cannot get better by itself is left to a person at once, everything else after some tries. */
function firstLoadFailed(
  input: PlanInput,
  report: JobReport,
  { reason, facts }: Finding,
  clockSkewSeconds: number,
): Verdict {
  const { stack, observed, now } = input;
  const again = act(input, 'Data', [{ type: 'RemoveJob', uid: report.job.uid, cause: 'LoadFailed' }], {
    is: 'TryingLoadAgain',
  });
  const revision = observed.revisions?.current.number ?? 0;
  const failures = firstLoadFailures(stack.status?.firstLoad, revision, report);
  // Somebody has changed something since.
  if (failures?.revision !== revision) return again;
  // That is only looked at, before anything is fetched.
  const looksOnly = reason === 'DataNotEmpty';
  const givenUp = failures.failures >= mostFailures || isPermanent(report);
  if (givenUp && !looksOnly) {
    const { name, namespace } = stack.metadata;
    return dataBlocked(
      'Data',
      reason,
      { is: 'LoadGivenUp', because: facts, times: failures.failures, stack: { name, namespace } },
      true,
      objectionSeconds,
    );
  }
  const pause = looksOnly ? objectionSeconds : pauseSeconds(afterLoadJob, failures.failures);
  const leftSeconds = pauseLeft(report, pause, now, clockSkewSeconds);
  return leftSeconds > 0 ? dataBlocked('Data', reason, facts, looksOnly, leftSeconds) : again;
}

/** Services that run, or may start again by themselves. */
function runningServices({ observed }: PlanInput, except: readonly string[]): readonly string[] {
  if (!observed.host.ok) return [];
  return observed.host.value.containers
    .filter(
      ({ service, state }) =>
        state !== 'exited' && state !== 'created' && state !== 'dead' && !except.includes(service),
    )
    .map(({ service }) => service);
}

function sourceMissing(step: 'Data' | 'Restore', problem: Problem): Verdict {
  const { reason, facts } = told(problem);
  return dataBlocked(step, reason, facts, !passing.has(reason), inputRetrySeconds);
}
