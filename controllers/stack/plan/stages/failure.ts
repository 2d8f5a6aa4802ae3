/**
 * When a change counts as failed, and what follows. First the logs of what failed are kept and the failure is noted; the next
 * look, at a host on which nothing of the change works any more, decides between going back, going back with the data of
 * before, and leaving everything to a person.
 */

import type { HostObservation, ObservedContainer } from '../../../../host-driver/host.ts';
import { dataTouched } from '../../desired/effective.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import type { Attempt, Revision, RevisionOutcome, Revisions } from '../../desired/revisions.ts';
import { act } from './act.ts';
import { findUnhealthy } from '../../../hosts/health.ts';

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
    objection !== undefined
  )
    return undefined;
  if (attempt.failure !== undefined) {
    return {
      kind: 'Act',
      step: 'Fail',
      wave: [{ type: 'NoteOutcome', outcome: consequence(input, revisions, attempt, attempt.failure) }],
      message: 'deciding what follows from the failure',
    };
  }
  const failure = findFailure(input, attempt);
  if (failure === undefined) return undefined;
  const services = desired?.release.services ?? [];
  const unwell = new Set(
    findUnhealthy(observed.host.value, services, desired?.release.tasks).map((text) => text.split(' ')[0]),
  );
  // What was never started has nothing to say.
  const failed = observed.host.value.containers
    .filter((one) => unwell.has(one.service) && one.state !== 'created')
    .map((one) => one.service);
  return act(
    input,
    'Fail',
    [
      { type: 'KeepLogs', name: `${stack.metadata.name}-${current.number}`, services: failed },
      { type: 'NoteAttempt', attempt: { ...attempt, failure: { ...failure, time: now.toISOString() } } },
    ],
    `the change failed: ${failure.message}`,
  );
}

/** Why the change has failed by now, if it has. */
function findFailure(
  { stack, desired, observed, now }: PlanInput,
  attempt: Attempt,
): Omit<Failure, 'time'> | undefined {
  if (!observed.host.ok || desired === undefined) return undefined;
  const { release } = desired;
  const broken = brokenContainers(observed.host.value, attempt, release.tasks ?? []);
  const updater = broken.find(({ service }) => service === release.updater?.service);
  if (updater !== undefined) {
    const said = updater.healthMessage === undefined ? '' : `; it said: ${updater.healthMessage}`;
    return {
      reason: 'DatabaseUpdateFailed',
      message: `${updater.service} did not bring the data to ${release.version} (${describe(updater)})${said}.`,
    };
  }
  if (broken.length > 0)
    return {
      reason: 'HealthGateFailed',
      message: `${broken.map((one) => describeContainer(one)).join(', ')}.`,
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
  const waiting = findUnhealthy(observed.host.value, release.services, release.tasks);
  const what = waiting.length === 0 ? '' : ` Not well: ${waiting.join(', ')}.`;
  return {
    reason: 'ProgressDeadlineExceeded',
    message: `it took longer than ${stack.spec.update.progressDeadlineSeconds} s (spec.update.progressDeadlineSeconds).${what}`,
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

/** Service and state of a container, as a phrase. */
export function describeContainer(container: ObservedContainer): string {
  return `${container.service} (${describe(container)})`;
}

function describe({ state, health, restarts = 0, exitCode }: ObservedContainer): string {
  const how =
    state === 'running' ? health : exitCode === undefined ? state : `${state} with code ${exitCode}`;
  return restarts > 0 ? `${how}, restarted ${restarts} times` : how;
}

/** What follows from a failed change. */
function consequence(
  { stack, observed }: PlanInput,
  { all, current }: Revisions,
  attempt: Attempt,
  failure: Failure,
): RevisionOutcome {
  const about = { time: failure.time, reason: failure.reason, message: failure.message };
  const update = observed.host.ok ? observed.host.value.state?.update : undefined;
  const stopped = update === undefined ? {} : { stopTime: update.time };
  if (stack.spec.update.onFailure === 'Hold') return { ...about, ...stopped, result: 'Held', reason: 'Held' };
  const touched =
    observed.host.ok && update !== undefined && dataTouched(update, observed.host.value.containers);
  const { from, backupRef } = attempt;
  const back = all.find(({ number }) => number === from?.revision);
  if (back === undefined)
    return {
      ...about,
      ...stopped,
      result: 'Held',
      reason: 'WayBackClosed',
      message: `${failure.message} The revision before it is no longer there.`,
    };
  if (!touched) return { ...about, ...stopped, result: 'RollingBack', backTo: back.number };
  if (backupRef === undefined) {
    const why = `${failure.message} The update may have changed the data and no backup was made before it (spec.update.preUpdateBackup is Skip), so ${back.spec.version} is not started on them.`;
    return { ...about, ...stopped, result: 'Held', reason: 'WayBackClosed', message: why };
  }
  return {
    ...about,
    ...stopped,
    result: 'RollingBack',
    backTo: back.number,
    restoreRef: wayBackName(stack.metadata.name, current.number, failure.time),
  };
}

/** With the moment of the failure: numbers of revisions begin anew with a new stack, and an order of one name counts once. */
function wayBackName(stackName: string, revision: number, time: string): string {
  return `${stackName}-way-back-${revision}-${time.slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase()}z`;
}

function held({ outcome, number, spec }: Revision): Verdict {
  const reason = outcome?.reason ?? 'Held';
  const message = `The change to revision ${number} (release ${spec.version}) failed: ${outcome?.message ?? ''} Nothing more is done until spec or annotation jtel.de/retry change.`;
  return {
    kind: 'Blocked',
    step: 'Held',
    condition: 'UpToDate',
    reason,
    message,
    stalled: true,
    afterSeconds: heldSeconds,
  };
}
