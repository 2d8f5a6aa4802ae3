/** When a status is written that only tells how work goes on. Steps that follow each other at once are told together. */
import { formatKey, type ObjectKey } from '../objects.ts';

/** People see a step of the work at most so much later. Steps that are over by then cost no write. */
const tellingSeconds = 2;

export class StatusPace {
  /** Unix milliseconds of the last write by this process, or of the first look at what is to be told first. */
  readonly #written = new Map<string, number>();

  written(key: ObjectKey, now: Date): void {
    this.#written.set(formatKey(key), now.getTime());
  }

  forget(key: ObjectKey): void {
    this.#written.delete(formatKey(key));
  }

  /**
   * @param isFirst nothing was told yet: work that has just begun may be over in a moment
   * @returns seconds until the next one may be written; 0: now
   */
  waitSeconds(key: ObjectKey, now: Date, isFirst: boolean): number {
    if (isFirst && !this.#written.has(formatKey(key))) this.written(key, now);
    const written = this.#written.get(formatKey(key));
    const passedSeconds = written === undefined ? Infinity : (now.getTime() - written) / 1000;
    // Somebody may have put the clock back.
    return passedSeconds < 0 ? 0 : Math.max(0, tellingSeconds - passedSeconds);
  }
}
