/**
 * One part of a backup: a database or a tree of files. Jobs tell it, manifests keep it, restores are given
 * it.
 */
import { Fields, patterns } from './fields.ts';

export type DatabaseKind = 'Physical' | 'Logical';

export type DataSetKind = DatabaseKind | 'FileTree';

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

export interface LeftOut {
  readonly kind: LeftOutKind;
  /** A directory that cannot be read, or is left out on purpose, is one: what is in it was not looked at. */
  readonly entries: number;
  /**
   * Some of the paths or names, printable, at most {@link mostExamples}. Not in manifests, which are never encrypted.
   */
  readonly examples?: readonly string[];
}

export const mostExamples = 5;

/** What else a file tree holds; absent in backups of format 1.0. */
export interface TreeFacts {
  readonly directories: number;
  /** Symbolic links, those that lead out of the tree too. */
  readonly links: number;
  /** Names of files that are not the first name of theirs. */
  readonly hardLinks: number;
  /** Entries with extended attributes or ACLs that are kept; a file with several names is one. */
  readonly withAttributes: number;
  /** Sums over all entries, whatever their order (./tree-digest.ts): a restored tree has the same. */
  readonly digests: TreeDigests;
}

export interface TreeDigests {
  /** Names, contents, targets of links, which names are one file. */
  readonly content: string;
  /** Modes, owners, extended attributes, ACLs. */
  readonly attributes: string;
  /** Times of last change, to the second, without that of the root. */
  readonly times: string;
}

export interface DataSet {
  readonly name: string;
  readonly kind: DataSetKind;
  /** Lengths of all files, each name of a file counted. */
  readonly bytes: number;
  /** What that takes on a disk: every file once, holes not counted. Absent in backups of format 1.0. */
  readonly realBytes?: number;
  /** Names of regular files; of a Logical set, tables and views are one file each. */
  readonly files: number;
  /** Of a Physical set, tables and sequences of the stack's schemas. */
  readonly tables?: number;
  /** Only of Logical sets, which count them. */
  readonly rows?: number;
  /** Of a file tree. */
  readonly tree?: TreeFacts;
  /** What is not in it as it was, by kind. */
  readonly leftOut?: readonly LeftOut[];
  /** Sha256 of the set's F lines in the order of the index (docs/backup-format.md). */
  readonly digest: string;
}

/** @throws {FormatError} naming the field */
export function readDataSet(value: unknown, place: string): DataSet {
  const fields = new Fields(value, place);
  return {
    name: fields.text('name', patterns.setName),
    kind: fields.oneOf('kind', ['Physical', 'Logical', 'FileTree']),
    bytes: fields.integer('bytes'),
    ...fields.optional('realBytes', () => fields.integer('realBytes')),
    files: fields.integer('files'),
    ...fields.optional('tables', () => fields.integer('tables')),
    ...fields.optional('rows', () => fields.integer('rows')),
    ...fields.optional('tree', () => fields.read('tree', readTreeFacts)),
    ...fields.optional('leftOut', () => fields.list('leftOut', leftOutKinds.length, leftOut)),
    digest: fields.text('digest', patterns.sha256),
  };
}

/** @throws {FormatError} naming the field */
export function readTreeFacts(value: unknown, place: string): TreeFacts {
  const fields = new Fields(value, place);
  const digests = fields.object('digests');
  return {
    directories: fields.integer('directories'),
    links: fields.integer('links'),
    hardLinks: fields.integer('hardLinks'),
    withAttributes: fields.integer('withAttributes'),
    digests: {
      content: digests.text('content', patterns.sha256),
      attributes: digests.text('attributes', patterns.sha256),
      times: digests.text('times', patterns.sha256),
    },
  };
}

function leftOut(value: unknown, place: string): LeftOut {
  const fields = new Fields(value, place);
  const example = (text: unknown, at: string): string =>
    new Fields({ text }, at).text('text', patterns.text, 400);
  return {
    kind: fields.oneOf('kind', leftOutKinds),
    entries: fields.integer('entries', 1),
    ...fields.optional('examples', () => fields.list('examples', mostExamples, example)),
  };
}
