/**
 * Memory that the job's threads share, in slots of one chunk each. The main thread fills a slot; a worker
 * hashes and compresses it in place. Digest and stored length stand beside it. Nothing is copied between
 * threads.
 */
import { chunkBytes } from '../../backup-format/names.ts';
import { longestStoredBytes } from '../../backup-format/index-format.ts';

const digestBytes = 32;

export interface SharedSlots {
  readonly data: SharedArrayBuffer;
  readonly digests: SharedArrayBuffer;
  /** Two numbers per slot: length of the chunk and stored length (0: only zeros). */
  readonly lengths: SharedArrayBuffer;
}

export function allocateSlots(count: number): SharedSlots {
  return {
    data: new SharedArrayBuffer(count * longestStoredBytes),
    digests: new SharedArrayBuffer(count * digestBytes),
    lengths: new SharedArrayBuffer(count * 8),
  };
}

/** Views of the slots. Each thread has its own over the same memory. */
export class Slots {
  readonly shared: SharedSlots;
  readonly #data: Buffer;
  readonly #digests: Buffer;
  readonly #lengths: Uint32Array;

  constructor(shared: SharedSlots) {
    this.shared = shared;
    this.#data = Buffer.from(shared.data);
    this.#digests = Buffer.from(shared.digests);
    this.#lengths = new Uint32Array(shared.lengths);
  }

  get count(): number {
    return this.#lengths.length / 2;
  }

  /** The slot's whole memory. */
  room(slot: number): Buffer {
    return this.#data.subarray(slot * longestStoredBytes, (slot + 1) * longestStoredBytes);
  }

  /** Where the chunk lies until it is compressed. */
  chunk(slot: number): Buffer {
    return this.#data.subarray(slot * longestStoredBytes, slot * longestStoredBytes + this.length(slot));
  }

  stored(slot: number): Buffer {
    return this.#data.subarray(
      slot * longestStoredBytes,
      slot * longestStoredBytes + this.storedLength(slot),
    );
  }

  digest(slot: number): Buffer {
    return this.#digests.subarray(slot * digestBytes, (slot + 1) * digestBytes);
  }

  length(slot: number): number {
    return this.#lengths[slot * 2] ?? 0;
  }

  setLength(slot: number, bytes: number): void {
    if (bytes > chunkBytes) throw new RangeError(`a chunk of ${bytes} bytes`);
    this.#lengths[slot * 2] = bytes;
  }

  storedLength(slot: number): number {
    return this.#lengths[slot * 2 + 1] ?? 0;
  }

  setStoredLength(slot: number, bytes: number): void {
    this.#lengths[slot * 2 + 1] = bytes;
  }
}
