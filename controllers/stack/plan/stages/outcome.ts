/**
 * When a change is through: everything is healthy and, after an update or a way back, stayed up for a while. Then it is noted
 * on the revision, which from then on is one to go back to.
 */

import type { HostObservation } from '../../../../host-driver/host.ts';
import { takenBackTo } from '../../desired/effective.ts';
import type { Action } from '../../actions.ts';
import type { Facts } from '../../findings.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import type { RevisionOutcome } from '../../desired/revisions.ts';
import { act } from './act.ts';
import { optional } from '../../../../base/optional.ts';
import { secondsBetween } from '../../../../base/time.ts';

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
      : act(input, 'CleanUp', [{ type: 'EndUpdate', cause: 'UpdateEnded' }], { is: 'UpdateThrough' });
  }
  const isUpdate = update !== undefined || attempt?.action === 'Update';
  if (outcome === undefined && isUpdate && attempt !== undefined && attempt.healthyTime === undefined) {
    return {
      kind: 'Act',
      step: 'Health',
      wave: [
        {
          type: 'NoteAttempt',
          attempt: { ...attempt, healthyTime: now.toISOString() },
          cause: 'AllHealthy',
        },
      ],
      facts: { is: 'AllHealthy' },
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
      facts: { is: 'WatchingHealth', leftSeconds },
      afterSeconds: leftSeconds,
    };
  }
  const ended: readonly Action[] = update === undefined ? [] : [{ type: 'EndUpdate', cause: 'UpdateEnded' }];
  const time = now.toISOString();
  if (outcome !== undefined) {
    const { stopTime, message, ...about } = outcome;
    const back: Omit<RevisionOutcome, 'message'> = {
      ...about,
      ...optional({ stopTime }),
      result: 'RolledBack',
      backTime: time,
      ...(stopTime === undefined ? {} : { downtimeSeconds: secondsBetween(stopTime, time) }),
    };
    return withHost(
      input,
      [
        {
          type: 'NoteOutcome',
          outcome: back,
          ...(message === undefined ? {} : { words: { is: 'Told', message } as const }),
          cause: 'AllHealthy',
        },
        ...ended,
      ],
      { is: 'PreviousHealthy' },
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
        cause: 'AllHealthy',
      },
      ...ended,
    ],
    { is: 'ChangeThrough' },
  );
}

/** What still stands between the spec and the stack, when everything that runs is well. */
export function refusalStage({ stack, objection, observed }: PlanInput): Verdict | undefined {
  const { revisions } = observed;
  if (objection !== undefined) return objection;
  if (revisions === undefined || revisions.current.outcome?.result !== 'RolledBack') return undefined;
  const { number, spec, outcome } = revisions.current;
  const back = takenBackTo(revisions);
  return {
    kind: 'Blocked',
    step: 'Held',
    condition: 'UpToDate',
    reason: 'RolledBack',
    facts: {
      is: 'RolledBack',
      version: stack.spec.version,
      ...optional({ revision: back?.number, downtimeSeconds: outcome.downtimeSeconds }),
      failed: { revision: number, version: spec.version, ...optional({ message: outcome.message }) },
    },
    stalled: true,
    afterSeconds: refusalSeconds,
  };
}

/** Seconds until the youngest start is as long ago as the monitor window, by the host's clock. */
function unstableFor({ containers, facts }: HostObservation, monitorSeconds: number, now: Date): number {
  const youngest = Math.max(0, ...containers.map(({ startedSeconds = 0 }) => startedSeconds));
  return Math.ceil(youngest + monitorSeconds - (now.getTime() / 1000 + facts.clockSkewSeconds));
}

/** Only what touches the host needs it claimed. */
function withHost(input: PlanInput, wave: readonly Action[], facts: Facts): Verdict {
  return wave.length > 1 ? act(input, 'CleanUp', wave, facts) : { kind: 'Act', step: 'CleanUp', wave, facts };
}
