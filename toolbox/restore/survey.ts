/**
 * The first reading of an index: it checks everything and writes nothing but the job's own scratch files. It
 * tells how much there is to do, and leaves the extents sorted by pack.
 */
import type { BackupToRead } from '../../jobs/restore.ts';
import { chunkBytes } from '../../backup-format/names.ts';
import { NumberSet } from '../../backup-format/number-set.ts';
import { EntryRules } from './entry-rules.ts';
import { ExtentSorter } from './extents.ts';
import type { IndexSource } from './index-source.ts';

export interface Survey {
  readonly extents: ExtentSorter;
  /** Bytes that lie in packs, without holes. */
  readonly bytes: number;
  /** Regular files, directories and links. */
  readonly entries: number;
  /** The data set that a file belongs to, by the file's number: index into the backup's list. */
  setOf(file: number): number;
  /** Whether a file has more than holes. */
  hasChunks(file: number): boolean;
}

/** @throws {JobError} BackupInvalid for anything that must not be put in place. */
export async function survey(backup: BackupToRead, index: IndexSource, scratch: string): Promise<Survey> {
  const names = backup.dataSets.map(({ name }) => name);
  const rules = new EntryRules(new Map(backup.dataSets.map(({ name, kind }) => [name, kind])));
  const expected = backup.dataSets.reduce((sum, set) => sum + set.bytes / chunkBytes + set.files, 0);
  const extents = new ExtentSorter(scratch, backup.packs.length, expected);
  const chunked = new NumberSet();
  const files = new NumberSet();
  let sets = new Uint8Array(1024);
  let bytes = 0;
  let entries = 0;
  for await (const record of index.records()) {
    if (record.type === 'E') {
      if (record.pack === 0 || index.copies.has(record.file)) continue;
      extents.add(record);
      chunked.add(record.file);
      bytes += record.length;
    } else if (record.type === 'F') {
      rules.check(record);
      entries++;
      if (record.file >= sets.length) sets = grown(sets, record.file);
      sets[record.file] = names.indexOf(record.set);
      if (record.entry !== 'f') continue;
      const { first } = record;
      if (first === undefined) files.add(record.file);
      else if (!files.has(first) || sets[first] !== sets[record.file])
        rules.refuse(record, `it is another name of file ${first}, which is no file before it`);
    }
  }
  return {
    extents,
    bytes,
    entries,
    setOf: (file) => sets[file] ?? 0,
    hasChunks: (file) => chunked.has(file),
  };
}

function grown(old: Uint8Array, file: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(old.length * 2, file + 1));
  larger.set(old);
  return larger;
}
