/**
 * Fetches each pack that is needed once, several at a time, and has its chunks proven and written by threads.
 */
import { packBytes } from '../../backup-format/names.ts';
import type { BackupToRead, PackToRead } from '../../jobs/restore.ts';
import { nameOf } from './blob-reader.ts';
import type { BlobReader } from './blob-reader.ts';
import { at, extentBytes } from './extents.ts';
import type { PackExtents } from './extents.ts';
import type { PackTask } from './pack-tasks.ts';
import type { PackThreads } from './pack-threads.ts';
import type { Survey } from './survey.ts';

export interface Unpacking {
  readonly backup: BackupToRead;
  readonly survey: Survey;
  readonly reader: BlobReader;
  readonly threads: PackThreads;
  /** Packs in memory at the same time, whether being fetched or unpacked. */
  readonly slots: number;
  readonly purpose: PackTask['purpose'];
  /** Packs that an earlier try has finished. */
  readonly skip: (pack: number) => boolean;
  /** @param bytes of the files. */
  readonly onPack: (pack: number, bytes: number) => void | Promise<void>;
}

/** @throws {JobError} the first failure; nothing goes on in the background after that. */
export async function unpackAll(unpacking: Unpacking): Promise<void> {
  const { survey, slots } = unpacking;
  const free = Array.from({ length: slots }, () => new SharedArrayBuffer(packBytes.longest));
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (const one of survey.extents.packs(unpacking.skip)) {
    if (free.length === 0) await Promise.race(running);
    const memory = free.pop();
    if (failures.length > 0 || memory === undefined) break;
    const work = unpackOne(unpacking, one, memory)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => {
        free.push(memory);
        running.delete(work);
      });
    running.add(work);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}

async function unpackOne(
  { backup, survey, reader, threads, purpose, onPack }: Unpacking,
  { pack, extents }: PackExtents,
  memory: SharedArrayBuffer,
): Promise<void> {
  const blob: PackToRead | undefined = backup.packs[pack - 1];
  if (blob === undefined) throw new RangeError(`pack ${pack} is none of the backup`);
  for (let start = 0; start < extents.length; start += extentBytes) {
    extents.writeUInt32LE(survey.setOf(extents.readUInt32LE(start + at.file)), start + at.set);
  }
  await reader.read(blob, Buffer.from(memory));
  const bytes = await threads.run(
    { memory, bytes: blob.bytes, sha256: blob.sha256, extents, purpose },
    `pack ${nameOf(blob)}`,
  );
  await onPack(pack, bytes);
}
