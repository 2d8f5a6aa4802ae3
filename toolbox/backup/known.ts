/**
 * Takes over the chunks of earlier indexes, so that they are not stored again. Reading stops at an index
 * that is not as it should be. The backup then stores more than need be, and nothing else changes.
 */
import { afterBrokenIndexPart, pause } from '../pauses.ts';
import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackupCipher } from '../../backup-format/encryption.ts';
import { FormatError } from '../../backup-format/schema.ts';
import { IndexReader } from '../../backup-format/index-format.ts';
import type { KnownIndexPart } from '../../jobs/backup.ts';
import type { PackRecord } from '../../backup-format/record.ts';
import { JobError } from '../job-error.ts';
import type { FetchBlob } from '../share/share-fetch.ts';
import { storeRefusal } from '../store-refusal.ts';
import type { ChunkTable } from './chunk-table.ts';
import type { Pack, PackStore } from './pack-store.ts';

const attempts = 5;
/** Parts that are requested before they are needed. */
const aheadParts = 4;
const longestPartText = 64 * 1024 * 1024;
const stallMilliseconds = 60_000;

export interface KnownSource {
  readonly parts: readonly KnownIndexPart[];
  /** Only chunks of this epoch are used: those of others would lose their protection too early. */
  readonly epoch: string;
  readonly cipher: BackupCipher | undefined;
  /** Default: over the network, by signed URLs. */
  readonly fetch?: FetchBlob;
  readonly signal: AbortSignal;
}

/**
 * @returns what was left out, one sentence each.
 * @throws {JobError} StoreCredentialsRefused
 */
export async function takeKnownChunks(
  source: KnownSource,
  table: ChunkTable,
  packs: PackStore,
): Promise<readonly string[]> {
  const taken = new Map<string, Pack>();
  const ignored: string[] = [];
  let index: OneIndex | undefined;
  const bodies = new FetchAhead(source);
  for (const at of source.parts.keys()) {
    source.signal.throwIfAborted();
    try {
      const text = openPart(await bodies.next(), source.cipher);
      if (index === undefined || !index.goesOn(text)) index = new OneIndex(source.epoch, table, packs, taken);
      index.take(text);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      ignored.push(`part ${at + 1} of ${source.parts.length}: ${error.message}`);
    }
    // Long texts: let signals and timers run.
    await delay(0, undefined, { signal: source.signal });
  }
  table.compact();
  return ignored;
}

/** The parts of one index: pack numbers mean something only within it. */
class OneIndex {
  readonly #reader = new IndexReader();
  readonly #epoch: string;
  readonly #table: ChunkTable;
  readonly #packs: PackStore;
  readonly #taken: Map<string, Pack>;
  readonly #byNumber = new Map<number, Pack>();

  constructor(epoch: string, table: ChunkTable, packs: PackStore, taken: Map<string, Pack>) {
    this.#epoch = epoch;
    this.#table = table;
    this.#packs = packs;
    this.#taken = taken;
  }

  goesOn(text: string): boolean {
    const { header } = this.#reader;
    return (
      header !== undefined &&
      text.startsWith(
        `H\t${header.formatVersion}\t${header.backupID}\t${header.attempt}\t${header.part + 1}\n`,
      )
    );
  }

  /** @throws {FormatError} after it took the lines before the wrong one. */
  take(text: string): void {
    this.#reader.beginPart('known index');
    for (let at = 0; at < text.length;) {
      const end = text.indexOf('\n', at);
      if (end < 0) throw new FormatError('the index was cut off');
      const record = this.#reader.read(text.slice(at, end));
      at = end + 1;
      if (record.type === 'P' && record.epoch === this.#epoch)
        this.#byNumber.set(record.number, this.#packOf(record));
      if (record.type !== 'E') continue;
      const pack = this.#byNumber.get(record.pack);
      if (pack === undefined) continue;
      this.#table.add(Buffer.from(record.sha256, 'hex'), {
        pack: pack.id,
        offset: record.packOffset,
        storedLength: record.storedLength,
      });
    }
  }

  #packOf(record: PackRecord): Pack {
    const known = this.#taken.get(record.sha256);
    if (known !== undefined) return known;
    const pack = this.#packs.addKnown({ ...record, number: 0 });
    this.#taken.set(record.sha256, pack);
    return pack;
  }
}

/** @throws {FormatError} for anything that is not an index part. */
function openPart(body: Buffer, cipher: BackupCipher | undefined): string {
  const compressed = cipher === undefined ? body : cipher.decrypt(body);
  try {
    return zstdDecompressSync(compressed, { maxOutputLength: longestPartText }).toString('latin1');
  } catch {
    throw new FormatError('an index part cannot be decompressed');
  }
}

/** The bodies of the parts in order. The next ones are fetched in the meantime. */
class FetchAhead {
  readonly #source: KnownSource;
  readonly #coming: Promise<Buffer>[] = [];
  #asked = 0;

  constructor(source: KnownSource) {
    this.#source = source;
  }

  /** @throws {FormatError | JobError} for this part only. */
  async next(): Promise<Buffer> {
    for (let part = this.#part(); part !== undefined; part = this.#part()) {
      const body = fetchPart(part, this.#source);
      // Whoever takes it handles its error. Nobody takes it when another error ends the job.
      body.catch(() => undefined);
      this.#coming.push(body);
      this.#asked++;
    }
    const body = this.#coming.shift();
    if (body === undefined) throw new Error('there is no further part');
    return await body;
  }

  #part(): KnownIndexPart | undefined {
    return this.#coming.length < aheadParts ? this.#source.parts[this.#asked] : undefined;
  }
}

async function fetchPart(
  part: KnownIndexPart,
  { signal, fetch: fetchBlob = fetch }: KnownSource,
): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetchBlob(part.url, {
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(stallMilliseconds)]),
      });
      const code = response.headers.get('x-ms-error-code') ?? '';
      const refusal = storeRefusal('reading an earlier index', { status: response.status, code });
      // The only cost is that more is stored than necessary.
      if (refusal?.reason === 'BlobArchived') throw new FormatError(refusal.message);
      if (refusal !== undefined) throw refusal;
      if (response.status === 401 || response.status === 403) {
        throw new JobError(
          'StoreCredentialsRefused',
          `reading an earlier index: the store answered ${response.status}`,
        );
      }
      if (response.status === 404) throw new FormatError('an index part is not in the store');
      if (!response.ok) throw new Error(`the store answered ${response.status}`);
      const body = Buffer.from(await response.arrayBuffer());
      const digest = (algorithm: string, encoding: 'hex' | 'base64'): string =>
        createHash(algorithm).update(body).digest(encoding);
      if (
        body.length !== part.bytes ||
        (part.sha256 !== undefined && digest('sha256', 'hex') !== part.sha256) ||
        (part.md5 !== undefined && digest('md5', 'base64') !== part.md5)
      ) {
        throw new FormatError('an index part is not the one that was announced');
      }
      return body;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof JobError || error instanceof FormatError) throw error;
      if (attempt === attempts)
        throw new FormatError(
          `an index part could not be read: ${error instanceof Error ? error.message : String(error)}`,
        );
      await pause(afterBrokenIndexPart, attempt, signal);
    }
  }
}
