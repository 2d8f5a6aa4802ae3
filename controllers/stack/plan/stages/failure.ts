/**
 * When a change counts as failed, and what follows. First the logs of what failed are kept and the failure is noted; the next
 * look, at a host on which nothing of the change works any more, decides between going back, going back with the data of
 * before, and leaving everything to a person.
 */

import type { HostObservation, ObservedContainer } from '../../../../host-driver/host.ts';
import { dataTouched, isOvertaken } from '../../desired/effective.ts';
import type { Action } from '../../actions.ts';
import type { Facts, Finding } from '../../findings.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import type { Attempt, Revision, RevisionOutcome, Revisions } from '../../desired/revisions.ts';
import { act } from './act.ts';
import { findUnhealthy } from '../../../hosts/health.ts';
import { optional } from '../../../../base/optional.ts';
import { compactTime } from '../../../../base/time.ts';

/** A container that was restarted so often since the change began will not come up. */
const hopelessRestarts = 3;
/** The clocks of host and operator differ, and Docker cuts off fractions. */
const clockToleranceSeconds = 2;
const heldSeconds = 300;

type Failure = NonNullable<Attempt['failure']>;

export function failureStage(input: PlanInput): Verdict | undefined {
  const { stack, desired, objection, observed, now } = input;
  const { revisions } = observed;
  if (!observed.host.ok || revisions === undefined) return undefined;
  const { current } = revisions;
  if (current.outcome?.result === 'Held') return held(current);
  const { attempt } = current;
  // A first installation has nothing to go back to: it goes on, and its status says that it takes too long.
  if (
    attempt === undefined ||
    current.outcome !== undefined ||
    attempt.from === undefined ||
    objection !== undefined ||
    isOvertaken(current, observed.host.value.state)
  )
    return undefined;
  if (attempt.failure !== undefined) {
    return {
      kind: 'Act',
      step: 'Fail',
      wave: [consequence(input, revisions, attempt, attempt.failure)],
      facts: { is: 'DecidingAfterFailure' },
    };
  }
  const failure = findFailure(input, attempt);
  if (failure === undefined) return undefined;
  const services = desired?.release.services ?? [];
  const unwell = new Set(
    findUnhealthy(observed.host.value, services, desired?.release.tasks).map(({ service }) => service),
  );
  // What was never started has nothing to say.
  const failed = observed.host.value.containers
    .filter((one) => unwell.has(one.service) && one.state !== 'created')
    .map((one) => one.service);
  return act(
    input,
    'Fail',
    [
      {
        type: 'KeepLogs',
        name: `${stack.metadata.name}-${current.number}`,
        services: failed,
        cause: 'ChangeFailed',
      },
      {
        type: 'NoteFailure',
        attempt,
        failure: { ...failure, time: now.toISOString() },
        cause: 'ChangeFailed',
      },
    ],
    { is: 'ChangeFailed', because: failure.facts },
  );
}

/** Why the change has failed by now, if it has. */
function findFailure({ stack, desired, observed, now }: PlanInput, attempt: Attempt): Finding | undefined {
  if (!observed.host.ok || desired === undefined) return undefined;
  const { release } = desired;
  const broken = brokenContainers(observed.host.value, attempt, release.tasks ?? []);
  const updater = broken.find(({ service }) => service === release.updater?.service);
  if (updater !== undefined) {
    return {
      reason: 'DatabaseUpdateFailed',
      facts: { is: 'UpdaterFailed', container: updater, version: release.version },
    };
  }
  if (broken.length > 0)
    return {
      reason: 'HealthGateFailed',
      facts: { is: 'ContainersBroken', containers: broken },
    };
  if (
    !isOverdue(
      stack.spec.update.progressDeadlineSeconds,
      observed.updateBackup?.status?.completionTime,
      attempt,
      now,
    )
  )
    return undefined;
  const unwell = findUnhealthy(observed.host.value, release.services, release.tasks);
  return {
    reason: 'ProgressDeadlineExceeded',
    facts: { is: 'DeadlineOver', seconds: stack.spec.update.progressDeadlineSeconds, unwell },
  };
}

/** The time for the backup does not count: the old release serves meanwhile. */
export function isOverdue(
  deadlineSeconds: number,
  backupTime: string | undefined,
  { startTime }: Attempt,
  now: Date,
): boolean {
  const start = Math.max(Date.parse(startTime), Date.parse(backupTime ?? startTime));
  return now.getTime() > start + deadlineSeconds * 1000;
}

/** Containers that the change made and that gave up. Older ones may have been unwell before it. */
export function brokenContainers(
  { containers, facts }: HostObservation,
  { startTime }: Pick<Attempt, 'startTime'>,
  tasks: readonly string[],
): readonly ObservedContainer[] {
  const since = Date.parse(startTime) / 1000 + facts.clockSkewSeconds - clockToleranceSeconds;
  return containers.filter(({ service, createdSeconds, restarts = 0, health, state, exitCode = 0 }) => {
    if (createdSeconds < since) return false;
    if (tasks.includes(service)) return state === 'exited' && exitCode !== 0;
    return restarts >= hopelessRestarts || (health === 'unhealthy' && state === 'running');
  });
}

/** What follows from a failed change. */
function consequence(
  { stack, observed }: PlanInput,
  { all, current }: Revisions,
  attempt: Attempt,
  failure: Failure,
): Action {
  const update = observed.host.ok ? observed.host.value.state?.update : undefined;
  const note = (
    outcome: Pick<RevisionOutcome, 'result' | 'reason' | 'backTo' | 'restoreRef'>,
    words: Facts = { is: 'Told', message: failure.message },
  ): Action => ({
    type: 'NoteOutcome',
    outcome: {
      time: failure.time,
      reason: failure.reason,
      ...(update === undefined ? {} : { stopTime: update.time }),
      ...outcome,
    },
    words,
    cause: 'FailureNoted',
  });
  if (stack.spec.update.onFailure === 'Hold') return note({ result: 'Held', reason: 'Held' });
  const touched =
    observed.host.ok && update !== undefined && dataTouched(update, observed.host.value.containers);
  const { from, backupRef } = attempt;
  const back = all.find(({ number }) => number === from?.revision);
  if (back === undefined)
    return note(
      { result: 'Held', reason: 'WayBackClosed' },
      { is: 'NothingToGoBackTo', failure: failure.message },
    );
  if (!touched) return note({ result: 'RollingBack', backTo: back.number });
  if (backupRef === undefined)
    return note(
      { result: 'Held', reason: 'WayBackClosed' },
      { is: 'DataMayBeChanged', failure: failure.message, version: back.spec.version },
    );
  const restoreRef = wayBackName(stack.metadata.name, current.number, failure.time);
  return note({ result: 'RollingBack', backTo: back.number, restoreRef });
}

/** With the moment of the failure: numbers of revisions begin anew with a new stack, and an order of one name counts once. */
function wayBackName(stackName: string, revision: number, time: string): string {
  return `${stackName}-way-back-${revision}-${compactTime(time)}`;
}

function held({ outcome, number, spec }: Revision): Verdict {
  return {
    kind: 'Blocked',
    step: 'Held',
    condition: 'UpToDate',
    reason: outcome?.reason ?? 'Held',
    facts: {
      is: 'Held',
      revision: number,
      version: spec.version,
      ...optional({ message: outcome?.message }),
    },
    stalled: true,
    afterSeconds: heldSeconds,
  };
}
