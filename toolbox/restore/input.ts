/** What the operator asks a restore for: checked here as a whole, before anything is done. */
import { readDataSet } from '../../backup-format/data-set.ts';
import { Fields, FormatError, patterns, refuseTwice } from '../../backup-format/fields.ts';
import type {
  BackupToRead,
  BlobToRead,
  EncryptionKey,
  PackToRead,
  RestoreDatabase,
  RestoreFileTree,
  RestoreJobInput,
} from '../../jobs/job.ts';
import { databaseSetName } from '../../jobs/job.ts';
import { isBackupID, isIdentity, packBytes } from '../../backup-format/names.ts';
import { readTLS } from '../database/tls.ts';
import { JobError } from '../job-error.ts';

const forms = {
  loadID: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
  url: /^https?:\/\/[^\s]+$/,
  /** As release manifests have them. */
  containerPath: /^(\/[A-Za-z0-9._@+-]+)+$/,
  path: /^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/,
  dataDirectory: /^(\.|[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*)$/,
  host: /^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252})$/,
  schema: /^[A-Za-z0-9_]{1,64}$/,
  key: /^[A-Za-z0-9+/]{43}=$/,
} as const;
const longestURL = 4096;
const mostPacks = 4_000_000;
/** An index part is closed at 8 MiB of text; compressed it is shorter. */
export const longestPartBytes = 64 * 1024 * 1024;
const largestID = 65_534;

/** @throws {JobError} SpecInvalid, naming the field; values are not repeated, they may be secrets. */
export function parseRestoreInput(document: unknown): RestoreJobInput {
  try {
    return read(new Fields(document, 'spec'));
  } catch (error) {
    if (error instanceof FormatError) throw new JobError('SpecInvalid', `job spec: ${error.message}`);
    throw error;
  }
}

function read(spec: Fields): RestoreJobInput {
  const input: RestoreJobInput = {
    type: spec.oneOf('type', ['restore']),
    ...spec.optional('purpose', () => spec.oneOf<'Check' | 'Restore'>('purpose', ['Check', 'Restore'])),
    loadID: spec.text('loadID', forms.loadID),
    onData: spec.oneOf('onData', ['Refuse', 'Replace']),
    backup: backup(spec.object('backup')),
    ...spec.optional('database', () => database(spec.object('database'))),
    fileTrees: spec.list('fileTrees', 100, fileTree),
    ...spec.optional('encryption', () => encryption(spec.object('encryption'))),
    limits: limits(spec.object('limits')),
  };
  checkTargets(input);
  return input;
}

/** Every data set has its place, and no other than its own. */
function checkTargets({ backup: { dataSets }, database: target, fileTrees }: RestoreJobInput): void {
  refuseTwice(
    dataSets.map(({ name }) => name),
    'spec.backup.dataSets',
  );
  refuseTwice(
    fileTrees.map(({ name }) => name),
    'spec.fileTrees',
  );
  refuseTwice(
    fileTrees.map(({ path }) => path),
    'spec.fileTrees',
  );
  for (const { name, kind } of dataSets) {
    if (
      kind === 'FileTree'
        ? !fileTrees.some((tree) => tree.name === name)
        : name !== databaseSetName || target?.kind !== kind
    ) {
      throw new FormatError(`data set ${name} (${kind}) of the backup has no place to go to`);
    }
  }
  const strange = fileTrees.find(
    ({ name }) => !dataSets.some((set) => set.kind === 'FileTree' && set.name === name),
  );
  if (strange !== undefined) throw new FormatError(`file tree ${strange.name} is not in the backup`);
  if (target !== undefined && !dataSets.some(({ kind }) => kind === target.kind))
    throw new FormatError('there is a place for a database, but none in the backup');
}

function backup(spec: Fields): BackupToRead {
  const checked = (name: string, isValid: (text: string) => boolean): string => {
    const text = spec.text(name);
    if (!isValid(text)) throw new FormatError(`spec.backup.${name} has a wrong form`);
    return text;
  };
  const packs = spec.list('packs', mostPacks, pack);
  for (const [index, { number }] of packs.entries())
    if (number !== index + 1)
      throw new FormatError(`spec.backup.packs[${index}].number must be ${index + 1}`);
  return {
    backupID: checked('backupID', isBackupID),
    identity: checked('identity', isIdentity),
    indexParts: spec.list('indexParts', 100_000, (value, place) =>
      blob(new Fields(value, place), longestPartBytes),
    ),
    ...spec.optional('attributeParts', () =>
      spec.list('attributeParts', 100_000, (value, place) =>
        blob(new Fields(value, place), longestPartBytes),
      ),
    ),
    packs,
    dataSets: spec.list('dataSets', 100, readDataSet),
  };
}

function blob(spec: Fields, longest: number): BlobToRead {
  return {
    url: spec.text('url', forms.url, longestURL),
    bytes: spec.integer('bytes', 1, longest),
    sha256: spec.text('sha256', patterns.sha256),
  };
}

function pack(value: unknown, place: string): PackToRead {
  const spec = new Fields(value, place);
  return { ...blob(spec, packBytes.longest), number: spec.integer('number', 1) };
}

function database(spec: Fields): RestoreDatabase {
  if (spec.oneOf('kind', ['Physical', 'Logical']) === 'Physical') {
    return {
      kind: 'Physical',
      volumePath: spec.text('volumePath', forms.path),
      dataDirectory: spec.text('dataDirectory', forms.dataDirectory),
      exchange: spec.text('exchange', forms.path),
      uid: spec.integer('uid', 0, largestID),
      gid: spec.integer('gid', 0, largestID),
      ...spec.optional('keyPaths', () =>
        spec.list('keyPaths', 1000, (path, place) =>
          new Fields({ path }, place).text('path', forms.containerPath),
        ),
      ),
    };
  }
  return {
    kind: 'Logical',
    host: spec.text('host', forms.host),
    port: spec.integer('port', 1, 65_535),
    rootPassword: spec.text('rootPassword', patterns.text),
    schemas: spec.list('schemas', 64, (value, place) =>
      new Fields({ schema: value }, place).text('schema', forms.schema),
    ),
    ...readTLS(spec),
  };
}

function fileTree(value: unknown, place: string): RestoreFileTree {
  const spec = new Fields(value, place);
  return {
    name: spec.text('name', patterns.setName),
    path: spec.text('path', forms.path),
    uid: spec.integer('uid', 0, largestID),
    gid: spec.integer('gid', 0, largestID),
  };
}

function encryption(spec: Fields): EncryptionKey {
  return { keyID: spec.text('keyID', patterns.text, 253), key: spec.text('key', forms.key) };
}

function limits(spec: Fields): RestoreJobInput['limits'] {
  return {
    ...spec.optional('bytesPerSecond', () => spec.integer('bytesPerSecond', 1024)),
    ...spec.optional('downloads', () => spec.integer('downloads', 1, 32)),
    ...spec.optional('threads', () => spec.integer('threads', 1, 16)),
  };
}
