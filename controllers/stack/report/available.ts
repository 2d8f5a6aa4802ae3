/**
 * Whether what customers use answers now, whatever the spec wants: the condition Available, from what a look saw
 * on the host; pure. A stack whose newest spec cannot be begun still serves, and one that is brought to it may not.
 */

import type { Reason } from '../../../crds/index.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { HostObservation } from '../../../host-driver/host.ts';
import { findUnhealthy, isWell, type Unwell } from '../../hosts/health.ts';
import type { Outcome } from '../../inputs/outcome.ts';
import type { Step } from '../model.ts';
import { strangeMachine } from '../plan/stages/host.ts';
import { isHandedOver } from '../plan/stages/relocation.ts';
import type { ConditionDraft, ConditionInput } from './condition-input.ts';
import { describeAll } from './sentences/containers.ts';
import { describe } from './sentences/index.ts';

export type AvailableInput = Pick<
  ConditionInput,
  'stack' | 'clusterID' | 'observed' | 'desired' | 'plan' | 'deleting' | 'suspended' | 'observeOnly'
>;

/** Work of ours that may keep a stack from serving while it lasts. */
const reasonOfWork: Readonly<Partial<Record<Step, Reason>>> = {
  SetUp: 'SettingUpHost',
  Data: 'LoadingData',
  Restore: 'Restoring',
  Relocate: 'Relocating',
  Apply: 'Applying',
  WayBack: 'RollingBack',
};

export function available(input: AvailableInput): ConditionDraft {
  const { stack, clusterID } = input;
  const draft = (status: ConditionDraft['status'], reason: Reason, message: string): ConditionDraft => ({
    type: 'Available',
    status,
    reason,
    message,
  });
  const host = servingHost(input);
  if (!host.ok) return draft('Unknown', host.reason, `Not known: ${host.message}`);
  const strange = host === input.observed.host && strangeMachine(stack, host.value, clusterID);
  if (strange) return draft('Unknown', strange.reason, `Not known: ${describe(strange.facts)}`);
  const unwell = unwellOf(input, host.value);
  if (unwell !== undefined && host.value.facts.dockerVersion === undefined)
    return draft('Unknown', 'DockerUnavailable', 'Not known: Docker on the host does not answer.');
  const missed = unwell?.filter(essentialIn(input, host.value));
  if (unwell !== undefined && missed?.length === 0)
    return draft(
      'True',
      'Serving',
      unwell.length === 0
        ? 'All containers that run the stack are up and healthy.'
        : `What customers use is up and healthy. Not as they should be, and not essential: ${describeAll(unwell)}.`,
    );
  if (stack.spec.powerState === 'Stopped')
    return draft('False', 'Stopped', 'The stack is stopped, as spec.powerState asks.');
  // It did serve, and its containers are made anew.
  const served = stack.status?.availability !== undefined;
  if (unwell === undefined && !served)
    return draft('False', 'NotInstalled', 'Nothing of the release was started on the host yet.');
  return draft(
    'False',
    input.deleting ? 'Deleting' : reasonOf(input),
    missed === undefined
      ? 'None of its containers is on the host.'
      : `Not as they should be: ${describeAll(missed)}.`,
  );
}

/** Amid a move customers use the host that it is moved away from, until the new one has taken over. */
function servingHost({ stack, observed }: AvailableInput): Outcome<HostObservation> {
  const { host, relocation } = observed;
  if (relocation === undefined || isHandedOver(stack, relocation)) return host;
  // One that was given up is not waited for.
  return relocation.source === 'RecoverFromBackup' && !relocation.old.ok ? host : relocation.old;
}

/** @returns undefined if nothing was applied there, and no container is there, either */
function unwellOf(input: AvailableInput, host: HostObservation): readonly Unwell[] | undefined {
  const { desired } = input;
  // What was applied last, not what is wanted next. While it is being applied, nothing is recorded.
  const services = host.state?.applied?.services.map(({ service }) => service) ?? desired?.release.services;
  if (services === undefined || (host.state?.applied === undefined && host.containers.length === 0))
    return undefined;
  return findUnhealthy(host, services, tasksOf(input));
}

/**
 * Which services customers miss: those that the release marks, as far as they were applied; without such marks, all.
 * While no release says so: those that were well when the stack last served.
 */
function essentialIn(
  { stack: { status }, desired }: AvailableInput,
  host: HostObservation,
): (unwell: Unwell) => boolean {
  if (desired === undefined) {
    if (findCondition(status?.conditions, 'Available')?.status !== 'True') return () => true;
    const well = new Set((status?.components ?? []).filter(isWell).map(({ name }) => name));
    return ({ service }) => well.has(service);
  }
  const applied = host.state?.applied?.services.map(({ service }) => service) ?? desired.release.services;
  const marked = (desired.release.essential ?? []).filter((service) => applied.includes(service));
  return ({ service }) => marked.length === 0 || marked.includes(service);
}

/** Services that run only once. While no release says so: those that had ended when the stack last served. */
export function tasksOf({ stack, desired }: Pick<AvailableInput, 'stack' | 'desired'>): readonly string[] {
  if (desired !== undefined) return desired.release.tasks ?? [];
  const { status } = stack;
  if (findCondition(status?.conditions, 'Available')?.status !== 'True') return [];
  return (status?.components ?? []).filter(({ state }) => state === 'exited').map(({ name }) => name);
}

function reasonOf(input: AvailableInput): Reason {
  const { observed, plan, suspended, observeOnly } = input;
  const isWorking = plan.kind === 'Wait' || (plan.kind === 'Act' && !suspended && !observeOnly);
  if (!isWorking) return 'ComponentsUnhealthy';
  if (observed.relocation !== undefined) return 'Relocating';
  if (plan.step !== 'Health') return reasonOfWork[plan.step] ?? 'ComponentsUnhealthy';
  if (plan.kind === 'Wait' && plan.reason === 'UpdatingDatabase') return plan.reason;
  return isComingUp(input) ? 'WaitingForHealth' : 'ComponentsUnhealthy';
}

/** It was started for a change, or anew, and has not served since; otherwise something broke. */
function isComingUp({ stack, observed }: AvailableInput): boolean {
  const { attempt, outcome } = observed.revisions?.current ?? {};
  if (attempt !== undefined && outcome === undefined) return true;
  const before = findCondition(stack.status?.conditions, 'Available');
  return before?.status === 'False' && before.reason !== 'ComponentsUnhealthy';
}
