/** A thread that hashes, compresses and encrypts chunks. */
import { createHash, hash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

/**
 * Each compression leaves a buffer behind, and V8 lets 64 MB of them gather in each thread before it looks: this is how the
 * job stays small. A minor collection takes a millisecond.
 */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;
const chunksBetween = 128;
let chunksSince = 0;

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
  if (++chunksSince < chunksBetween) return;
  chunksSince = 0;
  collect({ type: 'minor' });
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
