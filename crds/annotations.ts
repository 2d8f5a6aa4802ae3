/** Annotations and labels that people and the operator put on objects. docs/annotations.md follows from this file. */

export const annotations = {
  confirmDestroy: 'jtel.de/confirm-destroy',
  sourceRevision: 'jtel.de/source-revision',
  reconcileRequestedAt: 'jtel.de/reconcile-requested-at',
  retry: 'jtel.de/retry',
  adoptBackups: 'jtel.de/adopt-backups',
  beginAnew: 'jtel.de/begin-anew',
  finishImport: 'jtel.de/finish-import',
  acceptOlderStatus: 'jtel.de/accept-older-status',
  acceptBackup: 'jtel.de/accept-backup',
  acceptUnsigned: 'jtel.de/accept-unsigned-backup',
  cleanedUp: 'jtel.de/cleaned-up',
  abandonHost: 'jtel.de/abandon-host',
  holderVersion: 'jtel.de/holder-version',
  holderNamespaces: 'jtel.de/holder-namespaces',
  holderShards: 'jtel.de/holder-shards',
} as const;

export interface Meaning {
  readonly on: string;
  readonly setBy: 'you' | 'operator';
  readonly value: string;
  readonly meaning: string;
}

export const annotationMeanings: Readonly<Record<keyof typeof annotations, Meaning>> = {
  confirmDestroy: {
    on: 'JtelStack',
    setBy: 'you',
    value: 'uid of the stack',
    meaning: 'Consents to `deletionPolicy: Destroy`: containers, data and files go with the object.',
  },
  sourceRevision: {
    on: 'JtelStack',
    setBy: 'you',
    value: 'a Git commit',
    meaning: 'Says where the spec came from; the history records it.',
  },
  reconcileRequestedAt: {
    on: 'any kind',
    setBy: 'you',
    value: 'anything new, such as the time',
    meaning: 'Asks for a look now, also at an object that is put aside (`Quarantined`).',
  },
  retry: {
    on: 'JtelStack',
    setBy: 'you',
    value: 'anything new, such as the time',
    meaning: 'Tries a spec again that failed and was undone or held, and a first load that was given up.',
  },
  adoptBackups: {
    on: 'JtelStack',
    setBy: 'you',
    value: 'a backupID; the condition names it',
    meaning:
      'Consents to continue the history of backups that somebody else wrote, up to this one (`HistoryOfAnother`).',
  },
  beginAnew: {
    on: 'JtelStack',
    setBy: 'you',
    value: 'the time in `status.data.time`',
    meaning: 'Consents to begin anew without the data that were loaded then and are lost (`DataMissing`).',
  },
  finishImport: {
    on: 'JtelStack',
    setBy: 'you',
    value: 'the time in `status.import.pullTime`',
    meaning:
      'Says that the old installation was stopped, and lets its import take the last changes (`ImportWaits`). `kubectl jtel import finish` sets it.',
  },
  acceptOlderStatus: {
    on: 'JtelStack',
    setBy: 'you',
    value: 'the time in `status.hostChange.unknown.time`',
    meaning:
      'Consents to the spec as it stands, although the host was changed then and the object knows nothing of it (`StatusOlderThanHost`). `kubectl jtel consent` shows the difference and sets it.',
  },
  acceptBackup: {
    on: 'JtelStack',
    setBy: 'you',
    value: 'a backupID; the condition names it',
    meaning:
      'Backups up to this one are as they should be, although they lack what older ones had (`BackupEmptied`, `BackupShrunk`).',
  },
  acceptUnsigned: {
    on: 'JtelStack',
    setBy: 'you',
    value: 'a backupID',
    meaning:
      'A stack that begins or is moved may take its data from this backup, although nobody signed it. Whoever can write to the store may have made it.',
  },
  abandonHost: {
    on: 'JtelStack, JtelBackup, JtelRestore, JtelDrill',
    setBy: 'you',
    value: '`true`',
    meaning: 'Lets the object go although its host cannot be reached. What runs there stays.',
  },
  cleanedUp: {
    on: 'JtelStack',
    setBy: 'operator',
    value: 'uid of the stack',
    meaning: 'The host of this deleted stack was treated as `deletionPolicy` says.',
  },
  holderVersion: {
    on: 'Lease of the operator',
    setBy: 'operator',
    value: '`VERSION HOLDER`',
    meaning:
      'The version of the operator that holds it, for `kubectl jtel version`. It counts only while HOLDER is who holds it: an older operator leaves it as it is.',
  },
  holderNamespaces: {
    on: 'Lease of the operator',
    setBy: 'operator',
    value: '`NAMESPACE,… HOLDER`; `* HOLDER`: all',
    meaning: 'The namespaces that it looks after, for `kubectl jtel doctor`. HOLDER as above.',
  },
  holderShards: {
    on: 'Lease of the operator',
    setBy: 'operator',
    value: '`SHARDS,SECONDS HOLDER`',
    meaning:
      'Into how many parts the replicas share the stacks, and how long their Leases last ([shards.md](shards.md)). Replicas with another number wait that long before they work. HOLDER as above.',
  },
};

export const labels = {
  stack: 'jtel.de/stack',
  partOf: 'app.kubernetes.io/part-of',
  /** See `madeByOperator`. */
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

export const labelMeanings: Readonly<Record<keyof typeof labels, string>> = {
  stack:
    'Name of the stack that an object belongs to: ControllerRevisions, CronJobs, backups that the operator asks for, its credentials.',
  partOf: '`jtel` on what belongs to an installed operator: its Deployment, its CRDs, its Lease.',
  managedBy:
    'Name of the program that made an object and may remove it. The operator removes old backups only with `jtel-operator` here.',
};

/** The value of `annotations.holderVersion`. */
export function holderVersion(version: string, holder: string): string {
  return `${version} ${holder}`;
}

/** @returns undefined if the holder did not say its version. */
export function versionOfHolder(annotation: string | undefined, holder: string): string | undefined {
  const [version = '', ...named] = (annotation ?? '').split(' ');
  return named.join(' ') === holder && version !== '' ? version : undefined;
}

const all = '*';

/** The value of `annotations.holderNamespaces`. */
export function holderNamespaces(namespaces: readonly string[] | 'All', holder: string): string {
  return `${namespaces === 'All' ? all : namespaces.join(',')} ${holder}`;
}

/** @returns undefined if the holder did not say where it works. */
export function namespacesOfHolder(
  annotation: string | undefined,
  holder: string,
): readonly string[] | 'All' | undefined {
  const said = versionOfHolder(annotation, holder);
  return said === all ? 'All' : said?.split(',');
}

export interface Sharing {
  /** Into how many parts the stacks are divided. */
  readonly shards: number;
  /** Seconds after which a Lease that is not renewed is free. */
  readonly leaseDurationSeconds: number;
}

/** More would only cost Leases: replicas are few. */
export const mostShards = 16;

/** Name of a shard's Lease. That of shard 0 is the one of an operator that shares with nobody. */
export function shardLease(name: string, shard: number): string {
  return shard === 0 ? name : `${name}-shard-${shard}`;
}

/** The value of `annotations.holderShards`. */
export function holderShards({ shards, leaseDurationSeconds }: Sharing, holder: string): string {
  return `${shards},${Math.ceil(leaseDurationSeconds)} ${holder}`;
}

/**
 * @param holder if given, it counts only if this holder wrote it
 * @returns undefined if it does not say it.
 */
export function sharingOf(annotation: string | undefined, holder?: string): Sharing | undefined {
  const [, shards, seconds, named] = /^(\d{1,4}),(\d{1,4}) (.+)$/.exec(annotation ?? '') ?? [];
  if (named === undefined || (holder !== undefined && named !== holder)) return undefined;
  return { shards: Number(shards), leaseDurationSeconds: Number(seconds) };
}
