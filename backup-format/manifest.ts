/**
 * The manifest: a backup exists if, and only if, its manifest does. The operator writes it last and never
 * changes it. A reader treats it as hostile, because it may come from a store that others can write.
 */
import { dataSet } from './data-set.ts';
import {
  FormatError,
  Misfit,
  distinct,
  integer,
  list,
  object,
  oneOf,
  optional,
  patterns,
  read,
  text,
  where,
  type Of,
  type Schema,
} from './schema.ts';
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
/** Increases with additions that older readers may ignore. Backups without one are of format 1.0. */
export const formatMinor = 2;

/** The longest manifest that is read. */
export const longestManifestBytes = 4 * 1024 * 1024;

const triggers = ['Scheduled', 'Manual', 'PreUpdate', 'PreRestore', 'Relocation', 'Vanilla'] as const;

export const backupID = where(text(), (id) => {
  if (!isBackupID(id)) throw new Misfit('is no backupID');
});
export const identity = where(text(), (name) => {
  if (!isIdentity(name)) throw new Misfit('is no identity');
});
export const epoch = where(text(), (day) => {
  if (!isEpoch(day)) throw new Misfit('is no epoch');
});
const time = text(patterns.time);
const imageReference = text(/^[^\s]+$/);

/** Names of blobs beside the manifest, relative to the backup's folder. */
export const blobName = text(/^[a-z0-9][a-z0-9.-]*$/, 64);
/** Parts of an index, or of attributes. */
export const mostParts = 100_000;

export const dataSets = distinct(list(dataSet, { most: 100 }), ({ name }) => name);

const storedBlob = object({ name: blobName, bytes: integer(), sha256: text(patterns.sha256) });
export type StoredBlob = Of<typeof storedBlob>;
const nameOf = ({ name }: StoredBlob): string => name;
const storedParts = list(storedBlob, { most: mostParts });

/** An order to restore that was carried out. */
const carriedOut = object({
  id: text(/^[0-9a-z]+$/, 64),
  name: text(patterns.text, 253),
  requestUID: text(patterns.text, 63),
  backupID: optional(text(patterns.text, 63)),
  time,
});

/** What a backup lacks compared with the last good one of its stack. */
const doubt = object({
  /** Data sets without tables or files that had some before, and the last backup that has them. */
  emptied: list(object({ dataSet: text(patterns.setName), backupID }), { most: 100 }),
  /** The last good backup of the same method, if this one has less than half of its size. */
  shrunkFrom: optional(object({ backupID, totalBytes: integer() })),
});
export type Doubt = Of<typeof doubt>;

/** Identifies a key of encryption at rest without revealing it. */
const databaseKey = object({
  /** Its number in the key file. */
  id: integer(1),
  /** Digest of its number and hex digits. A reader can compare it, but cannot find the key from it. */
  sha256: text(patterns.sha256),
});
export type DatabaseKey = Of<typeof databaseKey>;
export const databaseKeys = list(databaseKey, { most: 256 });

export const server = object({
  version: text(),
  /** `11.8`: a data directory only fits servers of the same series. */
  series: optional(text(/^\d+\.\d+$/, 16)),
  /** Keys of encryption at rest that preparing the files needs. */
  keys: optional(databaseKeys),
});
/** Binary log coordinates, as the server gives them: `file position [gtid]`. */
export const position = text(patterns.text, 4096);

/** Checked first, because the rest of a newer manifest cannot be judged. */
const knownVersion: Schema<typeof formatVersion> = (value) => {
  const found = integer(1)(value);
  if (found === formatVersion) return found;
  const message = `the backup has format version ${found}, this operator reads ${formatVersion}: update the operator`;
  throw new FormatError(message, 'NewerFormat');
};

const manifestFields = object({
  formatVersion: knownVersion,
  formatMinor: optional(integer(0, 1_000_000)),
  backupID,
  identity,
  epoch,
  /** The writer: two writers must never write one history. */
  writer: object({
    clusterID: text(),
    namespace: text(),
    name: text(),
    stackUID: text(),
    machineID: text(),
  }),
  /** backupID that the stack's data were restored from, if they were. */
  parent: optional(backupID),
  trigger: oneOf(triggers),
  /** Name of the JtelBackup that asked for it. Absent in those of operators before 0.2.0. */
  request: optional(text(patterns.text, 253)),
  /**
   * Orders to restore that were carried out in these data, oldest first. Each counts once, also on another
   * host.
   */
  carriedOut: optional(list(carriedOut, { most: 1000 })),
  release: object({
    version: text(/^[0-9A-Za-z][0-9A-Za-z.+_-]*$/, 64),
    /** Of the release manifest. */
    digest: text(/^(sha256:)?[0-9a-f]{64}$/),
    /** Images by component, each with its digest. */
    images: list(object({ component: text(), reference: imageReference }), { most: 1000 }),
  }),
  server: optional(server),
  /**
   * Images that made this backup, each with its digest. `producer` read the database's files, and can prepare
   * them.
   */
  tools: optional(object({ toolbox: imageReference, producer: optional(imageReference) })),
  position: optional(position),
  startTime: time,
  endTime: time,
  encryption: optional(object({ method: oneOf(['AES-256-GCM']), keyID: text(patterns.text, 253) })),
  dataSets,
  /** Absent if it is as good as the last one. */
  doubt: optional(doubt),
  /** Left out on purpose: globs of file trees. */
  excluded: list(object({ dataSet: text(patterns.setName), globs: list(text(), { most: 1000 }) }), {
    most: 100,
  }),
  /** In order. */
  indexParts: distinct(storedParts, nameOf),
  /** In order; attributes that the index cannot express. */
  attributeParts: optional(storedParts),
  packList: storedBlob,
  /** stack.json, release.json, compose.yaml */
  documents: distinct(list(storedBlob, { most: 10 }), nameOf),
  totals: object({
    /** Bytes of the sources. */
    totalBytes: integer(),
    /** All packs that the backup uses. */
    storedBytes: integer(),
    packs: integer(0, 100_000_000),
    uploadedBytes: integer(),
    reusedBytes: integer(),
  }),
});
export type Manifest = Of<typeof manifestFields>;

/** The text without its signature (./signature.ts), which is stored with one; the JtelBackup has the sha256 of all of it. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/**
 * @param expected the stack and backup that the reader asked for; a manifest of another one under this name
 *   is a forgery.
 * @throws {FormatError} naming the field.
 */
export function parseManifest(
  json: string,
  expected: { readonly identity?: string; readonly backupID?: string } = {},
): Manifest {
  if (json.length > longestManifestBytes)
    throw new FormatError(`the manifest is longer than ${longestManifestBytes} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    throw new FormatError('the manifest is not JSON');
  }
  const found = read(where(manifestFields, checkParts), document, 'the manifest');
  for (const name of ['identity', 'backupID'] as const) {
    const wanted = expected[name];
    if (wanted !== undefined && found[name] !== wanted)
      throw new FormatError(`the manifest is of ${name} ${found[name]}, not of ${wanted}`);
  }
  return found;
}

/** `11.8` of `11.8.9-MariaDB-deb12-log`; undefined for anything that is not a version. */
export function seriesOf(version: string): string | undefined {
  return /^(\d+\.\d+)\./.exec(version)?.[1];
}

/** Checks that need nothing but the manifest. */
function checkParts({ indexParts, attributeParts = [], packList, documents, ...rest }: Manifest): void {
  if (rest.dataSets.length === 0) throw new Misfit('is empty: a backup without data is none', 'dataSets');
  if (indexParts.length === 0) throw new Misfit('is empty', 'indexParts');
  const found = indexParts.map(({ name }) => parseIndexPartName(name));
  const attempt = found[0]?.attempt ?? 0;
  for (const [index, part] of found.entries()) {
    if (part?.part !== index + 1 || part.attempt !== attempt)
      throw new Misfit(`is not part ${index + 1} of the index`, `indexParts[${index}].name`);
  }
  const mustBe = (wanted: string, name: string, path: string): void => {
    if (name !== wanted) throw new Misfit(`is not ${wanted}`, path);
  };
  for (const [index, { name }] of attributeParts.entries())
    mustBe(attributePartName(attempt, index + 1), name, `attributeParts[${index}].name`);
  mustBe(packListName(attempt), packList.name, 'packList.name');
  const names: readonly string[] = documentNames;
  const strange = documents.find(({ name }) => !names.includes(name));
  if (strange !== undefined)
    throw new Misfit(`has ${JSON.stringify(strange.name)}: known are ${names.join(', ')}`, 'documents');
  const { totalBytes } = rest.totals;
  const total = rest.dataSets.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total !== totalBytes)
    throw new Misfit(`is ${totalBytes}, the data sets have ${total}`, 'totals.totalBytes');
}
