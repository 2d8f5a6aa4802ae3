/**
 * A thread that unpacks: proves the pack and each chunk of it, and writes chunks to where they lie in their
 * files.
 */
import { hash } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { workerData } from 'node:worker_threads';
import { backupCipher } from '../../backup-format/encryption.ts';
import { FormatError } from '../../backup-format/schema.ts';
import { chunkBytes } from '../../backup-format/names.ts';
import { Collector } from '../collect.ts';
import { serve } from '../thread.ts';
import { newDecompressor } from '../zstd.ts';
import { at, extentBytes } from './extents.ts';
import { stagedFile } from './pack-tasks.ts';
import type { PackAnswer, PackTask, PackWorkerSettings } from './pack-tasks.ts';

const { stagedIn, key } = workerData as PackWorkerSettings;
const cipher = key === undefined ? undefined : backupCipher(key);
const openFiles = 64;
const decompress = newDecompressor();
/** Room for exactly one chunk: a frame that holds more is refused. */
const room = Buffer.alloc(chunkBytes + 64);
const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;

const collector = new Collector(8 * 1024 * 1024);

/** Descriptors by path, the most recently used at the end. */
const descriptors = new Map<string, number>();

class Refused extends Error {
  readonly kind: 'Invalid' | 'Key';

  constructor(kind: 'Invalid' | 'Key', message: string) {
    super(message);
    this.kind = kind;
  }
}

function descriptorOf(path: string): number {
  const known = descriptors.get(path);
  if (known !== undefined) {
    descriptors.delete(path);
    descriptors.set(path, known);
    return known;
  }
  if (descriptors.size >= openFiles) {
    const [[oldest, descriptor] = []] = descriptors;
    if (oldest !== undefined && descriptor !== undefined) {
      descriptors.delete(oldest);
      closeSync(descriptor);
    }
  }
  const opened = openOrMake(path);
  descriptors.set(path, opened);
  return opened;
}

function openOrMake(path: string): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, flags, 0o600);
  }
}

function run({ memory, bytes, sha256, extents: raw, purpose }: PackTask): number {
  const pack = Buffer.from(memory, 0, bytes);
  if (hash('sha256', pack) !== sha256)
    throw new Refused('Invalid', 'its content is not what the pack list says');
  const extents = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  let written = 0;
  /** The chunk that lies in `room`. */
  let last: { readonly offset: number; readonly chunk: Buffer } | undefined;
  for (let start = 0; start < extents.length; start += extentBytes) {
    const offset = extents.readUInt32LE(start + at.packOffset);
    const length = extents.readUInt32LE(start + at.length);
    const chunk =
      last?.offset === offset
        ? last.chunk
        : unpack(pack.subarray(offset, offset + extents.readUInt32LE(start + at.storedLength)));
    last = { offset, chunk };
    const digest = extents.subarray(start + at.sha256, start + extentBytes);
    if (chunk.length !== length || hash('sha256', chunk, 'binary') !== digest.toString('binary'))
      throw new Refused('Invalid', `the chunk at ${offset} is not what the index says`);
    const directory = stagedIn[extents.readUInt32LE(start + at.set)];
    if (purpose === 'Write' && directory !== undefined) {
      write(
        descriptorOf(stagedFile(directory, extents.readUInt32LE(start + at.file))),
        chunk,
        extents.readDoubleLE(start + at.offset),
      );
    }
    written += length;
  }
  return written;
}

function unpack(stored: Buffer): Buffer {
  let frame: Uint8Array = stored;
  if (cipher !== undefined) {
    try {
      frame = cipher.decrypt(stored);
      collector.used(frame.length);
    } catch (error) {
      // The pack is the one on the list, so it was not altered.
      if (error instanceof FormatError)
        throw new Refused('Key', 'it cannot be decrypted with the key that was given');
      throw error;
    }
  }
  try {
    return room.subarray(0, decompress(frame, room));
  } catch (error) {
    throw new Refused('Invalid', `a chunk cannot be decompressed: ${(error as Error).message}`);
  }
}

function write(descriptor: number, chunk: Buffer, position: number): void {
  for (let done = 0; done < chunk.length;)
    done += writeSync(descriptor, chunk, done, chunk.length - done, position + done);
}

function errorOf(error: unknown): NonNullable<PackAnswer['error']> {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Refused) return { kind: error.kind, message };
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? { kind: 'Internal', message } : { kind: 'Disk', message, code };
}

serve((task: PackTask): PackAnswer => {
  try {
    return { bytes: run(task) };
  } catch (error) {
    return { bytes: 0, error: errorOf(error) };
  }
});
