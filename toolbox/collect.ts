/**
 * Memory outside of V8's heap, such as each encrypted chunk, is freed only when the heap is collected. V8
 * sees little reason to collect, because its own heap stays small: each thread piled up more than 60 MB. So
 * this module asks for a collection now and then; one of the young generation takes less than a millisecond.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;

export class Collector {
  readonly #everyBytes: number;
  #bytes = 0;

  constructor(everyBytes: number) {
    this.#everyBytes = everyBytes;
  }

  /** Reports that this much was allocated and will soon be useless. */
  used(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#everyBytes) return;
    this.#bytes = 0;
    collect({ type: 'minor' });
  }
}
