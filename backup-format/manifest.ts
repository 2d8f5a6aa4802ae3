/**
 * The manifest: a backup exists when, and only when, its manifest does. It is written last, by the operator, and never
 * changed. Whoever reads one treats it as hostile: it may come from a store that others can write.
 */
import type { DataSet } from './data-set.ts';
import { readDataSet } from './data-set.ts';
import { Fields, FormatError, patterns, refuseTwice } from './fields.ts';
import {
  attributePartName,
  documentNames,
  isBackupID,
  isEpoch,
  isIdentity,
  packListName,
  parseIndexPartName,
} from './names.ts';

export const formatVersion = 1;
/** Grows with what older readers may leave unread. Backups without one are of format 1.0. */
export const formatMinor = 1;

/** Longest manifest that is read at all. */
export const longestManifestBytes = 4 * 1024 * 1024;

export const triggers = ['Scheduled', 'Manual', 'PreUpdate', 'PreRestore', 'Relocation', 'Vanilla'] as const;
export type BackupTrigger = (typeof triggers)[number];

export interface StoredBlob {
  /** Relative to the backup's folder. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What was left out on purpose: globs of a file tree. */
export interface Excluded {
  readonly dataSet: string;
  readonly globs: readonly string[];
}

/** An order to restore that was carried out. */
export interface CarriedOut {
  readonly id: string;
  readonly name: string;
  readonly requestUID: string;
  readonly backupID?: string;
  /** RFC 3339, UTC. */
  readonly time: string;
}

/** In what a backup falls behind the last good one of its stack. */
export interface Doubt {
  /** Data sets without tables or files that had some, and the last backup that has them. */
  readonly emptied: readonly { readonly dataSet: string; readonly backupID: string }[];
  /** The last good backup of the same method, when this one has less than half of its size. */
  readonly shrunkFrom?: { readonly backupID: string; readonly totalBytes: number };
}

export interface Manifest {
  readonly formatVersion: typeof formatVersion;
  readonly formatMinor?: number;
  readonly backupID: string;
  readonly identity: string;
  readonly epoch: string;
  /** Who wrote it: two writers never write one history. */
  readonly writer: {
    readonly clusterID: string;
    readonly namespace: string;
    readonly name: string;
    readonly stackUID: string;
    readonly machineID: string;
  };
  /** backupID that the stack's data were restored from, if they were. */
  readonly parent?: string;
  readonly trigger: BackupTrigger;
  /** Orders to restore that had been carried out in these data, oldest first: they count once, also on another host. */
  readonly carriedOut?: readonly CarriedOut[];
  readonly release: {
    readonly version: string;
    /** Digest of the release manifest. */
    readonly digest: string;
    /** Images by component, each with its digest. */
    readonly images: readonly { readonly component: string; readonly reference: string }[];
  };
  readonly server?: {
    readonly version: string;
    /** `11.8`: data directories go to servers of the same series only. */
    readonly series?: string;
    /** Of encryption at rest: what has to be there when the files are prepared. */
    readonly keys?: readonly DatabaseKey[];
  };
  /** Images that made this backup, each with its digest: `producer` read the database's files, and can prepare them. */
  readonly tools?: { readonly toolbox: string; readonly producer?: string };
  readonly position?: string;
  /** RFC 3339, UTC. */
  readonly startTime: string;
  readonly endTime: string;
  readonly encryption?: { readonly method: 'AES-256-GCM'; readonly keyID: string };
  readonly dataSets: readonly DataSet[];
  /** Absent: it is as good as the last one. */
  readonly doubt?: Doubt;
  readonly excluded: readonly Excluded[];
  /** In order. */
  readonly indexParts: readonly StoredBlob[];
  /** In order; what the index cannot say. */
  readonly attributeParts?: readonly StoredBlob[];
  readonly packList: StoredBlob;
  /** stack.json, release.json, compose.yaml */
  readonly documents: readonly StoredBlob[];
  readonly totals: {
    /** Bytes of the sources. */
    readonly totalBytes: number;
    /** All packs that the backup uses. */
    readonly storedBytes: number;
    readonly packs: number;
    readonly uploadedBytes: number;
    readonly reusedBytes: number;
  };
}

/** The text that is stored; its sha256 stands in the JtelBackup. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/**
 * @param expected what the reader asked for: a manifest of another stack or backup under this name is a forgery.
 * @throws {FormatError} naming the field.
 */
export function parseManifest(
  text: string,
  expected: { readonly identity?: string; readonly backupID?: string } = {},
): Manifest {
  if (text.length > longestManifestBytes)
    throw new FormatError(`the manifest is longer than ${longestManifestBytes} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new FormatError('the manifest is not JSON');
  }
  const fields = new Fields(document, 'manifest');
  const version = fields.integer('formatVersion', 1);
  if (version !== formatVersion) {
    const message = `the backup has format version ${version}, this operator reads ${formatVersion}: update the operator`;
    throw new FormatError(message, 'NewerFormat');
  }
  const manifest = readManifest(fields);
  for (const name of ['identity', 'backupID'] as const) {
    const wanted = expected[name];
    if (wanted !== undefined && manifest[name] !== wanted)
      throw new FormatError(`the manifest is of ${name} ${manifest[name]}, not of ${wanted}`);
  }
  checkParts(manifest);
  return manifest;
}

function readManifest(fields: Fields): Manifest {
  const writer = fields.object('writer');
  const release = fields.object('release');
  const totals = fields.object('totals');
  return {
    formatVersion,
    ...fields.optional('formatMinor', () => fields.integer('formatMinor', 0, 1_000_000)),
    backupID: checked(fields.text('backupID'), isBackupID, 'manifest.backupID is no backupID'),
    identity: checked(fields.text('identity'), isIdentity, 'manifest.identity is no identity'),
    epoch: checked(fields.text('epoch'), isEpoch, 'manifest.epoch is no epoch'),
    writer: {
      clusterID: writer.text('clusterID'),
      namespace: writer.text('namespace'),
      name: writer.text('name'),
      stackUID: writer.text('stackUID'),
      machineID: writer.text('machineID'),
    },
    ...fields.optional('parent', () =>
      checked(fields.text('parent'), isBackupID, 'manifest.parent is no backupID'),
    ),
    trigger: fields.oneOf('trigger', triggers),
    ...fields.optional('carriedOut', () => fields.list('carriedOut', 1000, carriedOutOf)),
    release: {
      version: release.text('version', /^[0-9A-Za-z][0-9A-Za-z.+_-]*$/, 64),
      digest: release.text('digest', /^(sha256:)?[0-9a-f]{64}$/),
      images: release.list('images', 1000, (value, place) => {
        const image = new Fields(value, place);
        return { component: image.text('component'), reference: image.text('reference', /^[^\s]+$/) };
      }),
    },
    ...fields.optional('server', () => readServer(fields.object('server'))),
    ...fields.optional('tools', () => tools(fields.object('tools'))),
    ...fields.optional('position', () => fields.text('position', patterns.text, 4096)),
    startTime: fields.text('startTime', patterns.time),
    endTime: fields.text('endTime', patterns.time),
    ...fields.optional('encryption', () => {
      const encryption = fields.object('encryption');
      return {
        method: encryption.oneOf('method', ['AES-256-GCM']),
        keyID: encryption.text('keyID', patterns.text, 253),
      };
    }),
    dataSets: fields.list('dataSets', 100, readDataSet),
    ...fields.optional('doubt', () => fields.read('doubt', doubtOf)),
    excluded: fields.list('excluded', 100, (value, place) => {
      const excluded = new Fields(value, place);
      return {
        dataSet: excluded.text('dataSet', patterns.setName),
        globs: excluded.list('globs', 1000, globOf),
      };
    }),
    indexParts: fields.list('indexParts', 100_000, blob),
    ...fields.optional('attributeParts', () => fields.list('attributeParts', 100_000, blob)),
    packList: fields.read('packList', blob),
    documents: fields.list('documents', 10, blob),
    totals: {
      totalBytes: totals.integer('totalBytes'),
      storedBytes: totals.integer('storedBytes'),
      packs: totals.integer('packs', 0, 100_000_000),
      uploadedBytes: totals.integer('uploadedBytes'),
      reusedBytes: totals.integer('reusedBytes'),
    },
  };
}

/** A key of encryption at rest, told apart and not told. */
export interface DatabaseKey {
  /** Its number in the key file. */
  readonly id: number;
  /** Of its number and its hex digits; the reader compares, and cannot find the key by it. */
  readonly sha256: string;
}

/** @throws {FormatError} */
export function readServer(server: Fields): NonNullable<Manifest['server']> {
  return {
    version: server.text('version'),
    ...server.optional('series', () => server.text('series', /^\d+\.\d+$/, 16)),
    ...server.optional('keys', () => server.list('keys', 256, readKey)),
  };
}

/** @throws {FormatError} */
export function readKey(value: unknown, place: string): DatabaseKey {
  const key = new Fields(value, place);
  return { id: key.integer('id', 1), sha256: key.text('sha256', patterns.sha256) };
}

/** `11.8` of `11.8.9-MariaDB-deb12-log`; undefined for what is no version. */
export function seriesOf(version: string): string | undefined {
  return /^(\d+\.\d+)\./.exec(version)?.[1];
}

function tools(fields: Fields): NonNullable<Manifest['tools']> {
  const reference = (name: string): string => fields.text(name, /^[^\s]+$/);
  return { toolbox: reference('toolbox'), ...fields.optional('producer', () => reference('producer')) };
}

/** What can be checked without reading anything else. */
function checkParts(manifest: Manifest): void {
  refuseTwice(
    manifest.dataSets.map(({ name }) => name),
    'manifest.dataSets',
  );
  refuseTwice(
    manifest.documents.map(({ name }) => name),
    'manifest.documents',
  );
  refuseTwice(
    manifest.indexParts.map(({ name }) => name),
    'manifest.indexParts',
  );
  if (manifest.dataSets.length === 0)
    throw new FormatError('manifest.dataSets is empty: a backup without data is none');
  if (manifest.indexParts.length === 0) throw new FormatError('manifest.indexParts is empty');
  const parts = manifest.indexParts.map(({ name }) => parseIndexPartName(name));
  for (const [index, part] of parts.entries()) {
    if (part?.part !== index + 1 || part.attempt !== parts[0]?.attempt) {
      throw new FormatError(`manifest.indexParts[${index}].name is not part ${index + 1} of the index`);
    }
  }
  for (const [index, { name }] of (manifest.attributeParts ?? []).entries()) {
    const wanted = attributePartName(parts[0]?.attempt ?? 0, index + 1);
    if (name !== wanted) throw new FormatError(`manifest.attributeParts[${index}].name is not ${wanted}`);
  }
  const packList = packListName(parts[0]?.attempt ?? 0);
  if (manifest.packList.name !== packList) throw new FormatError(`manifest.packList.name is not ${packList}`);
  const names: readonly string[] = documentNames;
  const strange = manifest.documents.find(({ name }) => !names.includes(name));
  if (strange !== undefined)
    throw new FormatError(
      `manifest.documents has ${JSON.stringify(strange.name)}: known are ${names.join(', ')}`,
    );
  const total = manifest.dataSets.reduce((sum, set) => sum + set.bytes, 0);
  if (total !== manifest.totals.totalBytes)
    throw new FormatError(
      `manifest.totals.totalBytes is ${manifest.totals.totalBytes}, its data sets have ${total}`,
    );
}

function blob(value: unknown, place: string): StoredBlob {
  const fields = new Fields(value, place);
  return {
    name: fields.text('name', /^[a-z0-9][a-z0-9.-]*$/, 64),
    bytes: fields.integer('bytes'),
    sha256: fields.text('sha256', patterns.sha256),
  };
}

function carriedOutOf(value: unknown, place: string): CarriedOut {
  const fields = new Fields(value, place);
  return {
    id: fields.text('id', /^[0-9a-z]+$/, 64),
    name: fields.text('name', patterns.text, 253),
    requestUID: fields.text('requestUID', patterns.text, 63),
    ...fields.optional('backupID', () => fields.text('backupID', patterns.text, 63)),
    time: fields.text('time', patterns.time),
  };
}

function doubtOf(value: unknown, place: string): Doubt {
  const fields = new Fields(value, place);
  const backupIDOf = (of: Fields): string =>
    checked(of.text('backupID'), isBackupID, `${place} names no backupID`);
  return {
    emptied: fields.list('emptied', 100, (item, at) => {
      const set = new Fields(item, at);
      return { dataSet: set.text('dataSet', patterns.setName), backupID: backupIDOf(set) };
    }),
    ...fields.optional('shrunkFrom', () => {
      const from = fields.object('shrunkFrom');
      return { backupID: backupIDOf(from), totalBytes: from.integer('totalBytes') };
    }),
  };
}

function globOf(value: unknown, place: string): string {
  return new Fields({ glob: value }, place).text('glob');
}

function checked(text: string, isValid: (text: string) => boolean, message: string): string {
  if (!isValid(text)) throw new FormatError(message);
  return text;
}
