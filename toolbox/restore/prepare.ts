/**
 * The companion's part: the database's own tool makes the gathered files a database that is whole
 * (jobs/companion.ts).
 */
import { chmod, chown, lstat, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { completionMark, exchange } from '../../jobs/companion.ts';
import { backupOptionsName, lackedKeys, preparingOptions } from '../database/at-rest.ts';
import { JobError } from '../job-error.ts';
import { readOwn } from '../files/durable.ts';
import type { Place } from './places.ts';

const startSeconds = 60;
/** The companion gives a sign of life every two seconds. */
const silentSeconds = 60;
const lookMilliseconds = 100;
const longestOptions = 64 * 1024;
/** Files that the tool leaves for people and for its own next step. */
const leftovers = /^(xtrabackup_|mariadb_backup_|backup-my\.cnf$)/;

/**
 * @param directory of the gathered database.
 * @param keyPaths see {@link preparingOptions}.
 * @throws {JobError} PrepareFailed, DatabaseKeysMissing
 */
export async function prepareDatabase(
  exchangePath: string,
  directory: string,
  place: Place,
  keyPaths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await replaceOptions(join(directory, backupOptionsName), keyPaths);
  const path = (name: string): string => join(exchangePath, name);
  await waitFor(path(exchange.started), startSeconds, 'it did not start', signal);
  await writeFile(path(exchange.prepare), '');
  await waitFor(path(exchange.exitCode), undefined, 'it went away', signal, path(exchange.alive));
  const code = (await readOwn(path(exchange.exitCode)))?.trim();
  const log = (await readOwn(path(exchange.log))) ?? '';
  // The tool may still end well without them.
  const keys = lackedKeys(log);
  if (keys !== undefined)
    throw new JobError(
      'DatabaseKeysMissing',
      `the keys of encryption at rest that are there are not those of the backup's database, so its files cannot be prepared (${keys}); the old data was not touched`,
    );
  if (code !== '0' || !log.includes(completionMark)) {
    const last = log.trim().split('\n').slice(-5).join('\n').slice(-1000);
    throw new JobError(
      'PrepareFailed',
      `mariadb-backup --prepare ended with exit code ${code ?? 'unknown'}: ${last || 'it said nothing'}; the old data was not touched`,
    );
  }
  await finish(directory, place, true);
}

/** The tool trusts this file, so only known lines are written to it. */
async function replaceOptions(path: string, keyPaths: readonly string[]): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isFile() || found.size > longestOptions)
    throw new JobError(
      'PrepareFailed',
      `${backupOptionsName} of the backup is no option file; the old data was not touched`,
    );
  const options = preparingOptions(await readFile(path, 'utf8'), keyPaths);
  await rm(path);
  await writeFile(path, options, { mode: 0o600, flag: 'wx' });
}

async function waitFor(
  file: string,
  seconds: number | undefined,
  otherwise: string,
  signal: AbortSignal,
  signOfLife?: string,
): Promise<void> {
  const start = Date.now();
  while ((await readOwn(file)) === undefined) {
    const seen = signOfLife === undefined ? start : Math.max(start, await modified(signOfLife));
    if (Date.now() - seen > (seconds ?? silentSeconds) * 1000) {
      throw new JobError(
        'PrepareFailed',
        `the companion that prepares the database cannot be relied on: ${otherwise}; look at its log on the host`,
      );
    }
    await delay(lookMilliseconds, undefined, { signal });
  }
}

async function modified(path: string): Promise<number> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** Sets owners and modes, also of files that the tool made; the tool works as root. */
async function finish(directory: string, place: Place, isRoot: boolean): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (isRoot && leftovers.test(entry.name)) await rm(path, { recursive: true, force: true });
    else if (entry.isDirectory()) await finish(path, place, false);
    else if (entry.isFile()) {
      await chown(path, place.uid, place.gid);
      await chmod(path, 0o660);
    }
  }
  await chown(directory, place.uid, place.gid);
  await chmod(directory, 0o700);
}
