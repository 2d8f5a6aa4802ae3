/**
 * The conditions of a stack, each from what was observed and planned; pure. "Unreachable is not broken": what depends on
 * a host that does not answer keeps its last word for a grace time and only then becomes Unknown.
 */

import type { Reason, StackConditionType } from '../../../crds/index.ts';
import type { Observed } from '../model.ts';
import type { ConditionDraft, ConditionInput } from './condition-input.ts';
import { available, tasksOf } from './available.ts';
import { isLeftAlone, ready, reconciling, serving, stalled } from './readiness.ts';
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
  const isUnbegun = isLeftAlone(input) && input.observed.host.ok && serving(input) === undefined;
  return [
    // Nobody is to wait for what nobody begins.
    ...(isUnbegun ? [] : [ready(input)]),
    // kstatus takes the first of these two, and what is tried in vain for too long has failed.
    ...(stall.length > 0 ? [] : reconciling(input)),
    ...stall,
    available(input),
    hostReachable(input),
    releaseAvailable(input),
    ...preflight(input),
    ...dataLoaded(input),
    ...upToDate(input),
    ...drifted(input),
    ...paused(input),
  ];
}

function hostReachable({ observed, plan }: ConditionInput): ConditionDraft {
  const draft = (status: ConditionDraft['status'], reason: Reason, message: string): ConditionDraft => ({
    type: 'HostReachable',
    status,
    reason,
    message,
  });
  const verdict = (reason: Reason) => (reason === 'NotChecked' ? 'Unknown' : 'False');
  if (plan.kind === 'Blocked' && plan.condition === 'HostReachable')
    return draft(verdict(plan.reason), plan.reason, describe(plan.facts));
  if (observed.host.ok)
    return draft('True', 'HostReachable', `Machine ${observed.host.value.facts.machineID} answers.`);
  return draft(verdict(observed.host.reason), observed.host.reason, observed.host.message);
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

function dataLoaded({
  stack,
  observed,
  plan,
  graceOver,
  deleting,
}: ConditionInput): readonly ConditionDraft[] {
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
  // Nobody is to load any: the last word stands.
  if (data === undefined && deleting) return [];
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
      reason: plan.step === 'Data' ? loadingReason(plan) : 'Pending',
      message,
    },
  ];
}

/** An import that was pulled waits for people, and for how long is up to them. */
function loadingReason(plan: ConditionInput['plan']): Reason {
  return plan.kind === 'Wait' && plan.reason === 'ImportWaits' ? plan.reason : 'LoadingData';
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

function drifted(input: ConditionInput): readonly ConditionDraft[] {
  const { observed, driftPolicy, graceOver } = input;
  if (!observed.host.ok) return graceOver ? [unknown('Drifted', observed)] : [];
  if (observed.host.value.state?.applied === undefined) return [];
  if (driftPolicy === 'Ignore')
    return [{ type: 'Drifted', status: 'False', reason: 'DriftIgnored', message: 'spec.drift is Ignore.' }];
  const drift = [...findDrift(observed.host.value, tasksOf(input)), ...findHostDrift(observed.host.value)];
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
