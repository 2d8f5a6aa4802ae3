/**
 * A restore over data that are there, so that they can be had back: it goes into new volumes beside those in use. The stack serves
 * until everything is loaded, counted and compared; then it is stopped, the volumes are switched, and it starts. When it does not
 * become healthy on the new data, the old ones are switched back. Undoing a restore later is the same switch.
 */

import { formatBytes } from '../../../../base/bytes.ts';
import { checkJobUID, restoreJobUID } from '../../../loading/restore-orders.ts';
import type { Action } from '../../actions.ts';
import { isCarriedOut, ordersToRemember } from '../../data-order.ts';
import type { BesideVolumes, DataOrder, DataSource, Verdict, PlanInput } from '../../model.ts';
import { act, preparations } from './act.ts';
import { brokenContainers, describeContainer } from './failure.ts';
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
    const reason =
      beside === undefined
        ? 'the release does not say where its database keeps its files'
        : whyNoRoom(input, source);
    if (reason !== undefined) {
      if (order.inPlace === 'Accept') return undefined;
      return endOfOrder(
        'NoRoomBeside',
        `${source.source} cannot be loaded beside the data in use: ${reason}. Nothing was touched. Free some space, or create a JtelRestore with inPlace Accept, which stops the stack and overwrites its data.`,
      );
    }
  }
  if (beside === undefined) return undefined;
  const first = preparations(host, desired.release);
  if (first.length > 0)
    return act(input, 'LoadBeside', first, `preparing to restore ${source.source}; the stack serves`);
  if (!begun) {
    const checking = checkStage(input, order, source);
    if (checking !== undefined) return checking;
  }
  return load(input, order, source, beside);
}

function whyNoRoom({ observed }: PlanInput, { bytes = 0 }: DataSource): string | undefined {
  if (!observed.host.ok) return undefined;
  const { diskFreeBytes } = observed.host.value.facts;
  const needed = Math.ceil(bytes * spareFactor) + spareBytes;
  return diskFreeBytes >= needed
    ? undefined
    : `${formatBytes(needed)} are needed and ${formatBytes(diskFreeBytes)} are free`;
}

function load(input: PlanInput, order: DataOrder, source: DataSource, beside: BesideVolumes): Verdict {
  const { observed } = input;
  const uid = restoreJobUID(order.requestUID);
  const report = observed.load?.job.uid === uid ? observed.load : undefined;
  switch (report?.job.state) {
    case 'Running': {
      const { percent, step } = report.progress ?? { percent: 0, step: 'starting' };
      return wait(`loading ${source.source} beside the data in use: ${step}, ${percent} %`);
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
        { type: 'RemoveJob', uid: checkJobUID(order.requestUID) },
        { type: 'StartLoad', source: source.source, volumes: beside.volumes },
      ];
      return act(
        input,
        'LoadBeside',
        wave,
        `loading ${source.source} beside the data in use; the stack serves`,
      );
    }
  }
}

/** A database of its own on the new volumes; undefined once it is healthy. */
function databaseBeside(input: PlanInput, source: DataSource): Verdict | undefined {
  const { release, observed, now } = input;
  const { beside } = observed;
  if (!observed.host.ok || !release.ok || beside === undefined)
    return wait('the database beside the stack was not looked at yet');
  if (!beside.ok) return dataBlocked('LoadBeside', beside.reason, beside.message, false, lookSeconds);
  const { containers } = beside.value.host;
  const services = release.value.databaseServices;
  const found = services.map((service) =>
    containers.find((one) => one.service === service && one.state !== 'removing'),
  );
  if (found.some((one) => one === undefined)) {
    return act(
      input,
      'LoadBeside',
      [{ type: 'StartBeside', source: source.source }],
      `starting a database for ${source.source} beside the stack`,
    );
  }
  const ill = found.flatMap((one) => (one === undefined || isWell(one) ? [] : [one]));
  const [first] = ill;
  if (first === undefined) return undefined;
  const ageSeconds = now.getTime() / 1000 + observed.host.value.facts.clockSkewSeconds - first.createdSeconds;
  if (ageSeconds > databaseSeconds) {
    return endOfOrder(
      'VerificationFailed',
      `${describeContainer(first)} beside the stack on ${source.source}: it is not well after ${databaseSeconds / 60} minutes.`,
    );
  }
  return wait(
    `waiting for the database beside the stack (${first.state === 'running' ? first.health : first.state})`,
  );
}

/** What was loaded is started and counted once; undefined when that went well. */
function verify(input: PlanInput, order: DataOrder, source: DataSource): Verdict | undefined {
  const database = databaseBeside(input, source);
  if (database !== undefined) return database;
  const { beside } = input.observed;
  const count = beside?.ok === true ? beside.value.count : undefined;
  switch (count?.job.state) {
    case 'Running':
      return wait(`counting what was loaded from ${source.source}`);
    case 'Failed':
      return failed(input, order, count);
    case 'Succeeded': {
      const differences = (beside?.ok === true ? beside.value.comparison?.differences : undefined) ?? [
        'it could not be compared',
      ];
      if (differences.length === 0) return undefined;
      return endOfOrder(
        'VerificationFailed',
        `What was loaded from ${source.source} is not what was backed up: ${differences.slice(0, 5).join('; ')}.`,
      );
    }
    default:
      return act(
        input,
        'LoadBeside',
        [{ type: 'StartCount', source: source.source }],
        `counting what was loaded from ${source.source}`,
      );
  }
}

function switchTo(input: PlanInput, order: DataOrder, source: DataSource, beside: BesideVolumes): Verdict {
  const wave: readonly Action[] = [
    ...confirm(order),
    ...(input.observed.beside?.ok === true && input.observed.beside.value.host.state !== undefined
      ? [{ type: 'RemoveBeside', project: beside.project } as const]
      : []),
    { type: 'StopStack' },
    switchOf(input, order, source, beside),
  ];
  return act(input, 'Restore', wave, `switching to the data from ${source.source}`);
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
  };
}

function confirm(order: DataOrder): readonly Action[] {
  return [{ type: 'ConfirmOrder', name: order.name, requestUID: order.requestUID }];
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
    return endOfOrder(
      'UndoNotPossible',
      'The data from before that restore are not on the host any more, or another restore came after it. The stack runs on; a backup brings older data back.',
    );
  }
  const source = order.backup.value;
  const obstacle = versionObstacle(input, source);
  if (obstacle !== undefined) return endOfOrder(obstacle.reason, obstacle.message);
  const wave: readonly Action[] = [
    ...confirm(order),
    { type: 'StopStack' },
    switchOf(input, order, source, order.beside),
  ];
  return act(input, 'Restore', wave, `switching back to ${source.source}`);
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
  const why =
    broken.length > 0
      ? broken.map((one) => describeContainer(one)).join(', ')
      : `after ${progressDeadlineSeconds} s (spec.update.progressDeadlineSeconds) not well: ${unwell.join(', ')}`;
  const ill = observed.host.value.containers.filter(
    ({ service, state: one }) => one !== 'created' && unwell.some((text) => text.startsWith(`${service} `)),
  );
  const message = `The stack did not become healthy on ${state.data?.source ?? 'the restored data'}: ${why}. The data from before are in use again.`;
  return act(
    input,
    'Restore',
    [
      {
        type: 'KeepLogs',
        name: `${stack.metadata.name}-${order.name}`.slice(0, 100),
        services: ill.map(({ service }) => service),
      },
      { type: 'StopStack' },
      {
        type: 'RefuseData',
        refuse: { requestUID: order.requestUID, reason: 'HealthGateFailed', message: message.slice(0, 900) },
      },
    ],
    'switching back to the data from before the restore',
  );
}

function wait(message: string): Verdict {
  return {
    kind: 'Wait',
    step: 'LoadBeside',
    reason: 'Restoring',
    message,
    afterSeconds: lookSeconds,
    serving: true,
  };
}
