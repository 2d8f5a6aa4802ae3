/**
 * Jobs `probe` and `load`: probe says whether there are data; load writes a release's vanilla data where
 * there are none.
 */
import {
  Misfit,
  distinct,
  integer,
  list,
  object,
  oneOf,
  optional,
  patterns,
  text,
  where,
  boolean,
  type Of,
} from '../backup-format/schema.ts';
import { databaseAccess, loadID, mostTrees, path, targetTree, url } from './values.ts';

/** Schemas that no stack owns; `jtel_operator` belongs to this project. */
export const systemSchemas = ['mysql', 'sys', 'information_schema', 'performance_schema', 'jtel_operator'];

const targets = {
  database: optional(
    where(databaseAccess, ({ schemas }) => {
      if (schemas.length === 0) throw new Misfit('must not be empty', 'schemas');
      const system = schemas.find((schema) => systemSchemas.includes(schema.toLowerCase()));
      if (system !== undefined) throw new Misfit(`must not contain ${system}`, 'schemas');
    }),
  ),
  fileTrees: distinct(list(targetTree, { most: mostTrees }), ({ name }) => name),
};

export const probeJobInput = object({ type: oneOf(['probe']), ...targets });
export type ProbeJobInput = Of<typeof probeJobInput>;

const vanillaSet = object({
  kind: oneOf(['Database', 'FileTree']),
  /** The file tree; only with kind FileTree. */
  name: optional(text(patterns.setName)),
  url,
  bytes: integer(),
  sha256: text(patterns.sha256),
});
export type VanillaSet = Of<typeof vanillaSet>;

const placeOf = ({ kind, name = '(no name)' }: VanillaSet): string =>
  kind === 'Database' ? 'the database' : `file tree ${name}`;

const fields = object({
  type: oneOf(['load']),
  loadID,
  ...targets,
  dataSets: distinct(list(vanillaSet, { least: 1, most: 1 + mostTrees }), placeOf),
  /** Directory for downloaded data sets; default `/var/tmp/jtel-job`. */
  scratch: optional(path),
});
export type LoadJobInput = Of<typeof fields>;

/** Each data set has a target. */
export const loadJobInput = where(fields, ({ database, fileTrees, dataSets }) => {
  for (const set of dataSets) {
    if (set.kind === 'Database' && database === undefined)
      throw new Misfit('is missing, but a data set is for it', 'database');
    if (set.kind === 'FileTree' && !fileTrees.some(({ name }) => name === set.name))
      throw new Misfit(`one is for ${placeOf(set)}, which is not in fileTrees`, 'dataSets');
  }
});

/** A mark beside the data that says which load wrote them. */
export const loadMarker = object({
  loadID: text(),
  state: oneOf(['loading', 'loaded']),
  /** RFC 3339; when the state was reached. */
  time: text(),
});
export type Marker = Of<typeof loadMarker>;

const found = { empty: boolean, marker: optional(loadMarker) };

export const probeJobResult = object({
  database: optional(object({ ...found, tables: integer() })),
  fileTrees: list(object({ name: text(patterns.setName), ...found, entries: integer() }), {
    most: mostTrees,
  }),
});
export type ProbeJobResult = Of<typeof probeJobResult>;

export const loadJobResult = object({
  loadID,
  database: optional(object({ tables: integer(), rows: integer() })),
  fileTrees: list(object({ name: text(patterns.setName), files: integer() }), { most: mostTrees }),
});
export type LoadJobResult = Of<typeof loadJobResult>;
