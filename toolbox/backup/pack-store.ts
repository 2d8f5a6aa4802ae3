/**
 * Puts stored chunks into packs, and packs into the store. A pack lies in shared memory, so that a worker
 * can hash it. The number of packs in memory is bounded, so a slow store slows everything down.
 */
import { packBytes, paths } from '../../backup-format/names.ts';
import type { PackRecord } from '../../backup-format/record.ts';
import { JobError } from '../job-error.ts';
import type { Uploads } from './uploads.ts';
import type { Workers } from './workers.ts';

/** A pack of this backup or of an earlier one. */
export interface Pack {
  /** The job's own number, from 1; also its place in {@link PackStore.packs}. */
  readonly id: number;
  state: 'Filling' | 'Uploading' | 'Stored';
  /** Known once it is stored. `number` is 0 until this backup uses the pack. */
  record: PackRecord | undefined;
}

export interface PackStoreSettings {
  readonly identity: string;
  readonly epoch: string;
  readonly uploads: number;
}

interface Filling {
  readonly pack: Pack;
  readonly memory: SharedArrayBuffer;
  readonly view: Buffer;
  bytes: number;
}

const roomBytes = packBytes.closed + 128 * 1024;

export class PackStore {
  /** By id - 1. */
  readonly packs: Pack[] = [];
  /** A pack of this size is closed; at most the default. */
  closedBytes: number = packBytes.closed;
  readonly #settings: PackStoreSettings;
  readonly #workers: Workers;
  readonly #uploader: Uploads;
  readonly #onStored: (pack: Pack, bytes: number) => void;
  readonly #onError: (error: unknown) => void;
  readonly #memory: SharedArrayBuffer[];
  readonly #waiting: (() => void)[] = [];
  readonly #uploading = new Set<Promise<void>>();
  #filling: Filling | undefined;

  constructor(
    settings: PackStoreSettings,
    workers: Workers,
    uploader: Uploads,
    on: { readonly stored: (pack: Pack, bytes: number) => void; readonly error: (error: unknown) => void },
  ) {
    this.#settings = settings;
    this.#workers = workers;
    this.#uploader = uploader;
    this.#onStored = on.stored;
    this.#onError = on.error;
    this.#memory = Array.from({ length: settings.uploads + 1 }, () => new SharedArrayBuffer(roomBytes));
  }

  /** Adds a pack that is already in the store. It costs nothing until it is used. */
  addKnown(record: PackRecord): Pack {
    const pack: Pack = { id: this.packs.length + 1, state: 'Stored', record };
    this.packs.push(pack);
    return pack;
  }

  /** Whether one more chunk fits without waiting. */
  get hasRoom(): boolean {
    return this.#filling !== undefined || this.#memory.length > 0;
  }

  async room(signal: AbortSignal): Promise<void> {
    while (!this.hasRoom) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Releases whoever waits for room. */
  stop(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Copies a stored chunk; call it only while there is room. */
  add(stored: Buffer): { readonly pack: Pack; readonly offset: number } {
    const filling = (this.#filling ??= this.#begin());
    const offset = filling.bytes;
    stored.copy(filling.view, offset);
    filling.bytes += stored.length;
    if (filling.bytes >= this.closedBytes) this.close();
    return { pack: filling.pack, offset };
  }

  /** Sends what has gathered, even if it is little. */
  close(): void {
    const filling = this.#filling;
    if (filling === undefined) return;
    this.#filling = undefined;
    filling.pack.state = 'Uploading';
    const done = this.#upload(filling).catch(this.#onError);
    this.#uploading.add(done);
    void done.finally(() => this.#uploading.delete(done));
  }

  /** All packs are stored afterwards, unless an error was reported. */
  async finish(): Promise<void> {
    this.close();
    while (this.#uploading.size > 0) await Promise.all(this.#uploading);
  }

  #begin(): Filling {
    const memory = this.#memory.pop();
    if (memory === undefined)
      throw new JobError('InternalError', 'a chunk came while there was no room for it');
    const pack: Pack = { id: this.packs.length + 1, state: 'Filling', record: undefined };
    this.packs.push(pack);
    return { pack, memory, view: Buffer.from(memory), bytes: 0 };
  }

  async #upload({ pack, memory, view, bytes }: Filling): Promise<void> {
    const { sealed } = await this.#workers.run({ kind: 'seal', memory, bytes });
    if (sealed === undefined) throw new JobError('InternalError', 'a pack was not hashed');
    const { identity, epoch } = this.#settings;
    await this.#uploader.put(paths.pack(identity, epoch, sealed.sha256), view.subarray(0, bytes), sealed.md5);
    pack.record = { type: 'P', number: 0, epoch, sha256: sealed.sha256, bytes, md5: sealed.md5 };
    pack.state = 'Stored';
    this.#memory.push(memory);
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.#onStored(pack, bytes);
  }
}
