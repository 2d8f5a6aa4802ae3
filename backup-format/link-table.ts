/**
 * Files with several names, by inode: 44 bytes each, so a tree of millions of hard links stays within bounds.
 */

/** Two numbers of 32 bits from a digest. They can be summed up for files with many names. */
export type Half = readonly [number, number];

/** Identifies the file, whatever its name. */
export interface Inode {
  readonly device: bigint;
  readonly number: bigint;
}

/** What digests say about a file; all but the names as found with its first name. */
export interface LinkedFile {
  /** Sum over its names. */
  readonly names: Half;
  readonly content: Half;
  readonly rights: Half;
  readonly time: Half;
}

/** A row has two words of the inode, the number of the first name, then the fields of {@link LinkedFile}. */
const words = 11;

export class LinkTable {
  #capacity = 256;
  #count = 0;
  #rows = new Uint32Array(this.#capacity * words);

  /** @returns the number of its first name; undefined if this is the first. */
  add(number: number, inode: Inode, { names, content, rights, time }: LinkedFile): number | undefined {
    const [low, high] = keyOf(inode);
    const at = this.#find(low, high) * words;
    const first = this.#rows[at + 2] ?? 0;
    if (first !== 0) {
      // Typed arrays wrap around, as the sum should.
      this.#rows[at + 3] = (this.#rows[at + 3] ?? 0) + names[0];
      this.#rows[at + 4] = (this.#rows[at + 4] ?? 0) + names[1];
      return first;
    }
    this.#rows.set([low, high, number, ...names, ...content, ...rights, ...time], at);
    this.#count++;
    if (this.#count * 2 > this.#capacity) this.#grow();
    return undefined;
  }

  /** Each file once, with the sum of its names. */
  *all(): Generator<LinkedFile> {
    for (let at = 0; at < this.#rows.length; at += words) {
      if (this.#rows[at + 2] === 0) continue;
      const half = (word: number): Half => [this.#rows[at + word] ?? 0, this.#rows[at + word + 1] ?? 0];
      yield { names: half(3), content: half(5), rights: half(7), time: half(9) };
    }
  }

  /** The row of an inode, or the free row where it belongs. */
  #find(low: number, high: number): number {
    const mask = this.#capacity - 1;
    for (let row = Math.imul(low ^ high, 0x9e3779b1) & mask; ; row = (row + 1) & mask) {
      const at = row * words;
      if (this.#rows[at + 2] === 0 || (this.#rows[at] === low && this.#rows[at + 1] === high)) return row;
    }
  }

  #grow(): void {
    const old = this.#rows;
    this.#capacity *= 2;
    this.#rows = new Uint32Array(this.#capacity * words);
    for (let at = 0; at < old.length; at += words) {
      const row = old.subarray(at, at + words);
      if (row[2] !== 0) this.#rows.set(row, this.#find(row[0] ?? 0, row[1] ?? 0) * words);
    }
  }
}

/**
 * Inodes of one tree may be of several devices. The device's number goes into the upper word, which is mostly
 * empty.
 */
function keyOf({ device, number }: Inode): readonly [number, number] {
  const high = (number >> 32n) ^ (device * 0x9e3779b1n);
  return [Number(number & 0xffffffffn), Number(high & 0xffffffffn)];
}
