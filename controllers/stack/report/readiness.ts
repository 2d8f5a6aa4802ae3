/**
 * Whether a stack is ready, worked on or stuck: the three conditions that kstatus and everybody else judge it by; pure.
 * "Unreachable is not broken": see `conditions.ts`.
 */

import type { Reason } from '../../../crds/index.ts';
import { findUnhealthy } from '../../hosts/health.ts';
import type { Problem } from '../../inputs/outcome.ts';
import type { Plan, Step } from '../model.ts';
import { tasksOf } from './available.ts';
import type { ConditionDraft, ConditionInput } from './condition-input.ts';
import { describe } from './sentences/index.ts';

const progressReasons: Readonly<Record<Step, Reason>> = {
  Inputs: 'Pending',
  Credentials: 'Pending',
  Host: 'Pending',
  Preflight: 'Pending',
  SetUp: 'SettingUpHost',
  Data: 'LoadingData',
  Restore: 'Restoring',
  LoadBeside: 'Restoring',
  Relocate: 'Relocating',
  Window: 'WaitingForWindow',
  Backup: 'WaitingForBackup',
  Apply: 'Applying',
  Fail: 'HealthGateFailed',
  Held: 'Held',
  WayBack: 'RollingBack',
  Repair: 'Drifted',
  Health: 'WaitingForHealth',
  CleanUp: 'Applied',
  Stop: 'Stopping',
  Delete: 'Deleting',
  Done: 'Applied',
};

/** One line for people: what is being done or waited for, or why it does not go on. */
export function headline(
  input: Pick<ConditionInput, 'plan' | 'activity' | 'failure' | 'suspended' | 'observeOnly'>,
): string {
  const { plan, activity, failure } = input;
  if (activity !== undefined) return activity.message;
  if (failure !== undefined) return failure.message;
  if (plan.kind === 'Done') return '';
  if (plan.kind === 'Act' && input.suspended) return `suspended; would be ${describe(plan.facts)}`;
  if (plan.kind === 'Act' && input.observeOnly) return `observing only; would be ${describe(plan.facts)}`;
  return describe(plan.facts);
}

export function ready(input: ConditionInput): ConditionDraft {
  const { desired, plan, failure, previousReady } = input;
  const draft = (status: ConditionDraft['status'], reason: Reason, message: string): ConditionDraft => ({
    type: 'Ready',
    status,
    reason,
    message,
  });
  if (input.deleting) return draft('False', 'Deleting', headline(input));
  if (plan.kind === 'Done' && plan.step === 'Stop')
    return draft('True', 'Stopped', 'The stack is stopped, as spec.powerState asks.');
  if (plan.kind === 'Done' || (plan.kind === 'Act' && plan.step === 'CleanUp')) {
    const count = desired?.release.services.length ?? 0;
    return draft('True', 'Healthy', `All ${count} services run and are healthy.`);
  }
  // It waits for its hour, and meanwhile everything is as it should be.
  if (plan.kind === 'Wait' && plan.step === 'Window')
    return draft('True', 'Healthy', `All services run and are healthy; ${describe(plan.facts)}.`);
  // Data are loaded beside those in use; nothing of what serves is touched until they are switched.
  if (plan.step === 'LoadBeside' && serving(input))
    return draft('True', 'Healthy', `All services run and are healthy; ${headline(input)}.`);
  // A release store that is away, or a host that does not answer for a moment, stops no telephony.
  const believed =
    previousReady?.status === 'True' && previousReady.current && previousReady.reason !== 'Stopped';
  if (plan.kind === 'Blocked' && believed) {
    if (plan.step === 'Host' && !input.graceOver)
      return draft('True', 'Healthy', `Last known state; ${describe(plan.facts)}`);
    if (plan.step === 'Inputs' && serving(input))
      return draft('True', 'Healthy', `The stack runs; ${describe(plan.facts)}`);
  }
  if (plan.kind === 'Blocked' && plan.step === 'Host' && input.graceOver && previousReady !== undefined)
    return draft('Unknown', plan.reason, describe(plan.facts));
  if (isLeftAlone(input) && serving(input))
    return draft('True', 'Healthy', `All services run and are healthy; ${headline(input)}.`);
  if (plan.kind === 'Blocked' || plan.kind === 'Wait')
    return draft('False', plan.reason, describe(plan.facts));
  if (failure !== undefined) return draft('False', failure.reason, failure.message);
  return draft('False', progressReasons[plan.step], headline(input));
}

/** There is something to do, and the spec says not to: so it stays until somebody decides otherwise. */
export function isLeftAlone({ plan, activity, deleting, suspended, observeOnly }: ConditionInput): boolean {
  if ((!suspended && !observeOnly) || activity !== undefined || deleting) return false;
  return plan.kind === 'Act' ? plan.step !== 'CleanUp' : plan.kind === 'Wait' && plan.step === 'Health';
}

/** All services of what was last applied run and are healthy. Undefined: nothing was applied, as far as is known. */
export function serving(input: Pick<ConditionInput, 'stack' | 'observed' | 'desired'>): boolean | undefined {
  const { observed } = input;
  if (!observed.host.ok) return undefined;
  const applied = observed.host.value.state?.applied;
  if (applied === undefined) return undefined;
  return (
    findUnhealthy(
      observed.host.value,
      applied.services.map((service) => service.service),
      tasksOf(input),
    ).length === 0
  );
}

export function reconciling(input: ConditionInput): readonly ConditionDraft[] {
  const { plan } = input;
  const working =
    input.activity !== undefined ||
    (plan.kind === 'Wait' && plan.step !== 'Window' && !isLeftAlone(input)) ||
    (plan.kind === 'Act' && !input.suspended && !input.observeOnly);
  return working
    ? [
        {
          type: 'Reconciling',
          status: 'True',
          reason: plan.kind === 'Wait' ? plan.reason : progressReasons[plan.step],
          message: headline(input),
        },
      ]
    : [];
}

/** The wave that failed is planned no more: its failure is history. A Secret was put back, or a host came right by itself. */
export function isPast({ reason }: Problem, { kind, step }: Plan): boolean {
  return kind === 'Done' || (reason === 'CredentialsLost' && (kind !== 'Act' || step !== 'Credentials'));
}

/** It is tried on, but only a person can help. */
export function needsPerson(failure: Problem | undefined): failure is Problem {
  return failure?.reason === 'CredentialsLost';
}

export function stalled(input: ConditionInput): readonly ConditionDraft[] {
  const { plan, activity, failure, overdueSeconds } = input;
  const draft = (reason: Reason, message: string): readonly ConditionDraft[] => [
    { type: 'Stalled', status: 'True', reason, message },
  ];
  if (isLeftAlone(input))
    return serving(input) === false
      ? draft(input.suspended ? 'Suspended' : 'Observing', headline(input))
      : [];
  if (overdueSeconds !== undefined && plan.kind !== 'Done' && plan.step !== 'CleanUp')
    return draft(
      'ProgressDeadlineExceeded',
      `The installation takes longer than ${overdueSeconds} s (spec.update.progressDeadlineSeconds); it is tried on. Now: ${headline(input)}`,
    );
  if (activity === undefined && needsPerson(failure)) return draft(failure.reason, failure.message);
  if (activity !== undefined || plan.kind !== 'Blocked' || !plan.stalled) return [];
  return draft(plan.reason, describe(plan.facts));
}
