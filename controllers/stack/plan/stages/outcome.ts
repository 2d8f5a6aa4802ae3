/**
 * When a change is through: everything is healthy and, after an update or a way back, stayed up for a while. Then it is noted
 * on the revision, which from then on is one to go back to.
 */

import type { HostObservation } from '../../../../host-driver/host.ts';
import { takenBackTo } from '../../desired/effective.ts';
import type { Action } from '../../actions.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import type { RevisionOutcome } from '../../desired/revisions.ts';
import { act } from './act.ts';

const defaultMonitorSeconds = 10;
const refusalSeconds = 300;

export function outcomeStage(input: PlanInput): Verdict | undefined {
  const { desired, objection, observed, now } = input;
  const { revisions } = observed;
  if (!observed.host.ok || desired === undefined || revisions === undefined || objection !== undefined)
    return undefined;
  const { attempt, outcome } = revisions.current;
  const { update } = observed.host.value.state ?? {};
  if (outcome !== undefined && outcome.result !== 'RollingBack') {
    // A process ended between the two notes.
    return update === undefined || outcome.result === 'Held'
      ? undefined
      : act(input, 'CleanUp', [{ type: 'EndUpdate' }], 'the update is through');
  }
  const isUpdate = update !== undefined || attempt?.action === 'Update';
  if (outcome === undefined && isUpdate && attempt !== undefined && attempt.healthyTime === undefined) {
    return {
      kind: 'Act',
      step: 'Health',
      wave: [{ type: 'NoteAttempt', attempt: { ...attempt, healthyTime: now.toISOString() } }],
      message: 'everything is healthy',
    };
  }
  const leftSeconds = isUpdate
    ? unstableFor(observed.host.value, input.monitorSeconds ?? defaultMonitorSeconds, now)
    : 0;
  if (leftSeconds > 0) {
    return {
      kind: 'Wait',
      step: 'Health',
      reason: 'WaitingForHealth',
      message: `everything is healthy; watching whether it stays so for ${leftSeconds} s more`,
      afterSeconds: leftSeconds,
    };
  }
  const ended: readonly Action[] = update === undefined ? [] : [{ type: 'EndUpdate' }];
  const time = now.toISOString();
  if (outcome !== undefined) {
    const { stopTime } = outcome;
    const back: RevisionOutcome = {
      ...outcome,
      result: 'RolledBack',
      backTime: time,
      ...(stopTime === undefined ? {} : { downtimeSeconds: secondsBetween(stopTime, time) }),
    };
    return withHost(
      input,
      [{ type: 'NoteOutcome', outcome: back }, ...ended],
      'the previous release is healthy',
    );
  }
  const downtime =
    update === undefined
      ? {}
      : { downtimeSeconds: secondsBetween(update.time, attempt?.healthyTime ?? time), stopTime: update.time };
  return withHost(
    input,
    [
      {
        type: 'NoteOutcome',
        outcome: { result: 'Succeeded', time, digest: desired.release.digest, ...downtime },
      },
      ...ended,
    ],
    'the change is through',
  );
}

/** What still stands between the spec and the stack, when everything that runs is well. */
export function refusalStage({ stack, objection, observed }: PlanInput): Verdict | undefined {
  const { revisions } = observed;
  if (objection !== undefined) return objection;
  if (revisions === undefined || revisions.current.outcome?.result !== 'RolledBack') return undefined;
  const { number, spec, outcome } = revisions.current;
  const back = takenBackTo(revisions);
  const down = outcome.downtimeSeconds === undefined ? '' : ` It was down for ${outcome.downtimeSeconds} s.`;
  return {
    kind: 'Blocked',
    step: 'Held',
    condition: 'UpToDate',
    reason: 'RolledBack',
    message:
      `Release ${stack.spec.version} (revision ${back?.number ?? '?'}) runs again: the change to revision ${number} (release ${spec.version}) failed: ${outcome.message ?? ''}${down} ` +
      'It is tried again when the spec or the annotation jtel.de/retry changes.',
    stalled: true,
    afterSeconds: refusalSeconds,
  };
}

/** Seconds until the youngest start is as long ago as the monitor window, by the host's clock. */
function unstableFor({ containers, facts }: HostObservation, monitorSeconds: number, now: Date): number {
  const youngest = Math.max(0, ...containers.map(({ startedSeconds = 0 }) => startedSeconds));
  return Math.ceil(youngest + monitorSeconds - (now.getTime() / 1000 + facts.clockSkewSeconds));
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
}

/** Only what touches the host needs it claimed. */
function withHost(input: PlanInput, wave: readonly Action[], message: string): Verdict {
  return wave.length > 1
    ? act(input, 'CleanUp', wave, message)
    : { kind: 'Act', step: 'CleanUp', wave, message };
}
