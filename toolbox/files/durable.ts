/**
 * Writes this project's small files and directories into volumes: never through a link, on disk on return.
 */
import { execFile } from 'node:child_process';
import { lstat, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { JobError } from '../job-error.ts';

/** Makes the directory if it is missing. @throws {JobError} DataNotEmpty when something else has its name. */
export async function ownDirectory(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  if (!(await lstat(path)).isDirectory())
    throw new JobError(
      'DataNotEmpty',
      `${path} is not a directory: something else has this project's name; look at it by hand`,
    );
}

/** Either the old content or the new one is there at all times. */
export async function replaceFile(path: string, content: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** @returns undefined when there is no such file. */
export async function readOwn(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Afterwards the names in it are on disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Afterwards everything written to the file systems of these paths is on disk. */
export async function syncAll(paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await promisify(execFile)('sync', ['-f', ...paths]);
}
