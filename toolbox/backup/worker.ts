/** A thread that hashes, compresses and encrypts chunks. */
import { hash } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { backupCipher } from '../../backup-format/encryption.ts';
import { chunkBytes } from '../../backup-format/names.ts';
import { Collector } from '../collect.ts';
import { serve } from '../thread.ts';
import { newCompressor } from '../zstd.ts';
import { Slots } from './memory.ts';
import type { Answer, Task, WorkerSettings } from './tasks.ts';

const { slots: shared, compressionLevel, key } = workerData as WorkerSettings;
const slots = new Slots(shared);
const cipher = key === undefined ? undefined : backupCipher(key);
const zeros = Buffer.alloc(chunkBytes);
const compress = newCompressor(compressionLevel);
/** A frame is at most this much longer than its chunk. */
const frame = Buffer.alloc(chunkBytes + 512);
const collector = new Collector(8 * 1024 * 1024);

function hashSlot(slot: number): void {
  const chunk = slots.chunk(slot);
  slots.digest(slot).write(hash('sha256', chunk, 'binary'), 'binary');
  slots.setStoredLength(slot, chunk.compare(zeros, 0, chunk.length) === 0 ? 0 : 1);
}

function compressSlot(slot: number): void {
  const compressed = frame.subarray(0, compress(slots.chunk(slot), frame));
  const stored = cipher === undefined ? compressed : cipher.encrypt(compressed);
  slots.room(slot).set(stored);
  slots.setStoredLength(slot, stored.length);
  if (cipher !== undefined) collector.used(stored.length);
}

function hashAndCompressSlot(slot: number): void {
  hashSlot(slot);
  if (slots.storedLength(slot) > 0) compressSlot(slot);
}

function run(task: Task): Answer {
  if (task.kind === 'hash') task.slots.forEach(hashSlot);
  else if (task.kind === 'hashAndCompress') task.slots.forEach(hashAndCompressSlot);
  else if (task.kind === 'compress') task.slots.forEach(compressSlot);
  else {
    const pack = Buffer.from(task.memory, 0, task.bytes);
    return { sealed: { sha256: hash('sha256', pack), md5: hash('md5', pack, 'base64') } };
  }
  return {};
}

serve((task: Task): Answer => {
  try {
    return run(task);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
});
