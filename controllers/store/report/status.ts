/** The status of a store; pure. */
import {
  conditionMessageMaxLength,
  statusMessageMaxLength,
  type Condition,
  type JtelBackupStore,
  type JtelBackupStoreStatus,
  type Reason,
  type StoreConditionType,
} from '../../../crds/index.ts';
import { formatTime, summariseConditions } from '../../../runtime/report/conditions.ts';
import { standingConditions, transientStanding, type Standing } from '../../../runtime/report/standing.ts';
import type { Signer } from '../../../backup-format/signature.ts';
import type { Outcome, Problem } from '../../inputs/outcome.ts';
import { withKeys } from '../../stores/signing-keys.ts';
import { immutable } from './immutable.ts';
import type { Probed } from '../act/execute.ts';
import type { Observed } from '../observe/observed.ts';
import { optional } from '../../../base/optional.ts';

interface Draft {
  readonly type: StoreConditionType;
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

/** Public keys of this operator's: what it checks releases with, and what it signs backups with. */
export interface OwnKeys {
  readonly releaseKey?: string | undefined;
  readonly signer?: Outcome<Signer> | undefined;
}

export function summarise(
  store: JtelBackupStore,
  observed: Observed,
  probed: Probed,
  now: Date,
  { releaseKey, signer }: OwnKeys = {},
): JtelBackupStoreStatus {
  const previous = store.status ?? {};
  const problem = problemIn(observed, probed);
  const isAvailable = available(store, observed, problem, signer);
  const drafts: readonly Draft[] = [
    isAvailable,
    immutable(store, observed, probed),
    ...standingConditions(standingOf(isAvailable), isAvailable.reason, isAvailable.message),
  ];
  const lastProbeTime = probeTime(store, probed, now);
  const lastProofTime =
    probed.kind === 'Written' && probed.proof !== undefined ? formatTime(now) : previous.lastProofTime;
  return {
    observedGeneration: store.metadata.generation,
    message: (problem?.message ?? remarks(store, observed, signer)[0] ?? '').slice(0, statusMessageMaxLength),
    lastValidationTime: formatTime(now),
    ...optional({ lastProbeTime, lastProofTime }),
    ...contents(previous, observed),
    ...retention(store, observed),
    ...(store.spec.tier === 'Vendor' ? optional({ releaseKey }) : {}),
    ...signingKeys(previous, signer),
    conditions: summariseConditions<Condition>(previous.conditions, drafts, {
      generation: store.metadata.generation,
      transient: transientStanding,
      longestMessage: conditionMessageMaxLength,
      now,
    }),
  };
}

/** A store that is busy is waited for. */
function standingOf({ status }: Draft): Standing {
  if (status === 'True') return 'Well';
  return status === 'Unknown' ? 'Working' : 'Failed';
}

/** Only a successful probe under this spec makes the next one unnecessary. */
function probeTime({ metadata, status }: JtelBackupStore, probed: Probed, now: Date): string | undefined {
  if (probed.kind === 'Written') return formatTime(now);
  return probed.kind === 'NotDue' && status?.observedGeneration === metadata.generation
    ? status.lastProbeTime
    : undefined;
}

export function problemIn(observed: Observed, probed: Probed): Problem | undefined {
  if (observed.kind === 'Unusable') return observed.problem;
  return probed.kind === 'Failed' ? probed.problem : undefined;
}

/** The store itself is fine, so it is Available. But its owner wants to know this before the first night. */
function unsigned(observed: Observed): string | undefined {
  return observed.kind === 'Listed' ? observed.cannotSign : undefined;
}

/** New backups are still possible. */
function archived({ spec }: JtelBackupStore, observed: Observed): string | undefined {
  const found = observed.kind === 'Listed' ? observed.contents?.archived : undefined;
  if (found === undefined) return undefined;
  const what =
    spec.tier === 'Vendor'
      ? 'releases that need them cannot be installed'
      : 'backups that need them cannot be restored';
  return `At least ${found.objects} objects lie in the archive tier (such as ${found.example}): ${what} before they are rehydrated. Keep lifecycle rules of the storage account away from this container (docs/stores.md).`;
}

/** Azure cannot limit a job's right to write to a part of a container. */
function shared({ spec, metadata: { namespace } }: JtelBackupStore): string | undefined {
  const others = (spec.identities ?? []).filter((identity) => !identity.startsWith(`${namespace}.`));
  if (spec.tier !== 'Customer' || spec.accessMode !== 'ReadWrite') return undefined;
  if (spec.azure.prefix === undefined && others.length === 0) return undefined;
  return 'The container seems to be shared: a host that is broken into can create objects anywhere in it, also below the names of others, but change none; one container per customer avoids that (docs/stores.md).';
}

/** A key that was in use once is kept, because its signatures still count: at most 64, oldest first, the one in use last. */
function signingKeys(
  { signingKeys: known }: JtelBackupStoreStatus,
  signer: Outcome<Signer> | undefined,
): Pick<JtelBackupStoreStatus, 'signingKeys'> {
  if (signer?.ok !== true) return optional({ signingKeys: known });
  const { keyID, publicKey } = signer.value;
  return { signingKeys: withKeys(known, [{ keyID, publicKey }]) };
}

/** What the owner of a store should know that is fine itself. */
function remarks(
  store: JtelBackupStore,
  observed: Observed,
  signer: Outcome<Signer> | undefined,
): readonly string[] {
  const noKey = signer?.ok === false ? `No backup can be signed: ${signer.message}` : undefined;
  return [unsigned(observed), noKey, archived(store, observed)].filter((one) => one !== undefined);
}

function available(
  store: JtelBackupStore,
  observed: Observed,
  problem: Problem | undefined,
  signer: Outcome<Signer> | undefined,
): Draft {
  const { spec } = store;
  if (problem === undefined) {
    const how =
      spec.accessMode === 'ReadOnly'
        ? 'The store can be listed; it is read-only.'
        : 'The store can be listed, and a probe was written and read back at lastProbeTime.';
    const but = [...remarks(store, observed, signer), shared(store)].filter((one) => one !== undefined);
    const reason = archived(store, observed) === undefined ? 'StoreReachable' : 'BlobArchived';
    return { type: 'Available', status: 'True', reason, message: [how, ...but].join(' ') };
  }
  // A store that is busy is neither well nor broken.
  return { type: 'Available', status: problem.reason === 'StoreThrottled' ? 'Unknown' : 'False', ...problem };
}

/** The last known contents stay in the status while the store cannot be listed. */
function contents(
  previous: JtelBackupStoreStatus,
  observed: Observed,
): Pick<JtelBackupStoreStatus, 'backups' | 'lastBackupTime'> {
  if (observed.kind === 'Unusable') {
    return {
      ...optional({ backups: previous.backups, lastBackupTime: previous.lastBackupTime }),
    };
  }
  if (observed.contents === undefined) return {};
  const { count, newestTime } = observed.contents;
  return {
    backups: count,
    ...(newestTime === undefined ? {} : { lastBackupTime: formatTime(new Date(newestTime)) }),
  };
}

/** The last report stays while the store or the management plane does not answer, for the same spec. */
function retention(
  { spec, metadata, status }: JtelBackupStore,
  observed: Observed,
): Pick<JtelBackupStoreStatus, 'retention'> {
  const found = observed.kind === 'Listed' ? observed.retention : undefined;
  switch (found?.kind) {
    case 'None':
      return { retention: { state: 'None' } };
    case 'TimeBased':
      return { retention: { state: found.isLocked ? 'Locked' : 'Unlocked', days: found.days } };
    case 'NotRead':
    case undefined: {
      const keep =
        spec.azure.management !== undefined &&
        status?.retention !== undefined &&
        status.observedGeneration === metadata.generation;
      return keep ? { retention: status.retention } : {};
    }
  }
}
