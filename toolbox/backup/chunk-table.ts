/**
 * Knows where chunks lie that need not be stored again. It holds any number of them in bounded memory: the
 * newest in a hash table, the rest in sorted files on the scratch disk, which are merged as they become
 * many.
 */
import { join } from 'node:path';
import { ChunkRun, recordBytes, RunWriter } from './chunk-run.ts';

export interface ChunkPlace {
  /** The job's own number of the pack. */
  readonly pack: number;
  readonly offset: number;
  readonly storedLength: number;
}

/** 15 MiB at the default. */
const defaultInMemory = 2 ** 17;
const mergedAtOnce = 8;

interface Run {
  readonly run: ChunkRun;
  readonly level: number;
}

export class ChunkTable {
  readonly #directory: string;
  readonly #limit: number;
  readonly #memory: Buffer;
  readonly #used: Uint8Array;
  #count = 0;
  #runs: Run[] = [];
  #files = 0;

  /** @param directory an empty one on disk. @param inMemory entries, a power of two. */
  constructor(directory: string, inMemory: number = defaultInMemory) {
    this.#directory = directory;
    this.#limit = inMemory;
    this.#memory = Buffer.alloc(inMemory * 2 * recordBytes);
    this.#used = new Uint8Array(inMemory * 2);
  }

  /** @param digest 32 bytes. */
  find(digest: Buffer): ChunkPlace | undefined {
    const slot = this.#slotOf(digest);
    if (this.#used[slot] === 1) return placeAt(this.#memory, slot * recordBytes);
    for (const { run } of this.#runs) {
      const found = run.find(digest);
      if (found !== undefined) return placeAt(found, 0);
    }
    return undefined;
  }

  /** A digest that is already there keeps its place. */
  add(digest: Buffer, place: ChunkPlace): void {
    if (this.#count === this.#limit) this.#flush();
    const slot = this.#slotOf(digest);
    if (this.#used[slot] === 1) return;
    const at = slot * recordBytes;
    digest.copy(this.#memory, at, 0, 32);
    this.#memory.writeUInt32LE(place.pack, at + 32);
    this.#memory.writeUInt32LE(place.offset, at + 36);
    this.#memory.writeUInt32LE(place.storedLength, at + 40);
    this.#used[slot] = 1;
    this.#count++;
  }

  /** Makes lookups fast after many additions. */
  compact(): void {
    if (this.#runs.length > 2) this.#merge(this.#runs);
  }

  close(): void {
    for (const { run } of this.#runs.splice(0)) run.remove();
  }

  /** The slot of the digest itself, or the free slot where it would go. */
  #slotOf(digest: Buffer): number {
    const slots = this.#used.length;
    let slot = digest.readUInt32LE(4) & (slots - 1);
    while (
      this.#used[slot] === 1 &&
      this.#memory.compare(digest, 0, 32, slot * recordBytes, slot * recordBytes + 32) !== 0
    ) {
      slot = (slot + 1) & (slots - 1);
    }
    return slot;
  }

  #flush(): void {
    const writer = this.#newRun();
    for (const slot of this.#sorted()) writer.add(this.#memory, slot * recordBytes);
    this.#used.fill(0);
    this.#count = 0;
    this.#runs.unshift({ run: writer.finish(), level: 0 });
    for (let level = 0; ; level++) {
      const same = this.#runs.filter((run) => run.level === level);
      if (same.length < mergedAtOnce) return;
      this.#merge(same);
    }
  }

  /** Slots in the order of their digests. Sorts numbers only, because there are 131,072 of them. */
  #sorted(): Uint32Array {
    const slots = new Uint32Array(this.#count);
    let count = 0;
    for (let slot = 0; slot < this.#used.length; slot++) if (this.#used[slot] === 1) slots[count++] = slot;
    const compare = (a: number, b: number): number =>
      this.#memory.readUInt32BE(a * recordBytes) - this.#memory.readUInt32BE(b * recordBytes) ||
      this.#memory.compare(
        this.#memory,
        b * recordBytes,
        b * recordBytes + 32,
        a * recordBytes,
        a * recordBytes + 32,
      );
    return slots.toSorted(compare);
  }

  #merge(runs: readonly Run[]): void {
    const writer = this.#newRun();
    const sources = runs.map(({ run }) => run.all());
    const heads = sources.map((source) => source.next().value ?? undefined);
    for (;;) {
      let smallest = -1;
      for (const [index, head] of heads.entries()) {
        const best = heads[smallest];
        if (
          head !== undefined &&
          (best === undefined ||
            head.memory.compare(best.memory, best.at, best.at + 32, head.at, head.at + 32) < 0)
        )
          smallest = index;
      }
      const head = heads[smallest];
      if (head === undefined) break;
      writer.add(head.memory, head.at);
      heads[smallest] = sources[smallest]?.next().value ?? undefined;
    }
    const level = Math.max(...runs.map((run) => run.level)) + 1;
    this.#runs = [...this.#runs.filter((run) => !runs.includes(run)), { run: writer.finish(), level }];
    for (const { run } of runs) run.remove();
  }

  #newRun(): RunWriter {
    return new RunWriter(join(this.#directory, `chunks-${++this.#files}`));
  }
}

function placeAt(memory: Buffer, at: number): ChunkPlace {
  return {
    pack: memory.readUInt32LE(at + 32),
    offset: memory.readUInt32LE(at + 36),
    storedLength: memory.readUInt32LE(at + 40),
  };
}
