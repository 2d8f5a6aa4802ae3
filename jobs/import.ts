/**
 * Job `import`: its input, and its result. It brings the database of an old installation into a new stack,
 * over the old server's own protocol.
 */
import {
  distinct,
  integer,
  list,
  object,
  oneOf,
  optional,
  text,
  where,
  Misfit,
  type Of,
} from '../backup-format/schema.ts';
import { databaseAccess, databaseTLS, loadID } from './values.ts';

/** What is listed of each kind, at most. */
export const mostRemarks = 200;

// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const word = (longest: number) => text(/^[^\u0000-\u001F]+$/, longest);

/** How the job reaches the old database. */
export const importSource = object({
  host: text(/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/),
  port: integer(1, 65_535),
  user: word(128),
  password: word(1024),
  tls: optional(databaseTLS),
});
export type ImportSource = Of<typeof importSource>;

const fields = object({
  type: oneOf(['import']),
  /** The same for all tries and both phases. */
  loadID,
  /**
   * `Pull` copies while the old installation works; what it copied does not count as loaded. `Finish` takes the
   * last changes, compares everything, and marks the data as loaded.
   */
  phase: oneOf(['Pull', 'Finish']),
  source: importSource,
  database: databaseAccess,
  /** Schemas to bring; some or all of the database's. */
  schemas: distinct(list(text(/^[A-Za-z0-9_]{1,64}$/), { least: 1, most: 64 }), (name) => name),
});
export type ImportJobInput = Of<typeof fields>;

export const importJobInput = where(fields, ({ database, schemas }) => {
  const strange = schemas.find((schema) => !database.schemas.includes(schema));
  if (strange !== undefined) throw new Misfit(`has ${strange}, which database.schemas lacks`, 'schemas');
});

/** Something of the old database that the new one does not get, or gets without its effect. */
const importRemark = object({
  /**
   * `Account`: a login with its rights. `Definer`: views, routines, triggers or events that run as an account
   * which the new database lacks. `Engine`: a table without rows, because its engine has them elsewhere.
   * `View`: one whose tables are gone.
   */
  kind: oneOf(['Account', 'Definer', 'Engine', 'View']),
  /** For people; printable. */
  what: text(/^/, 400),
});
export type ImportRemark = Of<typeof importRemark>;

export const importJobResult = object({
  loadID,
  phase: oneOf(['Pull', 'Finish']),
  tables: integer(),
  /** In all tables; of `Finish` they were compared, of `Pull` they are those that this try copied. */
  rows: integer(),
  /** Tables that this try copied. */
  copied: integer(),
  remarks: list(importRemark, { most: mostRemarks }),
  /** Further ones, which are not listed. */
  moreRemarks: integer(),
});
export type ImportJobResult = Of<typeof importJobResult>;
