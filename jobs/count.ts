/** Job `count`: what really exists, table by table and tree by tree. */
import { treeFacts } from '../backup-format/data-set.ts';
import {
  boolean,
  distinct,
  integer,
  list,
  object,
  oneOf,
  optional,
  patterns,
  text,
  type Of,
} from '../backup-format/schema.ts';
import { databaseAccess, mostTrees, sourceTree } from './values.ts';

export const countJobInput = object({
  type: oneOf(['count']),
  database: optional(databaseAccess),
  fileTrees: distinct(list(sourceTree, { most: mostTrees }), ({ name }) => name),
  /** Also `CHECK TABLE` and `CHECKSUM TABLE` for each table, and all files. This reads everything. */
  checksum: boolean,
});
export type CountJobInput = Of<typeof countJobInput>;

/** As the server has it; it may hold any character. */
const tableName = text(/^/, 256);

const countedTable = object({
  schema: tableName,
  name: tableName,
  rows: integer(),
  checksum: optional(text()),
});
export type CountedTable = Of<typeof countedTable>;

const countedTree = object({
  name: text(patterns.setName),
  files: integer(),
  bytes: integer(),
  /** Only with `checksum`. */
  tree: optional(treeFacts),
});
export type CountedTree = Of<typeof countedTree>;

export const countJobResult = object({
  tables: list(countedTable, { most: 1_000_000 }),
  sequences: integer(),
  fileTrees: list(countedTree, { most: mostTrees }),
});
export type CountJobResult = Of<typeof countJobResult>;
