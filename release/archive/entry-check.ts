/**
 * Decides which entries of an archive may be put into a tree. Archives come from a store, so they may be
 * hostile. Nothing may be written outside the tree or through a link, and only files, directories and links
 * inside the tree may be written. Entries that would not come out as they went in are refused as well: sparse
 * files of any dialect, attributes, and names that are not UTF-8.
 */
import type { Header } from 'tar-stream';
import { markerDirectory } from '../../jobs/staging.ts';
import { ArchiveError } from './archive-error.ts';

/** One thing to put into the tree; `path` is relative, with `/`, and has no `.`, `..` or empty segment. */
export type TreeEntry =
  | {
      readonly type: 'Directory' | 'File';
      readonly path: string;
      readonly mode: number;
      readonly modified: Date;
      readonly bytes: number;
    }
  | { readonly type: 'SymbolicLink'; readonly path: string; readonly target: string }
  | { readonly type: 'HardLink'; readonly path: string; readonly target: string };

/** The permissions that are kept: never setuid or setgid. */
const keptMode = 0o1777;
const longestPath = 4096;

/**
 * Checks the entries of one archive, in order. It remembers earlier entries, so use a new one for each pass.
 */
export class EntryCheck {
  readonly #seen = new Map<string, TreeEntry['type']>();

  /**
   * @returns undefined for an entry that is left out (the root itself, a marker). @throws {ArchiveError} when
   * the entry is refused.
   */
  check(header: Header): TreeEntry | undefined {
    checkDialect(header);
    const path = relativePath(header.name);
    if (path === '' || path === markerDirectory || path.startsWith(`${markerDirectory}/`)) return undefined;
    const entry = toEntry(header, path);
    this.#checkPlace(entry);
    this.#seen.set(path, entry.type);
    return entry;
  }

  /**
   * A parent that is a link would lead the entry elsewhere. A second entry of the same name would replace one
   * that was checked.
   */
  #checkPlace(entry: TreeEntry): void {
    const segments = entry.path.split('/');
    for (let length = 1; length < segments.length; length++) {
      const parent = segments.slice(0, length).join('/');
      const type = this.#seen.get(parent);
      if (type !== undefined && type !== 'Directory')
        throw refused(entry.path, `its parent ${shown(parent)} is not a directory`);
      // A parent that the archive does not name becomes a directory.
      this.#seen.set(parent, 'Directory');
    }
    const before = this.#seen.get(entry.path);
    if (before !== undefined && !(before === 'Directory' && entry.type === 'Directory'))
      throw refused(entry.path, 'it appears twice');
    if (entry.type === 'HardLink' && this.#seen.get(entry.target) !== 'File') {
      throw refused(
        entry.path,
        `it is a link to ${shown(entry.target)}, which is not a file before it in the archive`,
      );
    }
  }
}

/**
 * Extended header records that do not matter when an entry is unpacked: owners are the tree's, access times
 * and labels are the host's.
 */
const harmless =
  /^(a|c|m)time$|^(path|linkpath|size|uid|gid|uname|gname|comment)$|^LIBARCHIVE\.creationtime$|^SCHILY\.(dev|ino|nlink|fflags)$|^RHT\.security\.selinux$/;

/**
 * Accepts only known records. A sparse file, for instance, is a map followed by data for a reader that does
 * not know its records.
 */
function checkDialect(header: Header): void {
  const { name, linkname } = header;
  const [strange] =
    Object.entries(recordsOf(header)).find(([key, value]) => !harmless.test(key) && value !== '') ?? [];
  if (strange !== undefined) {
    const advice = strange.startsWith('GNU.sparse.')
      ? ': make the archive without --sparse (bsdtar: --no-read-sparse)'
      : '';
    throw refused(name, `it has ${shown(strange)}, which cannot be kept${advice}`);
  }
  // A decoder puts this in place of bytes that are not UTF-8.
  if (`${name}${linkname ?? ''}`.includes('\uFFFD'))
    throw refused(name, 'its name or its target is not UTF-8');
}

function toEntry(header: Header, path: string): TreeEntry {
  switch (header.type) {
    case 'directory':
    case 'file':
    case 'contiguous-file': {
      const type = header.type === 'directory' ? 'Directory' : 'File';
      return { type, path, mode: header.mode & keptMode, modified: modifiedOf(header), bytes: header.size };
    }
    case 'symlink':
      return { type: 'SymbolicLink', path, target: symbolicTarget(path, header.linkname) };
    case 'link':
      return { type: 'HardLink', path, target: relativePath(header.linkname) };
    default:
      throw refused(
        path,
        `entries of type ${header.type ?? 'unknown (a sparse file, or a part of an archive in several volumes?)'} are not allowed`,
      );
  }
}

/** To the millisecond, if the archive has an extended header. Times before 1970 are only there. */
function modifiedOf(header: Header): Date {
  const seconds = Number(recordsOf(header)['mtime'] ?? Number.NaN);
  return Number.isFinite(seconds) ? new Date(seconds * 1000) : (header.mtime ?? new Date(0));
}

/** The extended header. The package's type lacks it. */
function recordsOf({ pax }: Header): Readonly<Record<string, string>> {
  return (pax ?? {}) as Readonly<Record<string, string>>;
}

/** @throws {ArchiveError} when the name could lead out of the tree. */
function relativePath(name: string): string {
  if (name === '' || name.length > longestPath || name.includes('\0'))
    throw refused(name, 'its name is not allowed');
  if (name.startsWith('/')) throw refused(name, 'its name is absolute');
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw refused(name, 'its name contains ..');
  if (segments.some((segment) => Buffer.byteLength(segment) > 255))
    throw refused(name, 'its name is too long');
  return segments.join('/');
}

/** Returns the target as it will be written. Seen from the link, it must lead to a place inside the tree. */
function symbolicTarget(path: string, target: string): string {
  if (target === '' || target.includes('\0') || target.length > longestPath)
    throw refused(path, 'its link target is not allowed');
  if (target.startsWith('/')) throw refused(path, `it is a link to ${shown(target)}, which is absolute`);
  let depth = path.split('/').length - 1;
  for (const segment of target.split('/')) {
    if (segment === '..') depth--;
    else if (segment !== '' && segment !== '.') depth++;
    if (depth < 0) throw refused(path, `it is a link to ${shown(target)}, which leads out of the tree`);
  }
  return target;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 120));
}

function refused(name: string, why: string): ArchiveError {
  return new ArchiveError(`its entry ${shown(name)} is refused: ${why}`);
}
