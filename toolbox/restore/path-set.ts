/**
 * Which paths an index has named, and what they are. An index may have millions, so only a 64-bit digest of
 * each path is kept. Two paths with the same digest (three in a hundred million, at a million paths) count
 * as one path named twice, and the index is refused; a path named twice is never missed.
 */

export type PathKind = 'Directory' | 'File' | 'Link' | 'Parent';
const kinds: readonly (PathKind | undefined)[] = [undefined, 'Directory', 'File', 'Link', 'Parent'];

export class PathSet {
  #capacity = 1024;
  #count = 0;
  #high = new Uint32Array(this.#capacity);
  #low = new Uint32Array(this.#capacity);
  #kinds = new Uint8Array(this.#capacity);

  get size(): number {
    return this.#count;
  }

  get(path: string): PathKind | undefined {
    const [high, low] = digest(path);
    return kinds[this.#kinds[this.#place(high, low)] ?? 0];
  }

  set(path: string, kind: PathKind): void {
    const [high, low] = digest(path);
    const place = this.#place(high, low);
    if (this.#kinds[place] === 0) this.#count++;
    this.#put(place, high, low, kinds.indexOf(kind));
    if (this.#count * 2 > this.#capacity) this.#grow();
  }

  #put(place: number, high: number, low: number, kind: number): void {
    this.#high[place] = high;
    this.#low[place] = low;
    this.#kinds[place] = kind;
  }

  /** Where it is, or the free place where it would go. */
  #place(high: number, low: number): number {
    const mask = this.#capacity - 1;
    for (let place = low & mask; ; place = (place + 1) & mask) {
      if (this.#kinds[place] === 0 || (this.#high[place] === high && this.#low[place] === low)) return place;
    }
  }

  #grow(): void {
    const [highs, lows, old] = [this.#high, this.#low, this.#kinds];
    this.#capacity *= 2;
    this.#high = new Uint32Array(this.#capacity);
    this.#low = new Uint32Array(this.#capacity);
    this.#kinds = new Uint8Array(this.#capacity);
    for (let index = 0; index < old.length; index++) {
      const [high = 0, low = 0, kind = 0] = [highs[index], lows[index], old[index]];
      if (kind !== 0) this.#put(this.#place(high, low), high, low, kind);
    }
  }
}

/**
 * Two FNV-1a sums with different beginnings, mixed at the end. They are fast, and spread evenly enough for a
 * table.
 */
function digest(path: string): readonly [number, number] {
  let high = 0x811c9dc5;
  let low = 0x01000193 ^ path.length;
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca6b);
    low ^= low >>> 13;
  }
  return [mixed(high), mixed(low)];
}

function mixed(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  return (once ^ (once >>> 15)) >>> 0;
}
