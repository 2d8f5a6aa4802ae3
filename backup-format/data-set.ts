/**
 * One part of a backup: a database or a tree of files. Jobs tell it, manifests keep it, restores are given
 * it.
 */
import { integer, list, object, oneOf, optional, patterns, text, type Of } from './schema.ts';

export const databaseKinds = ['Physical', 'Logical'] as const;
export type DatabaseKind = (typeof databaseKinds)[number];

/** Why something of a file tree or a database is not in a backup as it was; docs/backup-format.md says what each means. */
export const leftOutKinds = [
  'Excluded',
  'Pipe',
  'Socket',
  'Device',
  'TooLong',
  'Unreadable',
  'Vanished',
  'Changed',
  'Attribute',
  'TableRows',
  'View',
  'Grant',
] as const;
export type LeftOutKind = (typeof leftOutKinds)[number];

export const mostExamples = 5;

const leftOut = object({
  kind: oneOf(leftOutKinds),
  /** A directory that cannot be read, or is left out on purpose, is one: what is in it was not looked at. */
  entries: integer(1),
  /** Some of the paths or names, printable. Not in manifests, which are never encrypted. */
  examples: optional(list(text(patterns.text, 400), { most: mostExamples })),
});
export type LeftOut = Of<typeof leftOut>;

const sum = text(patterns.sha256);

/** What else a file tree holds; absent in backups of format 1.0. */
export const treeFacts = object({
  directories: integer(),
  /** Symbolic links, those that lead out of the tree too. */
  links: integer(),
  /** Names of files that are not the first name of theirs. */
  hardLinks: integer(),
  /** Entries with extended attributes or ACLs that are kept; a file with several names is one. */
  withAttributes: integer(),
  /** Sums over all entries, whatever their order (./tree-digest.ts): a restored tree has the same. */
  digests: object({
    /** Names, contents, targets of links, which names are one file. */
    content: sum,
    /** Modes, owners, extended attributes, ACLs. */
    attributes: sum,
    /** Times of last change, to the second, without that of the root. */
    times: sum,
  }),
});
export type TreeFacts = Of<typeof treeFacts>;
export type TreeDigests = TreeFacts['digests'];

export const dataSet = object({
  name: text(patterns.setName),
  kind: oneOf([...databaseKinds, 'FileTree']),
  /** Lengths of all files, each name of a file counted. */
  bytes: integer(),
  /** What that takes on a disk: every file once, holes not counted. Absent in backups of format 1.0. */
  realBytes: optional(integer()),
  /** Names of regular files; of a Logical set, tables and views are one file each. */
  files: integer(),
  /** Of a Physical set, tables and sequences of the stack's schemas. */
  tables: optional(integer()),
  /** Only of Logical sets, which count them. */
  rows: optional(integer()),
  /** Of a file tree. */
  tree: optional(treeFacts),
  /** What is not in it as it was, by kind. */
  leftOut: optional(list(leftOut, { most: leftOutKinds.length })),
  /** Sha256 of the set's F lines in the order of the index (docs/backup-format.md). */
  digest: sum,
});
export type DataSet = Of<typeof dataSet>;
export type DataSetKind = DataSet['kind'];
