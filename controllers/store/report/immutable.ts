/**
 * The condition Immutable of a store; pure. A policy is a promise, and only an attempt proves it. But an attempt does not show
 * for how long the store refuses, or whether somebody may lift the policy tomorrow. Only the management plane knows that.
 */

import { defaultEpochDays } from '../../../backup-format/names.ts';
import { allowsChanges, refusesChanges, type ContainerPolicy } from '../../../blob-store/blob-store.ts';
import type { Retention } from '../../../blob-store/retention.ts';
import type { Condition, JtelBackupStore, Reason } from '../../../crds/index.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import { requiredDays, retentionProblem } from '../../stores/retention.ts';
import type { Probed } from '../act/execute.ts';
import type { Observed } from '../observe/observed.ts';

export interface ImmutableDraft {
  readonly type: 'Immutable';
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

export function immutable(store: JtelBackupStore, observed: Observed, probed: Probed): ImmutableDraft {
  const { spec } = store;
  const draft = (status: Condition['status'], reason: Reason, message: string): ImmutableDraft => ({
    type: 'Immutable',
    status,
    reason,
    message,
  });
  if (spec.immutability.policy === 'None')
    return draft('Unknown', 'NotChecked', 'Not checked, because spec.immutability.policy is None.');
  const { policy, retention: managed } = observed.kind === 'Listed' ? observed : {};
  const proof = probed.kind === 'Written' ? probed.proof : undefined;
  // The blob's own policy counts before the container's, which the management plane reports.
  const retention = proof?.retention ?? managed;
  if (proof !== undefined && allowsChanges(proof)) {
    const versions =
      policy?.versioning === true
        ? ' The container keeps versions, but no policy protects them: whoever may write may delete them, too.'
        : '';
    return draft(
      'False',
      'NotImmutable',
      `For the probe at lastProofTime ${proof.detail}.${versions} ${advice(store)}`,
    );
  }
  const problem = retentionProblem(spec.immutability, retention);
  if (problem !== undefined) return draft('False', problem.reason, `${problem.message} ${advice(store)}`);
  if (proof !== undefined && refusesChanges(proof))
    return draft(
      'True',
      'ImmutabilityVerified',
      `For the probe at lastProofTime ${proof.detail}. ${period(store, retention)}`,
    );
  if (policy?.hasImmutabilityPolicy === false && policy.versioning === false)
    return draft('False', 'PolicyMissing', `The container has no immutability policy. ${advice(store)}`);
  if (proof !== undefined)
    return draft(
      'Unknown',
      'NotChecked',
      `${capital(proof.detail)}. ${promise(policy)} ${period(store, retention)}`,
    );
  if (spec.accessMode === 'ReadOnly')
    return draft('Unknown', 'NotChecked', `The store is read-only, so nothing was tried. ${promise(policy)}`);
  // Between two proofs, and while the store is away, the last one counts if it is of this spec.
  const last = findCondition(store.status?.conditions, 'Immutable');
  if (last !== undefined && store.status?.observedGeneration === store.metadata.generation)
    return draft(last.status, last.reason as Reason, last.message);
  return draft('Unknown', 'NotChecked', 'Nothing was tried yet.');
}

function promise(policy: ContainerPolicy | undefined): string {
  if (policy === undefined)
    return 'Whether the container has a policy could not be read with these credentials.';
  return policy.hasImmutabilityPolicy
    ? 'The container has an immutability policy.'
    : 'The container has no immutability policy of its own, only versions.';
}

/** Only the management plane knows the days, and whether the policy is locked. */
function period({ spec }: JtelBackupStore, retention: Retention | undefined): string {
  if (retention?.kind === 'TimeBased') return `Its policy is locked and lasts ${retention.days} days.`;
  const why =
    retention?.kind === 'NotRead'
      ? `the management plane did not say (${retention.detail})`
      : 'the operator cannot see either, unless spec.azure.management says whom to ask';
  return `Make sure in the storage account that the policy is locked and its period at least ${requiredDays(spec.immutability)} days (retentionDays plus the ${defaultEpochDays} days that backups share data): ${why}.`;
}

function advice({ spec }: JtelBackupStore): string {
  const what =
    spec.immutability.policy === 'Required'
      ? 'No backup counts as Completed until that is so'
      : 'Somebody with the right to write could change or delete backups';
  return `${what}: give the container a locked time-based policy of at least ${requiredDays(spec.immutability)} days (docs/backups.md).`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
