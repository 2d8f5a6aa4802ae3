/** Progress in bytes, with the time that is left at the speed so far. */
import { formatBytes } from '../../base/bytes.ts';
import { part } from '../report.ts';
import type { Report } from '../report.ts';
import { optional } from '../../base/optional.ts';

/** There is no estimate before this time. */
const estimateMilliseconds = 2000;

export class BytesProgress {
  readonly #report: Report;
  readonly #step: string;
  readonly #total: number;
  readonly #range: readonly [from: number, to: number];
  readonly #start = performance.now();
  #done = 0;

  /** @param range percent of the whole job. */
  constructor(report: Report, step: string, total: number, range: readonly [from: number, to: number]) {
    this.#report = report;
    this.#step = step;
    this.#total = total;
    this.#range = range;
    this.add(0);
  }

  add(bytes: number): void {
    this.#done += bytes;
    const [from, to] = this.#range;
    const elapsed = performance.now() - this.#start;
    const left =
      elapsed < estimateMilliseconds || this.#done === 0
        ? undefined
        : Math.ceil(((elapsed / 1000) * (this.#total - this.#done)) / this.#done);
    this.#report({
      step: this.#step,
      percent: part(from, to, this.#total === 0 ? 1 : this.#done / this.#total),
      message: `${formatBytes(this.#done)} of ${formatBytes(this.#total)}`,
      bytesDone: this.#done,
      bytesTotal: this.#total,
      ...optional({ secondsLeft: left }),
    });
  }
}
