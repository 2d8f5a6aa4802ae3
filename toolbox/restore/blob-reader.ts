/**
 * Blobs by signed URL, whole and into memory: index parts and packs. What a pack holds is checked where it is
 * unpacked.
 */
import type { BackOff } from '../../base/back-off.ts';
import { reasonOf } from '../download-error.ts';
import { afterBrokenRead, pause } from '../pauses.ts';
import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { BlobToRead } from '../../jobs/restore.ts';
import { JobError } from '../job-error.ts';
import type { FetchBlob } from '../share/share-fetch.ts';
import { storeRefusal } from '../store-refusal.ts';
import { Collector } from '../collect.ts';

const attempts = 6;
const stallSeconds = 60;

export interface ReaderOptions {
  readonly signal: AbortSignal;
  /** Rate of fetching; undefined: no limit. */
  readonly bytesPerSecond?: number;
  /** Default: over the network, by signed URLs. */
  readonly fetch?: FetchBlob;
  /** Default {@link afterBrokenRead}. */
  readonly pauses?: BackOff;
}

export class BlobReader {
  readonly #options: ReaderOptions;
  readonly #collector = new Collector(16 * 1024 * 1024);
  readonly #fetch: FetchBlob;
  #downloaded = 0;
  /** When the next byte may be requested under a limit. */
  #free = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#fetch = options.fetch ?? fetch;
  }

  get downloadedBytes(): number {
    return this.#downloaded;
  }

  /** Proves, without fetching it, that the blob is there and has the right length. @throws {JobError} */
  async check(blob: BlobToRead): Promise<void> {
    await this.#trying(blob, async (signal) => {
      const response = await this.#fetch(blob.url, { method: 'HEAD', signal, redirect: 'error' });
      refuseStatus(blob, response);
      checkLength(blob, Number(response.headers.get('content-length') ?? Number.NaN));
    });
  }

  /** Fetches it into the beginning of `memory`. @throws {JobError} */
  async read(blob: BlobToRead, memory: Buffer): Promise<void> {
    await this.#throttle(blob.bytes);
    await this.#trying(blob, async (signal, alive) => {
      const response = await this.#fetch(blob.url, { signal, redirect: 'error' });
      if (!response.ok) await response.body?.cancel();
      refuseStatus(blob, response);
      let done = 0;
      for await (const chunk of response.body ?? []) {
        alive();
        if (done + chunk.length > blob.bytes) throw wrongLength(blob, `more than ${blob.bytes}`);
        memory.set(chunk, done);
        done += chunk.length;
        this.#downloaded += chunk.length;
        this.#collector.used(chunk.length);
      }
      // Shorter than announced: the connection broke. Shorter than expected: it is another blob.
      if (done < Number(response.headers.get('content-length') ?? done))
        throw new Error('the answer was cut off');
      checkLength(blob, done);
    });
  }

  /** Does the same for a small blob and proves its sha256. @throws {JobError} */
  async readProven(blob: BlobToRead): Promise<Buffer> {
    const memory = Buffer.allocUnsafe(blob.bytes);
    await this.read(blob, memory);
    if (hash('sha256', memory) !== blob.sha256)
      throw invalid(blob, 'its content is not what the manifest says');
    return memory;
  }

  async #trying(
    blob: BlobToRead,
    attempt: (signal: AbortSignal, alive: () => void) => Promise<void>,
  ): Promise<void> {
    const { signal, pauses = afterBrokenRead } = this.#options;
    for (let number = 1; ; number++) {
      const stall = new AbortController();
      const timer = setTimeout(() => stall.abort(), stallSeconds * 1000);
      try {
        await attempt(AbortSignal.any([signal, stall.signal]), () => timer.refresh());
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof JobError) throw error;
        if (number === attempts)
          throw new JobError(
            'DownloadFailed',
            `reading ${nameOf(blob)} failed ${attempts} times, last: ${reasonOf(error, stallSeconds)}`,
            error,
          );
        await pause(pauses, number, signal);
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** Delays whole blobs. At 8 MiB each that is smooth enough. */
  async #throttle(bytes: number): Promise<void> {
    const { bytesPerSecond, signal } = this.#options;
    if (bytesPerSecond === undefined) return;
    const now = performance.now();
    const start = Math.max(now, this.#free);
    this.#free = start + (bytes / bytesPerSecond) * 1000;
    if (start > now) await delay(start - now, undefined, { signal });
  }
}

function refuseStatus(blob: BlobToRead, response: Response): void {
  if (response.status === 200) return;
  const said =
    `the store answered ${response.status} ${response.headers.get('x-ms-error-code') ?? response.statusText}`.trim();
  if (response.status === 404) throw invalid(blob, 'it is not in the store');
  const refusal = storeRefusal(`reading ${nameOf(blob)}`, {
    status: response.status,
    code: response.headers.get('x-ms-error-code') ?? '',
  });
  if (refusal !== undefined) throw refusal;
  if (response.status === 401 || response.status === 403)
    throw new JobError('StoreCredentialsRefused', `${nameOf(blob)} may not be read: ${said}`);
  if (response.status < 500 && response.status !== 408 && response.status !== 429)
    throw new JobError('DownloadFailed', `reading ${nameOf(blob)}: ${said}`);
  throw new Error(said);
}

function checkLength(blob: BlobToRead, bytes: number): void {
  if (bytes !== blob.bytes) throw wrongLength(blob, String(bytes));
}

function wrongLength(blob: BlobToRead, found: string): JobError {
  return invalid(blob, `it has ${found} bytes instead of ${blob.bytes}`);
}

function invalid(blob: BlobToRead, what: string): JobError {
  return new JobError('BackupInvalid', `${nameOf(blob)} cannot be used: ${what}`);
}

/** The blob's name without its query, which is a signature. */
export function nameOf(blob: BlobToRead): string {
  return blob.url.replace(/[?#].*$/, '');
}
