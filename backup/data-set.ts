/** One part of a backup: a database or a tree of files. Jobs tell it, manifests keep it, restores are given it. */
import { Fields, patterns } from './fields.ts';
import type { DatabaseKind } from './job.ts';

export type DataSetKind = DatabaseKind | 'FileTree';

export interface DataSet {
  readonly name: string;
  readonly kind: DataSetKind;
  readonly bytes: number;
  /** Regular files; of a Logical set, tables and views are one file each. */
  readonly files: number;
  /** Of a Physical set, tables and sequences of the stack's schemas. */
  readonly tables?: number;
  /** Only of Logical sets, which count them. */
  readonly rows?: number;
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
    files: fields.integer('files'),
    ...fields.optional('tables', () => fields.integer('tables')),
    ...fields.optional('rows', () => fields.integer('rows')),
    digest: fields.text('digest', patterns.sha256),
  };
}
