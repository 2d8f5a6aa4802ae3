/** Shows backups as the store has them and as the cluster knows them, in one table. */
import type { Manifest } from '../../backup-format/manifest.ts';
import { backupTime } from '../../backup-format/names.ts';
import type { Seal } from '../../backup-format/signature.ts';
import type { JtelBackup } from '../../crds/index.ts';
import { formatBytes } from '../../base/bytes.ts';
import { signatureOfSeal, signatureProblem } from '../../insight/signature.ts';
import type { Colour } from '../view/paint.ts';
import { table, type Cell, type Column } from '../view/table.ts';
import { age, minuteOf } from '../../base/time.ts';
import type { ViewContext } from '../view/view.ts';
import { optional } from '../../base/optional.ts';
import { hanging } from '../../command-line/wrap.ts';

/** A backup that has a manifest in the store. */
export interface StoredBackup {
  readonly backupID: string;
  readonly manifest?: Manifest;
  readonly seal?: Seal;
  /** Why its manifest cannot be used. */
  readonly problem?: string;
}

/** `Stored` needs no object: the signed manifest proves that the backup is complete, and ours. */
export type BackupState =
  | 'Stored'
  | 'Unsigned'
  | 'Untrusted'
  | 'Revoked'
  | 'Unusable'
  | 'Missing'
  | 'Pending'
  | 'Running'
  | 'Verifying'
  | 'Failed';

/** One line of the list; `-o json` prints it too. */
export interface BackupLine {
  readonly backupID?: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly state: BackupState;
  readonly version?: string;
  readonly trigger?: string;
  readonly totalBytes?: number;
  readonly uploadedBytes?: number;
  readonly progress?: string;
  readonly verification?: string;
  readonly immutableUntilTime?: string;
  /** The key that signed it, whether or not the store trusts it. */
  readonly signingKeyID?: string;
  /** The JtelBackup, if the cluster has one. */
  readonly object?: string;
  readonly message?: string;
}

export interface BackupsInput {
  /** Those whose manifests were read. */
  readonly stored: readonly StoredBackup[];
  /** All backupIDs in the store. */
  readonly known: readonly string[];
  readonly objects: readonly JtelBackup[];
  /** Of the store. */
  readonly revokedKeyIDs?: readonly string[] | undefined;
}

/** Newest first. */
export function backupLines({ stored, known, objects, revokedKeyIDs }: BackupsInput): BackupLine[] {
  const lines = stored.map((backup) =>
    storedLine(
      backup,
      objects.find(({ status }) => status?.backupID === backup.backupID),
      revokedKeyIDs,
    ),
  );
  const inStore = new Set(known);
  const others = objects
    .filter(({ status }) => status?.backupID === undefined || !inStore.has(status.backupID))
    .map(objectLine);
  return [...lines, ...others].toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
}

function storedLine(
  { backupID, manifest, seal, problem }: StoredBackup,
  object: JtelBackup | undefined,
  revokedKeyIDs: readonly string[] | undefined,
): BackupLine {
  const { verification, immutability } = object?.status ?? {};
  const signingKeyID = seal !== undefined && 'keyID' in seal ? seal.keyID : undefined;
  return {
    backupID,
    time: manifest?.startTime ?? backupTime(backupID).toISOString(),
    state: problem === undefined ? stateOf(seal, revokedKeyIDs) : 'Unusable',
    ...optional({ signingKeyID }),
    ...(manifest === undefined
      ? {}
      : {
          version: manifest.release.version,
          trigger: manifest.trigger,
          totalBytes: manifest.totals.totalBytes,
          uploadedBytes: manifest.totals.uploadedBytes,
        }),
    ...(verification?.state === undefined ? {} : { verification: verification.state }),
    ...(immutability?.untilTime === undefined ? {} : { immutableUntilTime: immutability.untilTime }),
    ...(object === undefined ? {} : { object: object.metadata.name }),
    ...messageOf(problem ?? sealProblem(seal, revokedKeyIDs), manifest),
  };
}

function stateOf(seal: Seal | undefined, revokedKeyIDs: readonly string[] | undefined): BackupState {
  if (seal === undefined) return 'Stored';
  const { is = 'Unusable' } = signatureOfSeal(seal, revokedKeyIDs) ?? {};
  return is === 'Trusted' || is === 'Unknown' ? 'Stored' : is;
}

function sealProblem(
  seal: Seal | undefined,
  revokedKeyIDs: readonly string[] | undefined,
): string | undefined {
  if (seal === undefined) return undefined;
  const signature = signatureOfSeal(seal, revokedKeyIDs);
  return signature === undefined
    ? 'its signature does not fit: somebody wrote or changed the manifest'
    : signatureProblem(signature);
}

function messageOf(problem: string | undefined, manifest: Manifest | undefined): Pick<BackupLine, 'message'> {
  const emptied = manifest?.doubt?.emptied.map(({ dataSet }) => dataSet) ?? [];
  if (problem !== undefined) return { message: problem };
  return emptied.length === 0
    ? {}
    : { message: `nothing is in ${emptied.join(', ')}, where older backups had something` };
}

/** The cluster knows it, but the store does not have it: not yet, or not any more. */
function objectLine({ metadata, spec, status = {} }: JtelBackup): BackupLine {
  const { phase = 'Pending' } = status;
  return {
    ...optional({ backupID: status.backupID }),
    time: status.startTime ?? metadata.creationTimestamp,
    state: phase === 'Completed' ? 'Missing' : phase,
    trigger: spec.trigger,
    ...optional({ version: status.version, totalBytes: status.totalBytes }),
    ...(status.progress === undefined || phase === 'Failed' ? {} : { progress: status.progress }),
    object: metadata.name,
    message:
      phase === 'Completed'
        ? 'The store has no manifest of this backup: it was made elsewhere, or is lost.'
        : (status.message ?? ''),
  };
}

const columns: readonly Column[] = [
  { title: 'BACKUP' },
  { title: 'AGE' },
  { title: 'STATE' },
  { title: 'VERSION', dropOrder: 0 },
  { title: 'SIZE', align: 'right' },
  { title: 'NEW', align: 'right', dropOrder: 3 },
  { title: 'TRIGGER', dropOrder: 2 },
  { title: 'VERIFIED', dropOrder: 4 },
  { title: 'IMMUTABLE UNTIL', dropOrder: 5 },
  { title: 'SIGNED WITH', dropOrder: 6 },
  { title: 'OBJECT', dropOrder: 1 },
  { title: 'MESSAGE', flexible: 'Shorten' },
];

const stateColours: Readonly<Record<BackupState, Colour>> = {
  Stored: 'green',
  Unsigned: 'yellow',
  Untrusted: 'yellow',
  Revoked: 'red',
  Unusable: 'red',
  Missing: 'red',
  Pending: 'yellow',
  Running: 'yellow',
  Verifying: 'yellow',
  Failed: 'red',
};

export function backupsView(lines: readonly BackupLine[], { paint, width, now }: ViewContext): string[] {
  const rows = lines.map((line): Cell[] => [
    { text: line.backupID ?? line.object ?? '', colour: 'bold' },
    age(line.time, now),
    {
      text: line.progress === undefined ? line.state : `${line.state} ${line.progress}`,
      colour: stateColours[line.state],
    },
    line.version ?? '',
    line.totalBytes === undefined ? '' : formatBytes(line.totalBytes),
    line.uploadedBytes === undefined ? '' : formatBytes(line.uploadedBytes),
    line.trigger ?? '',
    line.verification ?? '',
    line.immutableUntilTime === undefined ? '' : minuteOf(line.immutableUntilTime),
    line.signingKeyID ?? '',
    line.backupID === undefined ? '' : (line.object ?? ''),
    line.message ?? '',
  ]);
  const used = columns.map(
    ({ title }, index) =>
      title === 'BACKUP' ||
      rows.some((row) => (typeof row[index] === 'string' ? row[index] : row[index]?.text) !== ''),
  );
  const only = <T>(items: readonly T[]): T[] => items.filter((_, index) => used[index] === true);
  return table(only(columns), rows.map(only), { paint, width });
}

/** Everything about one backup. */
export function backupView(
  {
    manifest,
    digest,
    seal,
    revokedKeyIDs,
    object,
  }: {
    readonly manifest: Manifest;
    readonly digest: string;
    readonly seal: Seal;
    /** Of the store. */
    readonly revokedKeyIDs?: readonly string[] | undefined;
    readonly object?: JtelBackup | undefined;
  },
  { paint, width, now }: ViewContext,
): string[] {
  const { totals, release, writer } = manifest;
  const seconds = (Date.parse(manifest.endTime) - Date.parse(manifest.startTime)) / 1000;
  const immutability = object?.status?.immutability;
  const verification = object?.status?.verification;
  const facts: readonly (readonly [string, string])[] = [
    ['Backup', `${manifest.backupID} of ${manifest.identity}`],
    [
      'Made',
      `${minuteOf(manifest.startTime)} (${age(manifest.startTime, now)} ago), in ${seconds.toFixed(0)} s, trigger ${manifest.trigger}`,
    ],
    ['Release', `${release.version} (${release.images.length} images), manifest ${release.digest}`],
    [
      'Written by',
      `${writer.namespace}/${writer.name} of cluster ${writer.clusterID} on machine ${writer.machineID}`,
    ],
    [
      'Database',
      manifest.server === undefined
        ? ''
        : `${manifest.server.version}${manifest.position === undefined ? '' : ` at ${manifest.position}`}`,
    ],
    ['Restored from', manifest.parent ?? ''],
    [
      'Encryption',
      manifest.encryption === undefined
        ? 'none'
        : `${manifest.encryption.method}, key ${manifest.encryption.keyID}`,
    ],
    [
      'Size',
      `${formatBytes(totals.totalBytes)} of data in ${totals.packs} ${totals.packs === 1 ? 'pack' : 'packs'} of ${formatBytes(totals.storedBytes)}`,
    ],
    [
      'New',
      `${formatBytes(totals.uploadedBytes)} sent, ${formatBytes(totals.reusedBytes)} of data were already there`,
    ],
    ['Left out', manifest.excluded.map(({ dataSet, globs }) => `${dataSet}: ${globs.join(' ')}`).join('; ')],
    ['Manifest', `sha256:${digest}`],
    [
      'Signature',
      seal.is === 'Signed'
        ? `key ${seal.keyID}, which the store trusts`
        : (sealProblem(seal, revokedKeyIDs) ?? ''),
    ],
    [
      'Object',
      object === undefined
        ? 'none in this cluster'
        : `JtelBackup ${object.metadata.name}, ${object.status?.phase ?? 'Pending'}`,
    ],
    [
      'Immutable',
      immutability === undefined
        ? ''
        : `${immutability.state ?? 'Unknown'}${immutability.untilTime === undefined ? '' : ` until ${minuteOf(immutability.untilTime)}`}`,
    ],
    [
      'Verified',
      verification === undefined
        ? ''
        : `${verification.state ?? 'Pending'}${verification.method === undefined ? '' : ` by ${verification.method}`}${verification.time === undefined ? '' : `, ${age(verification.time, now)} ago`}`,
    ],
  ];
  const counted = manifest.dataSets.some(({ tables, rows }) => tables !== undefined || rows !== undefined);
  const sets = table(
    [
      { title: 'DATA SET' },
      { title: 'KIND' },
      { title: 'SIZE', align: 'right' },
      { title: 'FILES', align: 'right' },
      // A physical backup counts neither.
      ...(counted
        ? [{ title: 'TABLES', align: 'right' } as const, { title: 'ROWS', align: 'right' } as const]
        : []),
    ],
    manifest.dataSets.map((set) => [
      set.name,
      set.kind,
      formatBytes(set.bytes),
      String(set.files),
      set.tables === undefined ? '' : String(set.tables),
      set.rows === undefined ? '' : String(set.rows),
    ]),
    { paint, width },
  );
  const lines = facts
    .filter(([, text]) => text !== '')
    .flatMap(([label, text]) => hanging(paint('dim', label.padEnd(14)), 14, text, width));
  return [...lines, '', ...sets];
}
