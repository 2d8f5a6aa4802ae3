/** Whether a container's policy, as Azure's management plane reports it, is enough for backups; pure. */
import { defaultEpochDays } from '../../backup-format/names.ts';
import type { Retention, ToldRetention } from '../../blob-store/retention.ts';
import type { JtelBackupStore, Reason } from '../../crds/index.ts';

/** What is asked of a store. */
export type ImmutabilityPolicy = JtelBackupStore['spec']['immutability'];

/** How long a store must refuse to delete. A backup may use data that another one stored up to an epoch before it. */
export function requiredDays({ retentionDays }: ImmutabilityPolicy): number {
  return retentionDays + defaultEpochDays;
}

/** The last report about the container under the current spec. */
export function lastTold({ metadata, status }: JtelBackupStore): ToldRetention | undefined {
  if (status?.retention === undefined || status.observedGeneration !== metadata.generation) return undefined;
  const { state, days } = status.retention;
  return state === 'None' || days === undefined
    ? { kind: 'None' }
    : { kind: 'TimeBased', days, isLocked: state === 'Locked' };
}

/** Undefined when the policy is locked and long enough, or unknown. The message ends with a full stop. */
export function retentionProblem(
  wanted: ImmutabilityPolicy,
  retention: Retention | undefined,
): { readonly reason: Reason; readonly message: string } | undefined {
  const needed = requiredDays(wanted);
  switch (retention?.kind) {
    case 'None':
      return {
        reason: 'PolicyMissing',
        message:
          'The container has no time-based immutability policy, at most a legal hold that can be lifted at any time.',
      };
    case 'TimeBased':
      if (!retention.isLocked)
        return {
          reason: 'PolicyUnlocked',
          message: `The container's immutability policy (${retention.days} days) is not locked: whoever may manage the storage account can remove it.`,
        };
      if (retention.days < needed) {
        return {
          reason: 'RetentionTooShort',
          message: `The container's immutability policy is locked, but its ${retention.days} days are fewer than the ${needed} that are needed (retentionDays plus the ${defaultEpochDays} days that backups share data).`,
        };
      }
      return undefined;
    case 'NotRead': {
      // Without an answer the last one counts: a policy that was too weak is still too weak.
      const last = retentionProblem(wanted, retention.last);
      return last === undefined
        ? undefined
        : {
            reason: last.reason,
            message: `${last.message} That was Azure's last answer; there is none now (${retention.detail}).`,
          };
    }
    case undefined:
      return undefined;
  }
}
