/**
 * Sorts extents by pack on the job's own disk, because an index lists them by file and each pack is fetched
 * once. An extent takes 64 bytes, so a terabyte of database needs a gigabyte of scratch space and hardly any
 * memory.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ExtentRecord } from '../../backup-format/record.ts';

export const extentBytes = 64;
/** Where the fields lie. All are little-endian. The offset is a double, which holds every safe integer. */
export const at = {
  file: 0,
  length: 4,
  offset: 8,
  pack: 16,
  packOffset: 20,
  storedLength: 24,
  set: 28,
  sha256: 32,
} as const;

const bufferedExtents = 256;
const mostBuckets = 256;
const extentsPerBucket = 128 * 1024;
/** At most this many are in memory at once. */
const extentsPerGroup = 192 * 1024;

interface Bucket {
  readonly descriptor: number;
  readonly buffer: Buffer;
  buffered: number;
}

/** All extents of one pack, in the order in which they lie in it. */
export interface PackExtents {
  /** Number of the pack. */
  readonly pack: number;
  readonly extents: Buffer;
}

export class ExtentSorter {
  readonly #buckets: readonly Bucket[];
  readonly #packsPerBucket: number;
  /** By number of the pack. */
  readonly #counts: Uint32Array;
  #total = 0;

  /** @param expected about how many there will be. */
  constructor(directory: string, packs: number, expected: number) {
    const wanted = Math.min(
      mostBuckets,
      Math.max(1, packs),
      Math.max(1, Math.ceil(expected / extentsPerBucket)),
    );
    this.#packsPerBucket = Math.max(1, Math.ceil(packs / wanted));
    this.#buckets = Array.from({ length: wanted }, (_, index) => ({
      descriptor: openSync(join(directory, `extents-${index}`), 'w+', 0o600),
      buffer: Buffer.alloc(bufferedExtents * extentBytes),
      buffered: 0,
    }));
    this.#counts = new Uint32Array(packs + 1);
  }

  get total(): number {
    return this.#total;
  }

  add(extent: ExtentRecord): void {
    const bucket = this.#bucketOf(extent.pack);
    const { buffer } = bucket;
    const start = bucket.buffered * extentBytes;
    buffer.writeUInt32LE(extent.file, start + at.file);
    buffer.writeUInt32LE(extent.length, start + at.length);
    buffer.writeDoubleLE(extent.offset, start + at.offset);
    buffer.writeUInt32LE(extent.pack, start + at.pack);
    buffer.writeUInt32LE(extent.packOffset, start + at.packOffset);
    buffer.writeUInt32LE(extent.storedLength, start + at.storedLength);
    buffer.writeUInt32LE(0, start + at.set);
    buffer.write(extent.sha256, start + at.sha256, 'hex');
    bucket.buffered++;
    this.#counts[extent.pack] = (this.#counts[extent.pack] ?? 0) + 1;
    this.#total++;
    if (bucket.buffered === bufferedExtents) flush(bucket);
  }

  /** True for a pack from which something is needed. */
  needs(pack: number): boolean {
    return (this.#counts[pack] ?? 0) > 0;
  }

  /**
   * Gives extents pack by pack. Call it once all were added.
   * @param skip packs that are not needed, or no longer needed.
   */
  *packs(skip: (pack: number) => boolean): Generator<PackExtents> {
    for (const [index, bucket] of this.#buckets.entries()) {
      flush(bucket);
      const first = index * this.#packsPerBucket + 1;
      const last = Math.min(this.#counts.length - 1, first + this.#packsPerBucket - 1);
      for (const group of this.#groups(first, last, skip)) yield* this.#read(bucket, group);
    }
  }

  close(): void {
    for (const { descriptor } of this.#buckets) closeSync(descriptor);
  }

  #bucketOf(pack: number): Bucket {
    const bucket = this.#buckets[Math.floor((pack - 1) / this.#packsPerBucket)];
    if (bucket === undefined) throw new RangeError(`pack ${pack} is none of the backup`);
    return bucket;
  }

  /** Packs of a bucket that fit into memory together. Tiny chunks can make a bucket very long. */
  *#groups(first: number, last: number, skip: (pack: number) => boolean): Generator<ReadonlySet<number>> {
    let group = new Set<number>();
    let extents = 0;
    for (let pack = first; pack <= last; pack++) {
      const count = this.#counts[pack] ?? 0;
      if (count === 0 || skip(pack)) continue;
      if (group.size > 0 && extents + count > extentsPerGroup) {
        yield group;
        group = new Set();
        extents = 0;
      }
      group.add(pack);
      extents += count;
    }
    if (group.size > 0) yield group;
  }

  *#read(bucket: Bucket, group: ReadonlySet<number>): Generator<PackExtents> {
    const found = new Map(
      [...group].map((pack) => [
        pack,
        { buffer: Buffer.alloc((this.#counts[pack] ?? 0) * extentBytes), used: 0 },
      ]),
    );
    const buffer = Buffer.allocUnsafe(4096 * extentBytes);
    for (let position = 0; ;) {
      const bytes = readSync(bucket.descriptor, buffer, 0, buffer.length, position);
      const whole = bytes - (bytes % extentBytes);
      if (whole === 0) break;
      for (let start = 0; start < whole; start += extentBytes) {
        const one = found.get(buffer.readUInt32LE(start + at.pack));
        if (one === undefined) continue;
        buffer.copy(one.buffer, one.used, start, start + extentBytes);
        one.used += extentBytes;
      }
      position += whole;
    }
    for (const [pack, { buffer: extents }] of found) yield { pack, extents: inPackOrder(extents) };
  }
}

function flush(bucket: Bucket): void {
  const bytes = bucket.buffered * extentBytes;
  for (let done = 0; done < bytes;) done += writeSync(bucket.descriptor, bucket.buffer, done, bytes - done);
  bucket.buffered = 0;
}

/** Puts uses of the same chunk side by side, so that it is unpacked once. */
function inPackOrder(extents: Buffer): Buffer {
  const count = extents.length / extentBytes;
  const order = Array.from({ length: count }, (_, index) => index);
  const packOffset = (index: number): number => extents.readUInt32LE(index * extentBytes + at.packOffset);
  order.sort((a, b) => packOffset(a) - packOffset(b));
  const sorted = Buffer.alloc(extents.length);
  for (const [index, from] of order.entries())
    extents.copy(sorted, index * extentBytes, from * extentBytes, (from + 1) * extentBytes);
  return sorted;
}
