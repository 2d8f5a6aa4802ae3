/** What the operator asks for: checked here as a whole, so that a job never stops half-way over a missing field. */
import type { BackupJobInput, CountJobInput, RestoreJobInput } from '../jobs/job.ts';
import { Fields, FormatError } from '../backup-format/fields.ts';
import { parseBackupInput } from './backup/input.ts';
import { parseCountInput } from './count.ts';
import type { DatabaseSpec } from './database/client.ts';
import { readTLS } from './database/tls.ts';
import { JobError } from './job-error.ts';
import { parseRestoreInput } from './restore/input.ts';

export interface FileTreeSpec {
  readonly name: string;
  /** Where the tree is mounted. */
  readonly path: string;
  /** Owner of everything in it. */
  readonly uid: number;
  readonly gid: number;
}

export interface DataSetSpec {
  readonly kind: 'Database' | 'FileTree';
  /** The file tree; only with kind FileTree. */
  readonly name?: string;
  /** A signed URL: a secret. */
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ProbeSpec {
  readonly type: 'probe';
  readonly database?: DatabaseSpec;
  readonly fileTrees: readonly FileTreeSpec[];
}

export interface LoadSpec {
  readonly type: 'load';
  /** Names this load; a new try of the same load has the same. */
  readonly loadID: string;
  readonly database?: DatabaseSpec;
  readonly fileTrees: readonly FileTreeSpec[];
  readonly dataSets: readonly DataSetSpec[];
  /** Directory for downloaded data sets; default `/var/tmp/jtel-job`. */
  readonly scratch?: string;
}

export type Spec = ProbeSpec | LoadSpec | BackupJobInput | RestoreJobInput | CountJobInput;

/** @throws {JobError} SpecInvalid, naming the field. */
export function parseSpec(text: string): Spec {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new JobError('SpecInvalid', 'the job spec is not JSON'); // without the parser's message: it quotes the text
  }
  const spec = fields(document, 'spec');
  const type = spec['type'];
  if (type === 'backup') return parseBackupInput(document);
  if (type === 'restore') return parseRestoreInput(document);
  if (type === 'count') return parseCountInput(document);
  const common = {
    ...(spec['database'] === undefined ? {} : { database: database(spec['database']) }),
    fileTrees: list(spec['fileTrees'], 'fileTrees', fileTree),
  };
  unique(
    common.fileTrees.map((tree) => tree.name),
    'fileTrees',
  );
  if (type === 'probe') return { type, ...common };
  if (type !== 'load') throw invalid('type', 'must be probe, load, backup, restore or count');
  const load: LoadSpec = {
    type,
    ...common,
    loadID: match(spec['loadID'], 'loadID', /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
    dataSets: list(spec['dataSets'], 'dataSets', dataSet),
    ...(spec['scratch'] === undefined ? {} : { scratch: absolutePath(spec['scratch'], 'scratch') }),
  };
  checkTargets(load);
  return load;
}

/** Each data set has somewhere to go, and no two go to the same place. */
function checkTargets(load: LoadSpec): void {
  if (load.dataSets.length === 0) throw invalid('dataSets', 'must not be empty');
  unique(
    load.dataSets.map((set) => (set.kind === 'Database' ? 'the database' : `file tree ${set.name ?? ''}`)),
    'dataSets',
  );
  for (const set of load.dataSets) {
    if (set.kind === 'Database' && load.database === undefined)
      throw invalid('database', 'is missing, but a data set is for it');
    if (set.kind === 'FileTree' && !load.fileTrees.some((tree) => tree.name === set.name)) {
      throw invalid('dataSets', `one is for file tree ${set.name ?? '(no name)'}, which is not in fileTrees`);
    }
  }
}

function database(value: unknown): DatabaseSpec {
  const spec = fields(value, 'database');
  const schemas = list(spec['schemas'], 'database.schemas', (schema, place) =>
    match(schema, place, /^[A-Za-z0-9_]{1,64}$/),
  );
  if (schemas.length === 0) throw invalid('database.schemas', 'must not be empty');
  const system = schemas.find((schema) => systemSchemas.includes(schema.toLowerCase()));
  if (system !== undefined) throw invalid('database.schemas', `must not contain ${system}`);
  const rootPassword = spec['rootPassword'];
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (typeof rootPassword !== 'string' || rootPassword === '' || /[\u0000-\u001F]/.test(rootPassword)) {
    throw invalid('database.rootPassword', 'must be a text without control characters');
  }
  return {
    host: match(spec['host'], 'database.host', /^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252})$/),
    port: integer(spec['port'], 'database.port', 1, 65_535),
    rootPassword,
    schemas,
    ...tls(value),
  };
}

function tls(given: unknown): Pick<DatabaseSpec, 'tls'> {
  try {
    return readTLS(new Fields(given, 'database'));
  } catch (error) {
    if (error instanceof FormatError) throw new JobError('SpecInvalid', error.message, error);
    throw error;
  }
}

/** Schemas that no stack owns; `jtel_operator` is this project's own. */
export const systemSchemas = ['mysql', 'sys', 'information_schema', 'performance_schema', 'jtel_operator'];

function fileTree(value: unknown, place: string): FileTreeSpec {
  const spec = fields(value, place);
  return {
    name: match(spec['name'], `${place}.name`, /^[a-z]([a-z0-9-]{0,62})$/),
    path: absolutePath(spec['path'], `${place}.path`),
    uid: integer(spec['uid'], `${place}.uid`, 0, 65_534),
    gid: integer(spec['gid'], `${place}.gid`, 0, 65_534),
  };
}

function dataSet(value: unknown, place: string): DataSetSpec {
  const spec = fields(value, place);
  const kind = spec['kind'];
  if (kind !== 'Database' && kind !== 'FileTree')
    throw invalid(`${place}.kind`, 'must be Database or FileTree');
  return {
    kind,
    ...(spec['name'] === undefined
      ? {}
      : { name: match(spec['name'], `${place}.name`, /^[a-z]([a-z0-9-]{0,62})$/) }),
    url: match(spec['url'], `${place}.url`, /^https?:\/\/[^\s]+$/),
    bytes: integer(spec['bytes'], `${place}.bytes`, 0, Number.MAX_SAFE_INTEGER),
    sha256: match(spec['sha256'], `${place}.sha256`, /^[0-9a-f]{64}$/),
  };
}

function invalid(place: string, what: string): JobError {
  return new JobError('SpecInvalid', `job spec: ${place} ${what}`);
}

function fields(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(place, 'must be an object');
  return value as Readonly<Record<string, unknown>>;
}

function list<T>(value: unknown, place: string, item: (value: unknown, place: string) => T): readonly T[] {
  if (!Array.isArray(value)) throw invalid(place, 'must be a list');
  return value.map((entry, index) => item(entry, `${place}[${index}]`));
}

/** The value itself is not repeated: it may be a secret. */
function match(value: unknown, place: string, pattern: RegExp): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw invalid(place, `must match ${pattern.source}`);
  return value;
}

function integer(value: unknown, place: string, minimum: number, maximum: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum || value > maximum) {
    throw invalid(place, `must be a whole number from ${minimum} to ${maximum}`);
  }
  return value;
}

function absolutePath(value: unknown, place: string): string {
  const path = match(value, place, /^(\/[A-Za-z0-9._-]+)+$/);
  if (path.split('/').some((segment) => segment === '.' || segment === '..'))
    throw invalid(place, 'must not have . or ..');
  return path;
}

function unique(values: readonly string[], place: string): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) throw invalid(place, `has ${twice} twice`);
}
