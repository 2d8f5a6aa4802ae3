/**
 * A restore over data that are there, so that they can be had back: it goes into new volumes beside those in use. The stack serves
 * until everything is loaded, counted and compared; then it is stopped, the volumes are switched, and it starts. When it does not
 * become healthy on the new data, the old ones are switched back. Undoing a restore later is the same switch.
 */

import { checkJobUID, restoreJobUID } from '../../../loading/restore-orders.ts';
import type { Action } from '../../actions.ts';
import { isCarriedOut, ordersToRemember } from '../../data-order.ts';
import type { Facts } from '../../findings.ts';
import { told } from '../../../inputs/outcome.ts';
import type { BesideVolumes, DataOrder, DataSource, Verdict, PlanInput } from '../../model.ts';
import { act, preparations } from './act.ts';
import { brokenContainers } from './failure.ts';
import { checkStage, dataBlocked, dataSetsOf, endOfOrder, failed, versionObstacle } from './order.ts';
import { findUnhealthy, isWell } from '../../../hosts/health.ts';
import { optional } from '../../../../base/optional.ts';

const lookSeconds = 2;
/** Room for the database's tools and for what is written meanwhile. */
const spareBytes = 256 * 2 ** 20;
const spareFactor = 1.05;
/** A database that does not become healthy on loaded data within this time never will. */
const databaseSeconds = 900;

/** @returns undefined when it is to be done in place: nothing is there, or there is no room and that was accepted. */
export function besideStage(input: PlanInput, order: DataOrder, source: DataSource): Verdict | undefined {
  const { desired, observed } = input;
  if (!observed.host.ok || desired === undefined || order.kind !== 'Restore' || order.onData !== 'Replace')
    return undefined;
  const host = observed.host.value;
  const { data } = host.state ?? {};
  if (data?.state === 'Incomplete' && data.requestUID === order.requestUID) return undefined;
  const { beside } = order;
  const begun =
    beside !== undefined && Object.values(beside.volumes).some((name) => host.volumes.includes(name));
  if (beside === undefined || !begun) {
    const noRoom: Facts | undefined =
      beside === undefined ? { is: 'NoRoomBeside', source: source.source } : findNoRoom(input, source);
    if (noRoom !== undefined)
      return order.inPlace === 'Accept' ? undefined : endOfOrder('NoRoomBeside', noRoom);
  }
  if (beside === undefined) return undefined;
  const first = preparations(host, desired.release);
  if (first.length > 0)
    return act(input, 'LoadBeside', first, {
      is: 'PreparingRestore',
      source: source.source,
      until: 'Serving',
    });
  if (!begun) {
    const checking = checkStage(input, order, source);
    if (checking !== undefined) return checking;
  }
  return load(input, order, source, beside);
}

function findNoRoom({ observed }: PlanInput, { source, bytes = 0 }: DataSource): Facts | undefined {
  if (!observed.host.ok) return undefined;
  const { diskFreeBytes } = observed.host.value.facts;
  const needed = Math.ceil(bytes * spareFactor) + spareBytes;
  return diskFreeBytes >= needed
    ? undefined
    : { is: 'NoRoomBeside', source, bytes: { needed, free: diskFreeBytes } };
}

function load(input: PlanInput, order: DataOrder, source: DataSource, beside: BesideVolumes): Verdict {
  const { observed } = input;
  const uid = restoreJobUID(order.requestUID);
  const report = observed.load?.job.uid === uid ? observed.load : undefined;
  switch (report?.job.state) {
    case 'Running': {
      const { percent, step } = report.progress ?? { percent: 0, step: 'starting' };
      return wait({ is: 'LoadRuns', source: source.source, beside: true, step, percent });
    }
    case 'Failed':
      return failed(input, order, report);
    case 'Succeeded':
      return (
        (order.verify === 'Start' ? verify(input, order, source) : undefined) ??
        switchTo(input, order, source, beside)
      );
    default: {
      const database = source.database === 'Logical' ? databaseBeside(input, source) : undefined;
      if (database !== undefined) return database;
      const wave: readonly Action[] = [
        ...confirm(order),
        { type: 'RemoveJob', uid: checkJobUID(order.requestUID), cause: 'OrderChecked' },
        {
          type: 'StartLoad',
          source: source.source,
          volumes: beside.volumes,
          cause: 'OrderStands',
        },
      ];
      return act(input, 'LoadBeside', wave, { is: 'StartingLoad', source: source.source, beside: true });
    }
  }
}

/** A database of its own on the new volumes; undefined once it is healthy. */
function databaseBeside(input: PlanInput, source: DataSource): Verdict | undefined {
  const { release, observed, now } = input;
  const { beside } = observed;
  if (!observed.host.ok || !release.ok || beside === undefined) return wait({ is: 'BesideNotSeen' });
  if (!beside.ok) return dataBlocked('LoadBeside', beside.reason, told(beside).facts, false, lookSeconds);
  const { containers } = beside.value.host;
  const services = release.value.databaseServices;
  const found = services.map((service) =>
    containers.find((one) => one.service === service && one.state !== 'removing'),
  );
  if (found.some((one) => one === undefined)) {
    return act(
      input,
      'LoadBeside',
      [{ type: 'StartBeside', source: source.source, cause: 'NoDatabaseBeside' }],
      { is: 'StartingBeside', source: source.source },
    );
  }
  const ill = found.flatMap((one) => (one === undefined || isWell(one) ? [] : [one]));
  const [first] = ill;
  if (first === undefined) return undefined;
  const ageSeconds = now.getTime() / 1000 + observed.host.value.facts.clockSkewSeconds - first.createdSeconds;
  if (ageSeconds > databaseSeconds) {
    return endOfOrder('VerificationFailed', {
      is: 'BesideIll',
      container: first,
      source: source.source,
      afterSeconds: databaseSeconds,
    });
  }
  return wait({ is: 'WaitingForBeside', container: first });
}

/** What was loaded is started and counted once; undefined when that went well. */
function verify(input: PlanInput, order: DataOrder, source: DataSource): Verdict | undefined {
  const database = databaseBeside(input, source);
  if (database !== undefined) return database;
  const { beside } = input.observed;
  const count = beside?.ok === true ? beside.value.count : undefined;
  switch (count?.job.state) {
    case 'Running':
      return wait({ is: 'Counting', source: source.source });
    case 'Failed':
      return failed(input, order, count);
    case 'Succeeded': {
      const differences = (beside?.ok === true ? beside.value.comparison?.differences : undefined) ?? [
        'it could not be compared',
      ];
      if (differences.length === 0) return undefined;
      return endOfOrder('VerificationFailed', {
        is: 'CountDiffers',
        source: source.source,
        differences,
      });
    }
    default:
      return act(input, 'LoadBeside', [{ type: 'StartCount', source: source.source, cause: 'NotCounted' }], {
        is: 'Counting',
        source: source.source,
      });
  }
}

function switchTo(input: PlanInput, order: DataOrder, source: DataSource, beside: BesideVolumes): Verdict {
  const wave: readonly Action[] = [
    ...confirm(order),
    ...(input.observed.beside?.ok === true && input.observed.beside.value.host.state !== undefined
      ? [{ type: 'RemoveBeside', project: beside.project, cause: 'LoadedBeside' } as const]
      : []),
    { type: 'StopStack', cause: 'DataAreReplaced' },
    switchOf(input, order, source, beside),
  ];
  return act(input, 'Restore', wave, { is: 'Switching', source: source.source, back: false });
}

function switchOf(
  input: PlanInput,
  order: DataOrder,
  source: DataSource,
  { volumes, inUse }: BesideVolumes,
): Action {
  const { observed, now } = input;
  const { backupID } = source;
  const there = observed.host.ok ? observed.host.value.volumes : [];
  const until = new Date(now.getTime() + order.keepPreviousHours * 3_600_000).toISOString();
  return {
    type: 'SwitchVolumes',
    switch: {
      data: {
        source: source.source,
        ...dataSetsOf(source),
        requestUID: order.requestUID,
        ...optional({ backupID }),
      },
      volumes,
      ...(inUse.some((name) => there.includes(name)) ? { untilTime: until } : {}),
    },
    carriedOut: ordersToRemember(input, order, source),
    cause: order.kind === 'Undo' ? 'UndoOrdered' : 'LoadedBeside',
  };
}

function confirm(order: DataOrder): readonly Action[] {
  return [
    {
      type: 'ConfirmOrder',
      name: order.name,
      requestUID: order.requestUID,
      cause: 'OrderMayBeGone',
    },
  ];
}

/** Back to the data from before a restore, in the time of a restart. */
export function undoStage(input: PlanInput, order: DataOrder): Verdict {
  const { observed } = input;
  const state = observed.host.ok ? observed.host.value.state : undefined;
  if (
    order.beside === undefined ||
    state?.previous === undefined ||
    state.data?.requestUID !== order.undoOf ||
    !order.backup.ok
  ) {
    return endOfOrder('UndoNotPossible', { is: 'UndoNotPossible' });
  }
  const source = order.backup.value;
  const obstacle = versionObstacle(input, source);
  if (obstacle !== undefined) return endOfOrder(obstacle.reason, obstacle.facts);
  const wave: readonly Action[] = [
    ...confirm(order),
    { type: 'StopStack', cause: 'DataAreReplaced' },
    switchOf(input, order, source, order.beside),
  ];
  return act(input, 'Restore', wave, { is: 'Switching', source: source.source, back: true });
}

/** The new data are in use and the stack does not become healthy on them: those from before come back. */
export function refuseStage(input: PlanInput): Verdict | undefined {
  const { desired, observed, stack, now } = input;
  const { order } = observed;
  if (!observed.host.ok || desired === undefined || order === undefined || order.kind === 'Relocation')
    return undefined;
  const { state } = observed.host.value;
  if (state?.previous === undefined || !isCarriedOut(state.data, order)) return undefined;
  // There the data from before are those of an update that failed: nobody wants them back.
  if (observed.revisions?.current.outcome?.result === 'RollingBack') return undefined;
  const { services, tasks = [] } = desired.release;
  const unwell = findUnhealthy(observed.host.value, services, tasks);
  if (unwell.length === 0) return undefined;
  const { switchTime } = state.previous;
  const broken = brokenContainers(observed.host.value, { startTime: switchTime }, tasks);
  const { progressDeadlineSeconds } = stack.spec.update;
  const late = now.getTime() > Date.parse(switchTime) + progressDeadlineSeconds * 1000;
  if (broken.length === 0 && !late) return undefined;
  const ill = new Set(unwell.map(({ service }) => service));
  return act(
    input,
    'Restore',
    [
      {
        type: 'KeepLogs',
        name: `${stack.metadata.name}-${order.name}`.slice(0, 100),
        services: observed.host.value.containers
          .filter((one) => one.state !== 'created' && ill.has(one.service))
          .map(({ service }) => service),
        cause: 'UnhealthyOnData',
      },
      { type: 'StopStack', cause: 'UnhealthyOnData' },
      {
        type: 'RefuseData',
        requestUID: order.requestUID,
        why: {
          reason: 'HealthGateFailed',
          facts: {
            is: 'DataRefused',
            source: state.data?.source ?? 'the restored data',
            broken,
            late: { seconds: progressDeadlineSeconds, unwell },
          },
        },
        cause: 'UnhealthyOnData',
      },
    ],
    { is: 'SwitchingBack' },
  );
}

function wait(facts: Facts): Verdict {
  return {
    kind: 'Wait',
    step: 'LoadBeside',
    reason: 'Restoring',
    facts,
    afterSeconds: lookSeconds,
    serving: true,
  };
}
