/**
 * Walks a file tree in the order of backups: the root first, every directory before its entries, links not
 * followed. The walk tells what cannot be in a backup by its kind, and goes on.
 */
import type { BigIntStats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import type { LeftOutKind } from '../../backup-format/data-set.ts';
import { markerDirectory } from '../../jobs/staging.ts';
import { JobError } from '../job-error.ts';
import { Globs } from '../backup/glob.ts';

/** Names at the root that are no data. */
const never = new Set(['lost+found', markerDirectory, '.jtel-restore']);
/**
 * Longest path, in bytes, that a backup holds. The kernel accepts 4,096 in one call, including where the tree
 * is mounted. A path that just fits here could not be made again there.
 */
const longestPathBytes = 3840;

/** Paths are passed on as they are, with bytes that need not be UTF-8. */
export type Skip = (kind: LeftOutKind, path: Buffer) => undefined;

export interface WalkedEntry {
  /** Relative to the tree; the root is `.`. */
  readonly path: Buffer;
  /** Set for a directory, a regular file or a link. */
  readonly stat: BigIntStats;
}

export interface WalkedTree {
  readonly name: string;
  readonly path: string;
  /** Globs ({@link Globs}). */
  readonly excludes: readonly string[];
}

/** @throws {JobError} FileTreeFailed when the root cannot be read, or nothing more can be opened. */
export async function* walk(tree: WalkedTree, skip: Skip, signal: AbortSignal): AsyncGenerator<WalkedEntry> {
  yield* walkBelow({ tree, globs: new Globs(tree.excludes), skip, signal }, '');
}

/** Where an entry of a tree lies. @param path relative, one character per byte; empty or `.` for the root. */
export function absolutePath(tree: WalkedTree, path: string): Buffer {
  return Buffer.from(
    path === '' || path === '.'
      ? Buffer.from(tree.path).toString('latin1')
      : `${Buffer.from(tree.path).toString('latin1')}/${path}`,
    'latin1',
  );
}

/**
 * The kind under which an entry with this error is left out.
 * @throws the error itself when it concerns the job, not the entry.
 */
export function kindOfError(tree: WalkedTree, error: unknown): LeftOutKind {
  const { code } = error as { code?: unknown };
  if (
    !(error instanceof Error) ||
    error instanceof JobError ||
    typeof code !== 'string' ||
    !('syscall' in error)
  )
    throw error;
  if (['EMFILE', 'ENFILE', 'ENOMEM'].includes(code)) throw failed(tree, error);
  // It is gone, or something else now has that name: a link, a pipe, a device.
  if (
    ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code) ||
    (code === 'EINVAL' && error.syscall === 'readlink')
  )
    return 'Vanished';
  return code === 'ENAMETOOLONG' ? 'TooLong' : 'Unreadable';
}

interface Walk {
  readonly tree: WalkedTree;
  readonly globs: Globs;
  readonly skip: Skip;
  readonly signal: AbortSignal;
}

async function* walkBelow(walking: Walk, path: string): AsyncGenerator<WalkedEntry> {
  const { tree, globs, skip, signal } = walking;
  signal.throwIfAborted();
  const told = (error: unknown, at: string): undefined => {
    if (at === '') throw failed(tree, error);
    skip(kindOfError(tree, error), Buffer.from(at, 'latin1'));
  };
  const here = absolutePath(tree, path);
  const names = opendir(here as unknown as string, { encoding: 'latin1', bufferSize: 128 });
  const directory = await names.catch((error: unknown) => told(error, path));
  if (directory === undefined) return;
  if (path === '') yield { path: Buffer.from('.'), stat: await lstat(here, { bigint: true }) };
  try {
    for (;;) {
      const entry = await directory.read().catch((error: unknown) => told(error, path));
      if (!entry) return;
      if (path === '' && never.has(entry.name)) continue;
      const child = path === '' ? entry.name : `${path}/${entry.name}`;
      const stat = await look(walking, child);
      if (stat === undefined) continue;
      const bytes = Buffer.from(child, 'latin1');
      yield { path: bytes, stat };
      if (!stat.isDirectory()) continue;
      if (globs.matchesAllBelow(child)) skip('Excluded', bytes);
      else yield* walkBelow(walking, child);
    }
  } finally {
    await directory.close();
  }
}

/** @returns undefined for an entry that is left out. */
async function look({ tree, globs, skip }: Walk, path: string): Promise<BigIntStats | undefined> {
  const bytes = Buffer.from(path, 'latin1');
  if (globs.matches(path)) return skip('Excluded', bytes);
  if (bytes.length > longestPathBytes) return skip('TooLong', bytes);
  try {
    const stat = await lstat(absolutePath(tree, path), { bigint: true });
    const special = specialKind(stat);
    return special === undefined ? stat : skip(special, bytes);
  } catch (error) {
    return skip(kindOfError(tree, error), bytes);
  }
}

function specialKind(stat: BigIntStats): LeftOutKind | undefined {
  if (stat.isFIFO()) return 'Pipe';
  if (stat.isSocket()) return 'Socket';
  return stat.isCharacterDevice() || stat.isBlockDevice() ? 'Device' : undefined;
}

function failed(tree: WalkedTree, error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new JobError(
    'FileTreeFailed',
    `file tree ${tree.name} cannot be read at ${tree.path}: ${error.message}`,
    error,
  );
}
