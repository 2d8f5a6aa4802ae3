/**
 * The conditions of a stack, each from what was observed and planned; pure. "Unreachable is not broken": what depends on
 * a host that does not answer keeps its last word for a grace time and only then becomes Unknown.
 */

import { findUnhealthy } from '../../hosts/health.ts';
import type { JtelStack, Reason, StackConditionType } from '../../../crds/index.ts';
import type { Problem } from '../../inputs/outcome.ts';
import type { Activity, Choice, Observed, Plan, Step } from '../model.ts';
import { lossFacts } from '../plan/stages/loss.ts';
import { describeDrift } from './sentences/containers.ts';
import { describe } from './sentences/index.ts';
import { findDrift, findHostDrift } from '../plan/stages/running.ts';
import { hostRemarks } from './host-remarks.ts';

/** How long the last known state of an unreachable host stays believed. */
export const unreachableGraceSeconds = 300;

/** Present only while true, as kstatus expects; Ready is left out where nothing was ever to run. */
export const transientConditions: readonly StackConditionType[] = [
  'Ready',
  'Reconciling',
  'Stalled',
  'Paused',
];

export interface ConditionDraft {
  readonly type: StackConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
}

export interface ConditionInput extends Omit<Choice, 'stack'> {
  /** As it stands in the cluster, whatever it is held to. */
  readonly stack: JtelStack;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly activity?: Activity;
  readonly failure?: Problem;
  readonly deleting: boolean;
  readonly suspended: boolean;
  readonly observeOnly: boolean;
  readonly driftPolicy: 'Correct' | 'Warn' | 'Ignore';
  /** A first installation, which nothing can be taken back from, takes longer than the spec allows: by how many seconds it says. */
  readonly overdueSeconds?: number;
  /** The host has not answered for longer than the grace time. */
  readonly graceOver: boolean;
  /** Ready as it stands in the status; what is believed meanwhile. */
  readonly previousReady?: { readonly status: 'True' | 'False' | 'Unknown'; readonly current: boolean };
}

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

/** @returns the conditions to set. A missing one of `transientConditions` is to be removed, any other missing one keeps its last word. */
export function draftConditions(input: ConditionInput): readonly ConditionDraft[] {
  const { objection } = input;
  const drafts = draftAll(input);
  if (objection === undefined) return drafts;
  // Everything observed is about the spec that runs on; what is wrong with the one that stands there belongs where it is looked for.
  const about =
    objection.kind === 'Blocked' && objection.condition !== 'Ready' ? objection.condition : 'UpToDate';
  const { reason } = objection;
  const message = describe(objection.facts);
  return drafts.map((draft) =>
    draft.type === about || draft.type === 'UpToDate'
      ? { ...draft, status: 'False', reason, message }
      : draft,
  );
}

function draftAll(input: ConditionInput): readonly ConditionDraft[] {
  const stall = stalled(input);
  const isUnbegun = isLeftAlone(input) && serving(input.observed) === undefined;
  return [
    // Nobody is to wait for what nobody begins.
    ...(isUnbegun ? [] : [ready(input)]),
    // kstatus takes the first of these two, and what is tried in vain for too long has failed.
    ...(stall.length > 0 ? [] : reconciling(input)),
    ...stall,
    hostReachable(input),
    releaseAvailable(input),
    ...preflight(input),
    ...dataLoaded(input),
    ...upToDate(input),
    ...drifted(input),
    ...paused(input),
  ];
}

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

function ready(input: ConditionInput): ConditionDraft {
  const { desired, observed, plan, failure, previousReady } = input;
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
  if (plan.step === 'LoadBeside' && serving(observed))
    return draft('True', 'Healthy', `All services run and are healthy; ${headline(input)}.`);
  // A release store that is away, or a host that does not answer for a moment, stops no telephony.
  const believed = previousReady?.status === 'True' && previousReady.current;
  if (plan.kind === 'Blocked' && believed) {
    if (plan.step === 'Host' && !input.graceOver)
      return draft('True', 'Healthy', `Last known state; ${describe(plan.facts)}`);
    if (plan.step === 'Inputs' && serving(observed))
      return draft('True', 'Healthy', `The stack runs; ${describe(plan.facts)}`);
  }
  if (plan.kind === 'Blocked' && plan.step === 'Host' && input.graceOver && previousReady !== undefined)
    return draft('Unknown', plan.reason, describe(plan.facts));
  if (isLeftAlone(input) && serving(observed))
    return draft('True', 'Healthy', `All services run and are healthy; ${headline(input)}.`);
  if (plan.kind === 'Blocked' || plan.kind === 'Wait')
    return draft('False', plan.reason, describe(plan.facts));
  if (failure !== undefined) return draft('False', failure.reason, failure.message);
  return draft('False', progressReasons[plan.step], headline(input));
}

/** There is something to do, and the spec says not to: so it stays until somebody decides otherwise. */
function isLeftAlone({ plan, activity, deleting, suspended, observeOnly }: ConditionInput): boolean {
  if ((!suspended && !observeOnly) || activity !== undefined || deleting) return false;
  return plan.kind === 'Act' ? plan.step !== 'CleanUp' : plan.kind === 'Wait' && plan.step === 'Health';
}

/** All services of what was last applied run and are healthy. Undefined: nothing was applied, as far as is known. */
function serving(observed: Observed): boolean | undefined {
  if (!observed.host.ok) return undefined;
  const applied = observed.host.value.state?.applied;
  if (applied === undefined) return undefined;
  return (
    findUnhealthy(
      observed.host.value,
      applied.services.map((service) => service.service),
    ).length === 0
  );
}

function reconciling(input: ConditionInput): readonly ConditionDraft[] {
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

function stalled(input: ConditionInput): readonly ConditionDraft[] {
  const { observed, plan, activity, overdueSeconds } = input;
  const draft = (reason: Reason, message: string): readonly ConditionDraft[] => [
    { type: 'Stalled', status: 'True', reason, message },
  ];
  if (isLeftAlone(input))
    return serving(observed) === false
      ? draft(input.suspended ? 'Suspended' : 'Observing', headline(input))
      : [];
  if (overdueSeconds !== undefined && plan.kind !== 'Done' && plan.step !== 'CleanUp')
    return draft(
      'ProgressDeadlineExceeded',
      `The installation takes longer than ${overdueSeconds} s (spec.update.progressDeadlineSeconds); it is tried on. Now: ${headline(input)}`,
    );
  if (activity !== undefined || plan.kind !== 'Blocked' || !plan.stalled) return [];
  return draft(plan.reason, describe(plan.facts));
}

function hostReachable({ observed, plan }: ConditionInput): ConditionDraft {
  const draft = (status: ConditionDraft['status'], reason: Reason, message: string): ConditionDraft => ({
    type: 'HostReachable',
    status,
    reason,
    message,
  });
  if (plan.kind === 'Blocked' && plan.condition === 'HostReachable')
    return draft('False', plan.reason, describe(plan.facts));
  if (observed.host.ok)
    return draft('True', 'HostReachable', `Machine ${observed.host.value.facts.machineID} answers.`);
  return draft(
    observed.host.reason === 'NotChecked' ? 'Unknown' : 'False',
    observed.host.reason,
    observed.host.message,
  );
}

function releaseAvailable({ release }: ConditionInput): ConditionDraft {
  if (release.ok) {
    return {
      type: 'ReleaseAvailable',
      status: 'True',
      reason: 'ReleaseAvailable',
      message: `Release ${release.value.version} is in the store.`,
    };
  }
  const { reason, message } = release;
  return { type: 'ReleaseAvailable', status: reason === 'NotChecked' ? 'Unknown' : 'False', reason, message };
}

function preflight({
  stack,
  findings,
  release,
  observed,
  graceOver,
}: ConditionInput): readonly ConditionDraft[] {
  if (!observed.host.ok || !release.ok) return graceOver ? [unknown('Preflight', observed)] : [];
  const first = findings[0];
  const remarks = hostRemarks(stack, observed.host.value.facts);
  if (first === undefined)
    return [
      {
        type: 'Preflight',
        status: 'True',
        reason: 'PreflightPassed',
        message: ['The host has what the release needs.', ...remarks].join(' '),
      },
    ];
  const message = [...findings.map(({ facts }) => describe(facts)), ...remarks].join(' ');
  return [{ type: 'Preflight', status: 'False', reason: first.reason, message }];
}

function dataLoaded({ stack, observed, plan, graceOver }: ConditionInput): readonly ConditionDraft[] {
  if (!observed.host.ok) return graceOver ? [unknown('DataLoaded', observed)] : [];
  const { loss } = observed;
  if (loss !== undefined)
    return [
      {
        type: 'DataLoaded',
        status: 'False',
        reason: 'DataMissing',
        message: describe(lossFacts(stack, loss)),
      },
    ];
  const data = observed.host.value.state?.data;
  if (data !== undefined && observed.host.value.facts.dockerVersion === undefined) {
    return [
      {
        type: 'DataLoaded',
        status: 'Unknown',
        reason: 'DockerUnavailable',
        message: `Loaded from ${data.source} at ${data.time}; Docker does not answer, so the data are not seen.`,
      },
    ];
  }
  if (data !== undefined && data.state === undefined) {
    return [
      {
        type: 'DataLoaded',
        status: 'True',
        reason: 'DataLoaded',
        message: `Loaded from ${data.source} at ${data.time}.`,
      },
    ];
  }
  if (plan.kind === 'Blocked' && plan.condition === 'DataLoaded') {
    return [{ type: 'DataLoaded', status: 'False', reason: plan.reason, message: describe(plan.facts) }];
  }
  if (plan.step === 'Restore')
    return [{ type: 'DataLoaded', status: 'False', reason: 'Restoring', message: describe(plan.facts) }];
  const message = plan.step === 'Data' ? describe(plan.facts) : 'No data was loaded yet.';
  return [
    {
      type: 'DataLoaded',
      status: 'False',
      reason: plan.step === 'Data' ? 'LoadingData' : 'Pending',
      message,
    },
  ];
}

function upToDate({ desired, observed, plan, graceOver }: ConditionInput): readonly ConditionDraft[] {
  if (!observed.host.ok) return graceOver ? [unknown('UpToDate', observed)] : [];
  if (plan.kind === 'Blocked' && plan.condition === 'UpToDate') {
    return [{ type: 'UpToDate', status: 'False', reason: plan.reason, message: describe(plan.facts) }];
  }
  if (desired === undefined) return [];
  const applied = observed.host.value.state?.applied;
  const wanted = desired.release;
  return applied?.digest === wanted.digest
    ? [
        {
          type: 'UpToDate',
          status: 'True',
          reason: 'Applied',
          message: `Release ${wanted.version} was applied at ${applied.time}.`,
        },
      ]
    : [
        {
          type: 'UpToDate',
          status: 'False',
          reason: 'Applying',
          message: `Release ${wanted.version} with this configuration is not applied yet.`,
        },
      ];
}

function drifted({ observed, driftPolicy, graceOver }: ConditionInput): readonly ConditionDraft[] {
  if (!observed.host.ok) return graceOver ? [unknown('Drifted', observed)] : [];
  if (observed.host.value.state?.applied === undefined) return [];
  if (driftPolicy === 'Ignore')
    return [{ type: 'Drifted', status: 'False', reason: 'DriftIgnored', message: 'spec.drift is Ignore.' }];
  const drift = [...findDrift(observed.host.value), ...findHostDrift(observed.host.value)];
  return drift.length === 0
    ? [
        {
          type: 'Drifted',
          status: 'False',
          reason: 'NoDrift',
          message: 'Containers, files and firewall are as they were applied.',
        },
      ]
    : [
        {
          type: 'Drifted',
          status: 'True',
          reason: 'Drifted',
          message: `${drift.map((one) => describeDrift(one)).join('; ')}.`,
        },
      ];
}

function paused({ suspended, observeOnly, plan }: ConditionInput): readonly ConditionDraft[] {
  if (!suspended && !observeOnly) return [];
  const would = plan.kind === 'Act' ? ` Would be ${describe(plan.facts)}.` : '';
  return [
    suspended
      ? {
          type: 'Paused',
          status: 'True',
          reason: 'Suspended',
          message: `spec.suspend is set: nothing is changed.${would}`,
        }
      : {
          type: 'Paused',
          status: 'True',
          reason: 'Observing',
          message: `spec.managementMode is Observe: nothing is changed.${would}`,
        },
  ];
}

function unknown(type: StackConditionType, observed: Observed): ConditionDraft {
  const reason = observed.host.ok ? 'NotChecked' : observed.host.reason;
  const message = observed.host.ok ? 'Not checked.' : `Not known: ${observed.host.message}`;
  return { type, status: 'Unknown', reason, message };
}
