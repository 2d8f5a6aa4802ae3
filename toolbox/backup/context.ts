/** What every source of a backup gets. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Pipeline } from './pipeline.ts';

export interface SourceContext {
  readonly pipeline: Pipeline;
  readonly throttle: Throttle;
  readonly signal: AbortSignal;
}

/** Limits a rate over time; without a rate it never waits. */
export class Throttle {
  readonly #bytesPerSecond: number | undefined;
  readonly #now: () => number;
  #freeAt = 0;

  /** @param now milliseconds. */
  constructor(bytesPerSecond: number | undefined, now: () => number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#now = now;
  }

  get isOn(): boolean {
    return this.#bytesPerSecond !== undefined;
  }

  /** Milliseconds to wait after so many bytes. A pause earns no credit. */
  take(bytes: number): number {
    if (this.#bytesPerSecond === undefined) return 0;
    const now = this.#now();
    this.#freeAt = Math.max(this.#freeAt, now) + (bytes * 1000) / this.#bytesPerSecond;
    return this.#freeAt - now;
  }

  async wait(bytes: number, signal: AbortSignal): Promise<void> {
    const milliseconds = this.take(bytes);
    if (milliseconds > 5) await delay(milliseconds, undefined, { signal });
  }
}
