/**
 * Checks the SQL dump of a release, which is compressed with zstd. A dump that was cut off loads without an
 * error, so its end marker must be there before anything is loaded.
 */
import { ArchiveError } from './archive-error.ts';
import { decompressFrames } from './zstd-frames.ts';

const tailBytes = 512;
const aTable = 'CREATE TABLE';

/** True if the last lines of a dump say that mariadb-dump finished. */
export function hasEndMarker(tail: string): boolean {
  return /(^|\n)-- Dump completed( on [^\n]*)?\n*$/.test(tail);
}

/** Reads all of it. @returns bytes of the SQL. @throws {ArchiveError} */
export async function checkDump(compressed: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  let tail: Buffer = Buffer.alloc(0);
  let hasTables = false;
  for await (const chunk of decompressFrames(compressed)) {
    signal.throwIfAborted();
    bytes += chunk.length;
    const start = tail.subarray(-aTable.length);
    hasTables ||=
      chunk.includes(aTable) || Buffer.concat([start, chunk.subarray(0, aTable.length)]).includes(aTable);
    tail = Buffer.concat([tail, chunk.subarray(-tailBytes)]).subarray(-tailBytes);
  }
  if (!hasEndMarker(tail.toString('utf8'))) {
    throw new ArchiveError('it was cut off: the dump does not end with "-- Dump completed"');
  }
  if (!hasTables) throw new ArchiveError('it has no table');
  return bytes;
}
