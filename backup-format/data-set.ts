/**
 * One part of a backup: a database or a tree of files. Jobs report it, manifests keep it, restores receive
 * it.
 */
import { integer, list, object, oneOf, optional, patterns, text, type Of } from './schema.ts';

export const databaseKinds = ['Physical', 'Logical'] as const;
export type DatabaseKind = (typeof databaseKinds)[number];

/**
 * Why the backup lacks an entry of a file tree or database, or has it with a difference;
 * docs/backup-format.md explains each.
 */
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
  /** A directory that cannot be read, or is left out on purpose, counts as one: nobody looked into it. */
  entries: integer(1),
  /** Some of the paths or names, printable. Manifests do not have them, because they are never encrypted. */
  examples: optional(list(text(patterns.text, 400), { most: mostExamples })),
});
export type LeftOut = Of<typeof leftOut>;

const sum = text(patterns.sha256);

/** Further facts of a file tree; absent in backups of format 1.0. */
export const treeFacts = object({
  directories: integer(),
  /** Symbolic links, including those that lead out of the tree. */
  links: integer(),
  /** Names of files other than the first. */
  hardLinks: integer(),
  /**
   * Entries with extended attributes or ACLs that a backup keeps; a file with several names counts as one.
   */
  withAttributes: integer(),
  /** Sums over all entries in any order (./tree-digest.ts): a restored tree has the same. */
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
  /** Lengths of all files; each name of a file counts. */
  bytes: integer(),
  /** Size on a disk: every file once, holes not counted. Absent in backups of format 1.0. */
  realBytes: optional(integer()),
  /** Names of regular files. In a Logical set, each table or view is one file. */
  files: integer(),
  /** In a Physical set, tables and sequences of the stack's schemas. */
  tables: optional(integer()),
  /** Only in Logical sets, which count them. */
  rows: optional(integer()),
  /** Of a file tree. */
  tree: optional(treeFacts),
  /** What is missing or different, by kind. */
  leftOut: optional(list(leftOut, { most: leftOutKinds.length })),
  /** Sha256 of the set's F lines in the order of the index (docs/backup-format.md). */
  digest: sum,
});
export type DataSet = Of<typeof dataSet>;
export type DataSetKind = DataSet['kind'];
