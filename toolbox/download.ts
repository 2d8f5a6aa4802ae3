/** Fetches data sets completely and proves them, before the job changes any data. */
import { reasonOf } from './download-error.ts';
import { afterBrokenDownload, pause } from './pauses.ts';
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { open, statfs } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { JobError } from './job-error.ts';
import { storeRefusal } from './store-refusal.ts';
import { formatBytes } from '../base/bytes.ts';
import type { VanillaSet } from '../jobs/load.ts';

const attempts = 6;
const stallSeconds = 60;

/** The name of a data set in messages. It never holds the URL's query, which is a signature. */
export function describeDataSet(set: VanillaSet): string {
  const { origin, pathname } = new URL(set.url);
  return `${set.kind === 'Database' ? 'the database' : `file tree ${set.name ?? ''}`} from ${origin}${pathname}`;
}

/** @throws {JobError} DiskFull before the first byte when the directory cannot hold the data sets. */
export async function checkSpace(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free < bytes * 1.05) {
    throw new JobError(
      'DiskFull',
      `downloading needs ${formatBytes(bytes)} below ${directory} on the host, ${formatBytes(free)} are free: free some space`,
    );
  }
}

/**
 * Writes a data set to `path` and checks length and sha256. After a broken connection it continues where it
 * stopped.
 * @throws {JobError} DownloadFailed, DataSetCorrupt
 */
export async function download(
  set: VanillaSet,
  path: string,
  onBytes: (bytesDone: number) => void,
  signal: AbortSignal,
  pauses = afterBrokenDownload,
): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    const state: Transfer = { set, file, hash: createHash('sha256'), done: 0 };
    for (let attempt = 1; ; attempt++) {
      const before = state.done;
      try {
        await transfer(state, onBytes, signal);
        break;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof JobError || isLocal(error)) throw error;
        if (state.done === set.bytes) break; // the connection broke after the last byte
        // Only attempts that brought nothing count.
        if (state.done > before) attempt = 1;
        if (attempt === attempts) {
          throw new JobError(
            'DownloadFailed',
            `downloading ${describeDataSet(set)} failed ${attempts} times, last: ${reasonOf(error, stallSeconds)}`,
            error,
          );
        }
        await pause(pauses, attempt, signal);
      }
    }
    const digest = state.hash.digest('hex');
    if (state.done !== set.bytes) throw corrupt(set, `it has ${state.done} bytes instead of ${set.bytes}`);
    if (digest !== set.sha256) throw corrupt(set, `its sha256 is ${digest} instead of ${set.sha256}`);
  } finally {
    await file.close();
  }
}

interface Transfer {
  readonly set: VanillaSet;
  readonly file: FileHandle;
  hash: Hash;
  done: number;
}

async function transfer(
  state: Transfer,
  onBytes: (bytesDone: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { set } = state;
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(), stallSeconds * 1000);
  try {
    const response = await fetch(set.url, {
      headers: state.done > 0 ? { range: `bytes=${state.done}-` } : {},
      signal: AbortSignal.any([signal, stall.signal]),
      redirect: 'error',
    });
    if (response.status === 200 && state.done > 0) {
      // The server does not support ranges, so the download starts over.
      state.hash = createHash('sha256');
      state.done = 0;
      await state.file.truncate(0);
    } else if (response.status !== 200 && response.status !== 206) {
      await response.body?.cancel();
      const refusal = storeRefusal(`downloading ${describeDataSet(set)}`, {
        status: response.status,
        code: response.headers.get('x-ms-error-code') ?? '',
      });
      if (refusal !== undefined) throw refusal;
      const what = `downloading ${describeDataSet(set)}: the store answered ${response.status} ${response.headers.get('x-ms-error-code') ?? response.statusText}`;
      if (response.status < 500 && response.status !== 429 && response.status !== 408)
        throw new JobError('DownloadFailed', what);
      throw new Error(what);
    }
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      if (state.done + chunk.length > set.bytes)
        throw corrupt(set, `it has more than the ${set.bytes} bytes it should have`);
      await state.file.write(chunk, 0, chunk.length, state.done);
      state.hash.update(chunk);
      state.done += chunk.length;
      onBytes(state.done);
    }
  } finally {
    clearTimeout(timer);
  }
}

function corrupt(set: VanillaSet, what: string): JobError {
  return new JobError(
    'DataSetCorrupt',
    `${describeDataSet(set)} is not what it should be: ${what}; nothing was written. Publish it again or choose another source`,
  );
}

/** Errors of this machine's disk: trying again does not help. */
function isLocal(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes(String((error as { code?: unknown }).code));
}
