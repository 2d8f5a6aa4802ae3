/** Restores as tests need them: what a backup in the blob double became, asked for as the operator does. */
import { atOnce } from '../pauses.ts';
import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { BackupJobResult } from '../../../jobs/backup.ts';
import type { RestoreJobInput, RestoreJobResult } from '../../../jobs/restore.ts';
import { paths } from '../../../backup-format/names.ts';
import { parsePackList } from '../../../backup-format/pack-list.ts';
import { readAttributes } from '../../../toolbox/files/xattr.ts';
import { restore } from '../../../toolbox/restore/restore.ts';
import type { JobProgress } from '../../../jobs/job.ts';
import type { BlobDouble } from './blob-double.ts';
import { identity } from './job-builder.ts';
import { checkedResult } from './job-result.ts';

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

/** What the operator would hand to a restore job. */
export function backupToRead(double: BlobDouble, result: BackupJobResult): RestoreJobInput['backup'] {
  const { backupID, indexParts, attributeParts = [], packList, dataSets } = result;
  const url = (name: string): string => double.url(paths.part(identity, backupID, name));
  const list = double.blobs.get(paths.part(identity, backupID, packList.name)) ?? Buffer.alloc(0);
  return {
    backupID,
    identity,
    indexParts: indexParts.map(({ name, bytes, sha256 }) => ({ url: url(name), bytes, sha256 })),
    attributeParts: attributeParts.map(({ name, bytes, sha256 }) => ({ url: url(name), bytes, sha256 })),
    packs: parsePackList(zstdDecompressSync(list).toString('latin1'), backupID).map(
      ({ number, epoch, sha256, bytes }) => ({
        number,
        url: double.url(paths.pack(identity, epoch, sha256)),
        bytes,
        sha256,
      }),
    ),
    dataSets,
  };
}

export function restoreInput(
  backup: RestoreJobInput['backup'],
  path: string,
  change: Partial<RestoreJobInput> = {},
): RestoreJobInput {
  return {
    type: 'restore',
    loadID: 'load-1',
    onData: 'Refuse',
    backup,
    fileTrees: [{ name: 'files', path, uid, gid }],
    limits: { threads: 2 },
    ...change,
  };
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
}

/** Each run has its own scratch directory, as each job has its own container. */
export async function runRestore(
  input: RestoreJobInput,
  { signal, onProgress }: RunOptions = {},
): Promise<RestoreJobResult> {
  const scratch = await mkdtemp(join(tmpdir(), 'restore-scratch-'));
  try {
    const result = await restore(input, {
      report: onProgress ?? (() => undefined),
      signal: signal ?? new AbortController().signal,
      scratch,
      pauses: atOnce,
    });
    return checkedResult('restore', result);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Everything visible below a directory: type, mode, owner, time, number of names, attributes, content or
 * target. This project's own directory is left out.
 */
export async function picture(root: string, below = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(join(root, below), { encoding: 'buffer' }))
    .map((bytes) => bytes.toString('latin1'))
    .toSorted()) {
    const path = below === '' ? name : `${below}/${name}`;
    if (path === '.jtel-operator') continue;
    const absolute = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
    const seen = await lstat(absolute);
    const about = `${(seen.mode & 0o7777).toString(8)} ${seen.uid}:${seen.gid} ${Math.floor(seen.mtimeMs / 1000)}`;
    if (seen.isDirectory()) Object.assign(found, { [`${path}/`]: about }, await picture(root, path));
    else if (seen.isSymbolicLink()) found[path] = `link to ${await readlink(absolute)}`;
    else
      found[path] = `${about}${namesOf(seen)}${attributesOf(absolute)} ${createHash('sha256')
        .update(await readFile(absolute))
        .digest('hex')}`;
  }
  return found;
}

function namesOf({ nlink }: { readonly nlink: number }): string {
  return nlink === 1 ? '' : ` ${nlink} names`;
}

function attributesOf(path: Buffer): string {
  return readAttributes(path)
    .kept.map(({ name, value }) => ` ${name}=${value.toString('hex')}`)
    .join('');
}

/** Everything that lies in a directory, this project's own directory too. */
export async function everything(root: string): Promise<readonly string[]> {
  return (await readdir(root, { recursive: true })).toSorted();
}
