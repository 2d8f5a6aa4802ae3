/**
 * A sorted file of chunk records on the job's scratch disk: sha256 (32 bytes), then pack, offset and stored
 * length (4 bytes each, little-endian). Only the beginning of each block's first digest is in memory.
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';

export const recordBytes = 44;
const recordsPerBlock = 64;
const blockBytes = recordBytes * recordsPerBlock;
const bufferBytes = recordBytes * 4096;

/** Writes records in ascending order of their digests. */
export class RunWriter {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);
  #buffered = 0;
  #records = 0;
  #fences = new Uint32Array(1024);

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'wx+', 0o600);
  }

  add(memory: Buffer, at: number): void {
    if (this.#records % recordsPerBlock === 0) this.#fence(memory.readUInt32BE(at));
    if (this.#buffered === bufferBytes) this.#flush();
    memory.copy(this.#buffer, this.#buffered, at, at + recordBytes);
    this.#buffered += recordBytes;
    this.#records++;
  }

  finish(): ChunkRun {
    this.#flush();
    return new ChunkRun(
      this.#path,
      this.#descriptor,
      this.#records,
      this.#fences.slice(0, Math.ceil(this.#records / recordsPerBlock)),
    );
  }

  #fence(prefix: number): void {
    const block = this.#records / recordsPerBlock;
    if (block === this.#fences.length) {
      const grown = new Uint32Array(block * 2);
      grown.set(this.#fences);
      this.#fences = grown;
    }
    this.#fences[block] = prefix;
  }

  #flush(): void {
    for (let at = 0; at < this.#buffered;)
      at += writeSync(this.#descriptor, this.#buffer, at, this.#buffered - at);
    this.#buffered = 0;
  }
}

export class ChunkRun {
  readonly records: number;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #fences: Uint32Array;
  readonly #block = Buffer.allocUnsafe(blockBytes);

  constructor(path: string, descriptor: number, records: number, fences: Uint32Array) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.records = records;
    this.#fences = fences;
  }

  /** Returns the record in memory that the next call overwrites, or undefined. */
  find(digest: Buffer): Buffer | undefined {
    const prefix = digest.readUInt32BE(0);
    // Records with the same beginning may start in the block before the first block that begins with it.
    for (let block = Math.max(0, this.#firstNotBefore(prefix) - 1); block < this.#fences.length; block++) {
      if ((this.#fences[block] ?? 0) > prefix) return undefined;
      const bytes = readFully(
        this.#descriptor,
        this.#block,
        block * blockBytes,
        Math.min(blockBytes, this.records * recordBytes - block * blockBytes),
      );
      const found = findIn(this.#block, bytes / recordBytes, digest);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** All records in order, each in memory that the next one overwrites. */
  *all(): Generator<{ readonly memory: Buffer; readonly at: number }> {
    const buffer = Buffer.allocUnsafe(bufferBytes);
    for (let position = 0; position < this.records * recordBytes; position += bufferBytes) {
      const bytes = readFully(
        this.#descriptor,
        buffer,
        position,
        Math.min(bufferBytes, this.records * recordBytes - position),
      );
      for (let at = 0; at < bytes; at += recordBytes) yield { memory: buffer, at };
    }
  }

  remove(): void {
    closeSync(this.#descriptor);
    unlinkSync(this.#path);
  }

  #firstNotBefore(prefix: number): number {
    let low = 0;
    let high = this.#fences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#fences[middle] ?? 0) < prefix) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function findIn(block: Buffer, records: number, digest: Buffer): Buffer | undefined {
  let low = 0;
  let high = records;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = block.compare(digest, 0, 32, middle * recordBytes, middle * recordBytes + 32);
    if (order === 0) return block.subarray(middle * recordBytes, (middle + 1) * recordBytes);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

function readFully(descriptor: number, buffer: Buffer, position: number, bytes: number): number {
  let done = 0;
  while (done < bytes) {
    const read = readSync(descriptor, buffer, done, bytes - done, position + done);
    if (read === 0) throw new Error('a scratch file of the job ends early');
    done += read;
  }
  return bytes;
}
