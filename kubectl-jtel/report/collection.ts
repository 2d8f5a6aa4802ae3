/**
 * Collects parts of a report one after the other. A part that cannot be read is told, and the next one
 * follows. Everything is masked before it is kept, and bounded in bytes and time.
 */
import type { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { maskObject, maskText } from './mask.ts';

export interface Entry {
  readonly path: string;
  readonly text: string;
  /** Whether there was more. */
  readonly isCut: boolean;
}

export interface Missing {
  readonly path: string;
  readonly reason: string;
}

export interface Collected {
  readonly entries: readonly Entry[];
  readonly missing: readonly Missing[];
}

export interface CollectionOptions {
  readonly secrets: SecretRegistry;
  readonly signal: AbortSignal;
  /** Called before each part. */
  readonly progress: (path: string) => void;
  readonly limits?: Partial<typeof usualLimits>;
}

const usualLimits = {
  /** Of one file. */
  fileBytes: 2 * 2 ** 20,
  wholeBytes: 64 * 2 ** 20,
  /** Of one part. */
  partSeconds: 30,
  wholeSeconds: 300,
};

const longestReason = 500;

export class Collection implements Collected {
  readonly entries: Entry[] = [];
  readonly missing: Missing[] = [];
  readonly limits: typeof usualLimits;
  readonly #options: CollectionOptions;
  readonly #end: number;
  #bytes = 0;

  constructor(options: CollectionOptions) {
    this.#options = options;
    this.limits = { ...usualLimits, ...options.limits };
    this.#end = performance.now() + this.limits.wholeSeconds * 1000;
  }

  /**
   * Reads a part. @param path names it in the list if it cannot be read.
   * @returns what `read` returns; undefined if it failed. @throws only if the caller's signal aborts.
   */
  async part<T>(path: string, read: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { signal, progress } = this.#options;
    signal.throwIfAborted();
    const left = this.#end - performance.now();
    if (left <= 0) return this.#skip(path, `no time was left after ${this.limits.wholeSeconds} s`);
    progress(path);
    const deadline = AbortSignal.timeout(Math.min(left, this.limits.partSeconds * 1000));
    try {
      return await read(AbortSignal.any([signal, deadline]));
    } catch (error) {
      if (signal.aborted) throw error;
      return this.#skip(
        path,
        deadline.aborted
          ? `no answer within ${this.limits.partSeconds} s`
          : error instanceof Error
            ? error.message
            : String(error),
      );
    }
  }

  /** Keeps a text; of a longer one its end, which is the newest of a log. */
  keepText(path: string, text: string, isCut = false): void {
    this.#keep(path, maskText(text, this.#options.secrets), isCut);
  }

  /** Keeps an object as YAML. */
  async keepObject(path: string, object: unknown): Promise<void> {
    const { stringify } = await import('yaml');
    this.#keep(path, stringify(maskObject(object, this.#options.secrets), { lineWidth: 0 }), false);
  }

  #keep(path: string, text: string, isCut: boolean): void {
    const masked = Buffer.from(text);
    const { fileBytes, wholeBytes } = this.limits;
    if (this.#bytes + Math.min(masked.length, fileBytes) > wholeBytes)
      return this.#skip(path, `the report is as large as it may be (${wholeBytes} bytes)`);
    const kept = masked.length > fileBytes ? afterFirstLine(masked.subarray(-fileBytes)) : masked.toString();
    this.#bytes += Buffer.byteLength(kept);
    this.entries.push({ path, text: kept, isCut: isCut || masked.length > fileBytes });
  }

  #skip(path: string, reason: string): undefined {
    const masked = maskText(reason, this.#options.secrets).replaceAll(/\s+/g, ' ').slice(0, longestReason);
    this.missing.push({ path, reason: masked });
  }
}

/** A cut text begins with a part of a line, and of a character. */
function afterFirstLine(bytes: Buffer): string {
  return bytes.subarray(bytes.indexOf(0x0a) + 1).toString();
}
