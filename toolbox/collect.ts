/**
 * Memory outside of V8's heap, such as each encrypted chunk, is only given back when the heap is collected, and V8 sees
 * little reason to: its own heap stays small. Each thread piled up more than 60 MB that way. So it is told to, now and then; a
 * collection of the young generation takes less than a millisecond.
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

  /** Tells that so much was allocated, and will be of no use soon. */
  used(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#everyBytes) return;
    this.#bytes = 0;
    collect({ type: 'minor' });
  }
}
