/** What worker threads are asked for. Chunks lie in shared memory; only numbers travel. */
import type { SharedSlots } from './memory.ts';

export interface WorkerSettings {
  readonly slots: SharedSlots;
  readonly compressionLevel: number;
  /** 32 bytes. */
  readonly key?: Uint8Array;
}

/**
 * `hash`: puts digests into the slots, with stored length 1, or 0 where a chunk has only zeros. `compress`:
 * compresses in place. `hashAndCompress`: does both, except for zeros, while the chunk is still in the
 * processor's cache and without asking twice.
 */
export type Task =
  | { readonly kind: 'hash'; readonly slots: readonly number[] }
  | { readonly kind: 'hashAndCompress'; readonly slots: readonly number[] }
  | { readonly kind: 'compress'; readonly slots: readonly number[] }
  | { readonly kind: 'seal'; readonly memory: SharedArrayBuffer; readonly bytes: number };

export interface Sealed {
  /** Hex. */
  readonly sha256: string;
  /** Base64. */
  readonly md5: string;
}

export type Answer = { readonly sealed?: Sealed; readonly error?: string };
