/** What a backup job is asked for, checked as a whole before anything is done. Values are not repeated in messages: some are secrets. */
import { Fields, FormatError, patterns, refuseTwice } from '../../backup-format/fields.ts';
import { readKey } from '../../backup-format/manifest.ts';
import { databaseSetName } from '../../jobs/job.ts';
import type {
  BackupDatabase,
  BackupFileTree,
  BackupJobInput,
  EncryptionKey,
  KnownIndexPart,
  UploadTarget,
} from '../../jobs/job.ts';
import { isBackupID, isEpoch, isIdentity } from '../../backup-format/names.ts';
import { readTLS } from '../database/tls.ts';
import { JobError } from '../job-error.ts';

const url = /^https?:\/\/[^\s]+$/;
/** As release manifests have them. */
const containerPath = /^(\/[A-Za-z0-9._@+-]+)+$/;
const absolutePath = /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)+$/;
// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const password = /^[^\u0000-\u001F]+$/;

/** @throws {JobError} SpecInvalid, naming the field. */
export function parseBackupInput(document: unknown): BackupJobInput {
  try {
    return read(new Fields(document, 'job spec'));
  } catch (error) {
    if (error instanceof FormatError) throw new JobError('SpecInvalid', error.message, error);
    throw error;
  }
}

function read(fields: Fields): BackupJobInput {
  const limits = fields.object('limits');
  const input: BackupJobInput = {
    type: fields.oneOf('type', ['backup']),
    backupID: checked(fields, 'backupID', isBackupID),
    attempt: fields.integer('attempt', 1, 999_999),
    identity: checked(fields, 'identity', isIdentity),
    epoch: checked(fields, 'epoch', isEpoch),
    upload: fields.read('upload', upload),
    known: fields.list('known', 1_000_000, known),
    ...fields.optional('database', () => fields.read('database', database)),
    fileTrees: fields.list('fileTrees', 100, fileTree),
    limits: {
      ...limits.optional('bytesPerSecond', () => limits.integer('bytesPerSecond', 1024)),
      ...limits.optional('uploads', () => limits.integer('uploads', 1, 32)),
      ...limits.optional('threads', () => limits.integer('threads', 1, 64)),
      ...limits.optional('compressionLevel', () => limits.integer('compressionLevel', -20, 19)),
    },
    ...fields.optional('encryption', () => fields.read('encryption', encryption)),
    ...fields.optional('scratch', () => fields.text('scratch', absolutePath)),
  };
  refuseTwice(
    input.fileTrees.map(({ name }) => name),
    'job spec.fileTrees',
  );
  if (input.database === undefined && input.fileTrees.length === 0)
    throw new FormatError('job spec has neither database nor fileTrees: there is nothing to back up');
  return input;
}

function checked(fields: Fields, name: string, isValid: (text: string) => boolean): string {
  const text = fields.text(name);
  if (!isValid(text)) throw new FormatError(`job spec.${name} is not valid`);
  return text;
}

function upload(value: unknown, place: string): UploadTarget {
  const fields = new Fields(value, place);
  return {
    containerUrl: fields.text('containerUrl', /^https?:\/\/[^\s?#]+[^\s?#/]$/),
    query: fields.text('query', /^[^\s?#]+$/, 4096),
    prefix: fields.text('prefix', /^([A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*)?\/?$/),
    expiresTime: fields.text('expiresTime', patterns.time),
  };
}

function known(value: unknown, place: string): KnownIndexPart {
  const fields = new Fields(value, place);
  if (!fields.has('sha256') && !fields.has('md5'))
    throw new FormatError(`${place} has neither sha256 nor md5`);
  return {
    url: fields.text('url', url, 8192),
    bytes: fields.integer('bytes', 1, 256 * 1024 * 1024),
    ...fields.optional('sha256', () => fields.text('sha256', patterns.sha256)),
    ...fields.optional('md5', () => fields.text('md5', patterns.md5)),
  };
}

function database(value: unknown, place: string): BackupDatabase {
  const fields = new Fields(value, place);
  return {
    kind: fields.oneOf('kind', ['Physical', 'Logical']),
    exchange: fields.text('exchange', absolutePath),
    host: fields.text('host', /^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/),
    port: fields.integer('port', 1, 65_535),
    rootPassword: fields.text('rootPassword', password),
    schemas: fields.list('schemas', 100, (schema, at) =>
      new Fields({ name: schema }, at).text('name', /^[A-Za-z0-9_]{1,64}$/),
    ),
    ...readTLS(fields),
    ...fields.optional('keys', () => fields.list('keys', 256, readKey)),
    ...fields.optional('keyPaths', () =>
      fields.list('keyPaths', 1000, (path, at) => new Fields({ path }, at).text('path', containerPath)),
    ),
  };
}

function fileTree(value: unknown, place: string): BackupFileTree {
  const fields = new Fields(value, place);
  const name = fields.text('name', patterns.setName);
  if (name === databaseSetName)
    throw new FormatError(`${place}.name must not be ${databaseSetName}: that is the database's`);
  return {
    name,
    path: fields.text('path', absolutePath),
    excludes: fields.list('excludes', 1000, (glob, at) => new Fields({ glob }, at).text('glob')),
  };
}

function encryption(value: unknown, place: string): EncryptionKey {
  const fields = new Fields(value, place);
  const key = fields.text('key', /^[A-Za-z0-9+/]{43}=$/);
  return { keyID: fields.text('keyID', patterns.text, 253), key };
}
