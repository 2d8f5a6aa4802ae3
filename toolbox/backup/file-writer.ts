/** Cuts one file into chunks at fixed offsets. */
import { hash } from 'node:crypto';
import { chunkBytes } from '../../backup-format/names.ts';
import type { FileFacts, IndexedFile } from './entries.ts';

/** Where chunks go. */
export interface ChunkTarget {
  takeSlot(): { readonly slot: number; readonly room: Buffer };
  addChunk(file: IndexedFile, offset: number, slot: number, length: number): void;
  addZeros(file: IndexedFile, offset: number, length: number): void;
  addFile(file: IndexedFile, facts: FileFacts): void;
}

export class FileWriter {
  readonly #target: ChunkTarget;
  readonly #file: IndexedFile;
  #offset = 0;
  #slot: { readonly slot: number; readonly room: Buffer } | undefined;
  #filled = 0;

  constructor(target: ChunkTarget, file: IndexedFile) {
    this.#target = target;
    this.#file = file;
  }

  /** Length so far. */
  get bytes(): number {
    return this.#offset + this.#filled;
  }

  /** Bytes of at most one piece; they are copied. */
  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      this.#slot ??= this.#target.takeSlot();
      const copied = bytes.copy(
        this.#slot.room,
        this.#filled,
        at,
        Math.min(bytes.length, at + chunkBytes - this.#filled),
      );
      at += copied;
      this.#filled += copied;
      if (this.#filled === chunkBytes) this.flush();
    }
  }

  zeros(length: number): void {
    let left = length;
    if (this.#filled > 0) {
      const some = Math.min(left, chunkBytes - this.#filled);
      this.write(Buffer.alloc(some));
      left -= some;
    }
    for (; left >= chunkBytes; left -= chunkBytes) {
      this.#target.addZeros(this.#file, this.#offset, chunkBytes);
      this.#offset += chunkBytes;
    }
    if (left > 0) this.write(Buffer.alloc(left));
  }

  /** The last chunk may be shorter than the others. Nothing may be written after it. */
  flush(): void {
    if (this.#slot === undefined) return;
    this.#target.addChunk(this.#file, this.#offset, this.#slot.slot, this.#filled);
    this.#offset += this.#filled;
    this.#filled = 0;
    this.#slot = undefined;
  }

  /** Flushes the file and puts it into the index. */
  end(facts: FileFacts): void {
    this.flush();
    this.#target.addFile(this.#file, facts);
  }
}

const wholeZeros = hash('sha256', Buffer.alloc(chunkBytes));

export function zeroDigest(length: number): string {
  return length === chunkBytes ? wholeZeros : hash('sha256', Buffer.alloc(length));
}
