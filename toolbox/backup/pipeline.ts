/**
 * Turns bytes of files into packs and index: cuts, hashes, looks up, compresses, packs and uploads, all at
 * the same time and in bounded memory. Sources call {@link Pipeline.free} before each piece of at most
 * {@link pieceBytes}.
 */
import { chunkBytes } from '../../backup-format/names.ts';
import { JobError } from '../job-error.ts';
import type { ChunkTable } from './chunk-table.ts';
import { Entries } from './entries.ts';
import type { FileFacts, IndexedFile, Place } from './entries.ts';
import type { ChunkTarget } from './file-writer.ts';
import { FileWriter, zeroDigest } from './file-writer.ts';
import type { IndexWriter } from './index-writer.ts';
import { allocateSlots, Slots } from './memory.ts';
import type { Pack, PackStore } from './pack-store.ts';
import type { Workers } from './workers.ts';

/** What a source may write at once. */
export const pieceBytes = 1024 * 1024;

const slotCount = 320;
const batchSlots = 32;
const batchItems = 256;
/** A piece needs at most one slot more than it has chunks. */
const reserveSlots = pieceBytes / chunkBytes + 2;
/** Lines that wait for a pack to be stored. If there are more, the pack is sent as it is. */
const longestQueue = 16_384;
const longestBacklog = 8 * 1024 * 1024;

export function newSlots(): Slots {
  return new Slots(allocateSlots(slotCount));
}

type Item =
  | { readonly kind: 'chunk'; readonly file: IndexedFile; readonly offset: number; readonly slot: number }
  | { readonly kind: 'zeros'; readonly file: IndexedFile; readonly offset: number; readonly length: number }
  | { readonly kind: 'end'; readonly file: IndexedFile; readonly facts: FileFacts };

interface NewChunk {
  readonly slot: number;
  readonly place: Place;
  /** Digest, one character per byte. */
  readonly key: string;
}

export interface PipelineParts {
  readonly workers: Workers;
  readonly packs: PackStore;
  readonly index: IndexWriter;
  /** What the index format cannot hold. */
  readonly attributes: IndexWriter;
  readonly table: ChunkTable;
  readonly slots: Slots;
  /** Ends the whole job. */
  readonly fail: (error: unknown) => void;
  readonly signal: AbortSignal;
}

export class Pipeline implements ChunkTarget {
  readonly entries: Entries;
  /** What the sources have read: all of it, and the chunks that were already known. */
  readBytes = 0;
  reusedBytes = 0;
  /** A part of the index is written after this many new bytes in the store. */
  checkpointBytes = 64 * 1024 * 1024;
  readonly #parts: PipelineParts;
  readonly #freeSlots: number[];
  #batch: Item[] = [];
  #batchSlots = 0;
  /** Batches are processed in the order in which they were read. */
  #ordered: Promise<void> = Promise.resolve();
  readonly #storing = new Set<Promise<void>>();
  /** New chunks that are not stored yet, by digest. */
  readonly #pending = new Map<string, Place>();
  readonly #pendingOf = new Map<Pack, string[]>();
  #waiters: (() => void)[] = [];
  #sinceCheckpoint = 0;
  /**
   * Whether the newest chunks were all new. If so, the next ones are compressed before they are looked up.
   */
  #isAllNew = false;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#freeSlots = Array.from({ length: parts.slots.count }, (_, slot) => slot);
    this.entries = new Entries(parts.index, parts.attributes);
    parts.signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  get isFree(): boolean {
    if (this.entries.waiting > longestQueue) this.#parts.packs.close();
    const { index, attributes } = this.#parts;
    return (
      this.#freeSlots.length >= reserveSlots &&
      this.entries.waiting <= longestQueue &&
      index.backlog + attributes.backlog < longestBacklog
    );
  }

  /** Waits until one more piece can be written. */
  async free(): Promise<void> {
    while (!this.isFree && !this.#parts.signal.aborted) {
      this.#flushBatch();
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    this.#parts.signal.throwIfAborted();
  }

  /**
   * Called first. Chunks are hashed at once. They are looked up once all chunks of earlier backups are
   * loaded.
   */
  waitFor(known: Promise<unknown>): void {
    this.#ordered = known.then(() => undefined);
    this.#ordered.catch(this.#parts.fail);
  }

  /** Begins a file; {@link FileWriter.end} puts it into the index. */
  newFile(): FileWriter {
    return new FileWriter(this, this.entries.newFile());
  }

  takeSlot(): { readonly slot: number; readonly room: Buffer } {
    const slot = this.#freeSlots.pop();
    if (slot === undefined) throw new JobError('InternalError', 'too many files are open at the same time');
    return { slot, room: this.#parts.slots.room(slot) };
  }

  addChunk(file: IndexedFile, offset: number, slot: number, length: number): void {
    this.#parts.slots.setLength(slot, length);
    this.readBytes += length;
    this.#batchSlots++;
    this.#add({ kind: 'chunk', file, offset, slot });
  }

  addZeros(file: IndexedFile, offset: number, length: number): void {
    this.readBytes += length;
    this.#add({ kind: 'zeros', file, offset, length });
  }

  /** Puts a file, directory or link into the index, after its chunks. */
  addFile(file: IndexedFile, facts: FileFacts): void {
    this.#add({ kind: 'end', file, facts });
  }

  /**
   * Afterwards everything that was written is stored and in the index. The last part of the index is still
   * open.
   */
  async finish(): Promise<void> {
    this.#flushBatch();
    await this.#ordered;
    while (this.#storing.size > 0) await Promise.all(this.#storing);
    await this.#parts.packs.finish();
    this.#parts.signal.throwIfAborted();
    this.entries.drain();
    if (this.entries.waiting > 0)
      throw new JobError('InternalError', `${this.entries.waiting} lines of the index were not written`);
  }

  /** Called by the pack store. */
  packStored(pack: Pack, bytes: number): void {
    for (const key of this.#pendingOf.get(pack) ?? []) {
      const place = this.#pending.get(key);
      if (place === undefined) continue;
      this.#pending.delete(key);
      this.#parts.table.add(Buffer.from(key, 'latin1'), {
        pack: pack.id,
        offset: place.offset,
        storedLength: place.storedLength,
      });
    }
    this.#pendingOf.delete(pack);
    this.entries.drain();
    this.#sinceCheckpoint += bytes;
    if (this.#sinceCheckpoint >= this.checkpointBytes) {
      this.#sinceCheckpoint = 0;
      this.#parts.index.cut();
    }
    this.#wake();
  }

  /** Called by the index. */
  indexStored(): void {
    this.#wake();
  }

  #add(item: Item): void {
    this.#batch.push(item);
    if (this.#batchSlots >= batchSlots || this.#batch.length >= batchItems) this.#flushBatch();
  }

  #flushBatch(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#batchSlots = 0;
    const slots = batch.flatMap((item) => (item.kind === 'chunk' ? [item.slot] : []));
    const isCompressed = this.#isAllNew;
    const hashed =
      slots.length === 0
        ? Promise.resolve({})
        : this.#parts.workers.run({ kind: isCompressed ? 'hashAndCompress' : 'hash', slots });
    hashed.catch(this.#parts.fail);
    this.#ordered = this.#inOrder(this.#ordered, hashed, batch, isCompressed).catch(this.#parts.fail);
  }

  async #inOrder(
    before: Promise<void>,
    hashed: Promise<unknown>,
    batch: readonly Item[],
    isCompressed: boolean,
  ): Promise<void> {
    await before;
    await hashed;
    this.#takeUp(batch, isCompressed);
  }

  /** Its hash is known: decides what has to be stored. */
  #takeUp(batch: readonly Item[], isCompressed: boolean): void {
    const fresh: NewChunk[] = [];
    let known = 0;
    for (const item of batch) {
      if (item.kind === 'end') this.entries.addFile(item.file, item.facts);
      else if (item.kind === 'zeros')
        this.entries.addExtent(item.file, item.offset, item.length, zeroDigest(item.length), zeroPlace);
      else {
        const { slots } = this.#parts;
        const digest = slots.digest(item.slot);
        const length = slots.length(item.slot);
        const key = digest.toString('latin1');
        const found =
          slots.storedLength(item.slot) === 0
            ? zeroPlace
            : (this.#pending.get(key) ?? this.#known(digest, length));
        const place = found ?? { pack: undefined, offset: 0, storedLength: 0, zeros: false };
        this.entries.addExtent(item.file, item.offset, length, digest.toString('hex'), place);
        if (found === undefined) {
          this.#pending.set(key, place);
          fresh.push({ slot: item.slot, place, key });
        } else {
          known += found.zeros ? 0 : 1;
          this.#freeSlots.push(item.slot);
        }
      }
    }
    if (fresh.length + known > 0) this.#isAllNew = known === 0;
    if (fresh.length > 0) this.#storeSoon(fresh, isCompressed);
    this.entries.drain();
    this.#wake();
  }

  #known(digest: Buffer, length: number): Place | undefined {
    const found = this.#parts.table.find(digest);
    if (found === undefined) return undefined;
    this.reusedBytes += length;
    return {
      pack: this.#parts.packs.packs[found.pack - 1],
      offset: found.offset,
      storedLength: found.storedLength,
      zeros: false,
    };
  }

  #storeSoon(chunks: readonly NewChunk[], isCompressed: boolean): void {
    const done = this.#store(chunks, isCompressed).catch(this.#parts.fail);
    this.#storing.add(done);
    void done.finally(() => this.#storing.delete(done));
  }

  async #store(chunks: readonly NewChunk[], isCompressed: boolean): Promise<void> {
    const { workers, packs, slots, signal } = this.#parts;
    if (!isCompressed) await workers.run({ kind: 'compress', slots: chunks.map(({ slot }) => slot) });
    for (const { slot, place, key } of chunks) {
      while (!packs.hasRoom) await packs.room(signal);
      const stored = slots.stored(slot);
      const { pack, offset } = packs.add(stored);
      Object.assign(place, { pack, offset, storedLength: stored.length });
      const keys = this.#pendingOf.get(pack);
      if (keys === undefined) this.#pendingOf.set(pack, [key]);
      else keys.push(key);
      this.#freeSlots.push(slot);
    }
    this.#wake();
  }

  #wake(): void {
    if (this.#waiters.length === 0 || (!this.isFree && !this.#parts.signal.aborted)) return;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

const zeroPlace: Place = { pack: undefined, offset: 0, storedLength: 0, zeros: true };
