/** A thread that hashes, compresses and encrypts chunks. */
import { createHash, hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { constants, zstdCompressSync } from 'node:zlib';
import { backupCipher } from '../../../../backup/encryption.ts';
import { chunkBytes } from '../../../../backup/names.ts';
import { Slots } from './memory.ts';
import type { Answer, Task, WorkerSettings } from './tasks.ts';

const { slots: shared, compressionLevel, key } = workerData as WorkerSettings;
const slots = new Slots(shared);
const cipher = key === undefined ? undefined : backupCipher(key);
const zeros = Buffer.alloc(chunkBytes);
const options = {
  // One piece of output: a frame is never much longer than its chunk.
  chunkSize: chunkBytes + 512,
  params: { [constants.ZSTD_c_compressionLevel]: compressionLevel },
};

function hashSlot(slot: number): void {
  const chunk = slots.chunk(slot);
  slots.digest(slot).set(hash('sha256', chunk, 'buffer'));
  slots.setStoredLength(slot, chunk.compare(zeros, 0, chunk.length) === 0 ? 0 : 1);
}

function compressSlot(slot: number): void {
  const frame = zstdCompressSync(slots.chunk(slot), options);
  const stored = cipher === undefined ? frame : cipher.encrypt(frame);
  slots.room(slot).set(stored);
  slots.setStoredLength(slot, stored.length);
}

function run(task: Task): Answer {
  if (task.kind === 'hash') task.slots.forEach(hashSlot);
  else if (task.kind === 'compress') task.slots.forEach(compressSlot);
  else {
    const pack = Buffer.from(task.memory, 0, task.bytes);
    return { sealed: { sha256: hash('sha256', pack), md5: createHash('md5').update(pack).digest('base64') } };
  }
  return {};
}

parentPort?.on('message', (task: Task) => {
  let answer: Answer;
  try {
    answer = run(task);
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});
