/** Data sets as jobs fetch them, opened and proven before anything is loaded. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { ArchiveError } from '../../release/archive/archive-error.ts';
import { checkDump } from '../../release/archive/dump.ts';
import { decompressFrames } from '../../release/archive/zstd-frames.ts';
import { describeDataSet } from '../download.ts';
import { JobError } from '../job-error.ts';
import type { VanillaSet } from '../../jobs/load.ts';

/** A data set as it was fetched, still compressed. */
export function openCompressed(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, { highWaterMark: 1 << 20 });
}

/** Decompressed content of a downloaded data set. Errors surface on the returned stream. */
export function openDataSet(path: string): Readable {
  return Readable.from(decompressFrames(openCompressed(path)), { objectMode: false });
}

/** @returns bytes of the dump. @throws {JobError} DataSetCorrupt */
export async function verifyDump(set: VanillaSet, path: string, signal: AbortSignal): Promise<number> {
  try {
    return await checkDump(openCompressed(path), signal);
  } catch (error) {
    throw asCorrupt(set, error);
  }
}

/**
 * Blames the data set for content that cannot be read exactly. Errors of the file system stay what they are.
 */
export function asCorrupt(set: VanillaSet, error: unknown): unknown {
  if (!(error instanceof ArchiveError)) return error;
  const what = `${describeDataSet(set)} cannot be used: ${error.message}; nothing was written`;
  return new JobError('DataSetCorrupt', what, error);
}
