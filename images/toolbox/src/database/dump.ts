/** SQL dumps: a dump that was cut off loads without an error, so its end marker is looked for before anything is loaded. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { JobError } from '../job-error.ts';
import { describeDataSet } from '../download.ts';
import type { DataSetSpec } from '../spec.ts';

const tailBytes = 512;

/** Decompressed content of a downloaded data set. Errors surface on the returned stream. */
export function openDataSet(path: string): Readable {
  const decompressed = createZstdDecompress();
  const source = createReadStream(path, { highWaterMark: 1 << 20 });
  source.on('error', (error) => decompressed.destroy(error));
  decompressed.on('close', () => source.destroy());
  return source.pipe(decompressed);
}

/** True when the last lines of a dump say that mariadb-dump got to its end. */
export function hasEndMarker(tail: string): boolean {
  return /(^|\n)-- Dump completed( on [^\n]*)?\n*$/.test(tail);
}

/** @returns bytes of the dump. @throws {JobError} DataSetCorrupt */
export async function verifyDump(set: DataSetSpec, path: string, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  let tail: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of openDataSet(path) as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      bytes += chunk.length;
      tail = chunk.length >= tailBytes ? chunk.subarray(-tailBytes) : Buffer.concat([tail, chunk]).subarray(-tailBytes);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new JobError('DataSetCorrupt', `${describeDataSet(set)} is no zstd file or was cut off: ${(error as Error).message}; nothing was written`, error);
  }
  if (!hasEndMarker(tail.toString('utf8'))) {
    throw new JobError('DataSetCorrupt', `${describeDataSet(set)} was cut off: the dump does not end with "-- Dump completed"; nothing was written`);
  }
  return bytes;
}
