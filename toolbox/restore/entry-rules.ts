/**
 * Decides which entries of an index may be put into their places. {@link parseRecord} has refused absolute
 * paths and `..`; these rules need the other entries: no name twice, nothing below a file or a link, and
 * links out of their tree only where the format has them, which is beside the index.
 */
import type { DataSetKind } from '../../backup-format/data-set.ts';
import { leadsOut } from '../../backup-format/links.ts';
import type { FileRecord, WholeRecord } from '../../backup-format/record.ts';
import { markerDirectory } from '../../jobs/staging.ts';
import { JobError } from '../job-error.ts';
import { PathSet } from './path-set.ts';

const rootPath = '.';

export class EntryRules {
  readonly #kinds: ReadonlyMap<string, DataSetKind>;
  readonly #paths = new PathSet();
  /** Entries come directory by directory, so parents need not be checked each time. */
  #lastParent = '';

  /** @param sets kind of each data set, by name. */
  constructor(sets: ReadonlyMap<string, DataSetKind>) {
    this.#kinds = sets;
  }

  /** @throws {JobError} BackupInvalid */
  check(record: WholeRecord): void {
    const kind = this.#kinds.get(record.set);
    if (kind === undefined) throw refused(record, `its data set ${record.set} is not one of the backup`);
    if (kind !== 'FileTree' && record.entry === 'l') throw refused(record, 'a database has no links');
    if (kind !== 'FileTree' && (record.first !== undefined || record.attributes.length > 0))
      throw refused(record, 'a database has no attributes');
    if (isRoot(record)) return;
    const path = record.path.toString('latin1');
    if (kind === 'FileTree' && isOurs(record)) return;
    this.#checkParents(record, path);
    const key = `${record.set}:${path}`;
    const before = this.#paths.get(key);
    if (before !== undefined && !(before === 'Parent' && record.entry === 'd'))
      throw refused(record, before === 'Parent' ? 'there are entries below it' : 'it appears twice');
    this.#paths.set(key, record.entry === 'd' ? 'Directory' : record.entry === 'f' ? 'File' : 'Link');
    if (record.entry === 'l' && record.isBeside !== true) checkTarget(record);
  }

  /** @throws {JobError} BackupInvalid */
  refuse(record: FileRecord, why: string): never {
    throw refused(record, why);
  }

  #checkParents(record: FileRecord, path: string): void {
    const end = path.lastIndexOf('/');
    if (end < 0) return;
    const whole = `${record.set}:${path.slice(0, end)}`;
    if (whole === this.#lastParent) return;
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const parent = `${record.set}:${path.slice(0, slash)}`;
      const kind = this.#paths.get(parent);
      if (kind === 'File' || kind === 'Link')
        throw refused(record, `its parent ${shown(path.slice(0, slash))} is not a directory`);
      if (kind === undefined) this.#paths.set(parent, 'Parent');
    }
    this.#lastParent = whole;
  }
}

/** The tree itself. */
export function isRoot(record: FileRecord): boolean {
  return record.entry === 'd' && record.path.toString('latin1') === rootPath;
}

/** This project's own directory in a tree. It is no data and is left out. */
export function isOurs(record: FileRecord): boolean {
  const path = record.path.toString('latin1');
  return path === markerDirectory || path.startsWith(`${markerDirectory}/`);
}

function checkTarget(record: FileRecord): void {
  const target = record.target?.toString('latin1') ?? '';
  if (leadsOut(record.path.toString('latin1'), target))
    throw refused(record, `it is a link to ${shown(target)}, which leads out of the tree`);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 120));
}

function refused(record: FileRecord, why: string): JobError {
  return new JobError(
    'BackupInvalid',
    `the backup's entry ${shown(record.path.toString('latin1'))} of ${record.set} is refused: ${why}; nothing was changed`,
  );
}
