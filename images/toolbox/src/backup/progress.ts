/** Tells how far the job is, and how long it will take at the pace of the last minute or so. */
import { formatBytes, part } from '../report.ts';
import type { Report } from '../report.ts';

interface Counters {
  readonly bytesDone: number;
  readonly uploadedBytes: number;
}

const intervalMilliseconds = 1000;
/** Beyond that a number says less than none: nothing moves. */
const longestEstimateSeconds = 30 * 86_400;
/** Weight of the newest second in the pace. */
const newest = 0.05;

export class ProgressTeller {
  readonly #report: Report;
  readonly #bytesTotal: number;
  readonly #counters: () => Counters;
  readonly #timer: NodeJS.Timeout;
  #step = 'Measuring';
  #about: string | undefined;
  #last = 0;
  #bytesPerInterval: number | undefined;

  constructor(report: Report, bytesTotal: number, counters: () => Counters) {
    this.#report = report;
    this.#bytesTotal = bytesTotal;
    this.#counters = counters;
    this.#timer = setInterval(() => this.#tick(), intervalMilliseconds).unref();
  }

  begin(step: string, about?: string): void {
    this.#step = step;
    this.#about = about;
    this.#tell();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { bytesDone } = this.#counters();
    const moved = bytesDone - this.#last;
    this.#last = bytesDone;
    this.#bytesPerInterval = this.#bytesPerInterval === undefined ? moved : this.#bytesPerInterval * (1 - newest) + moved * newest;
    this.#tell();
  }

  #tell(): void {
    const { bytesDone, uploadedBytes } = this.#counters();
    // What was measured before is an estimate: the database grows meanwhile.
    const bytesTotal = Math.max(this.#bytesTotal, bytesDone);
    const left = bytesTotal - bytesDone;
    const secondsLeft = Math.ceil((left / (this.#bytesPerInterval ?? 0)) * (intervalMilliseconds / 1000));
    const known = `${formatBytes(bytesDone)} of about ${formatBytes(bytesTotal)}, ${formatBytes(uploadedBytes)} new`;
    this.#report({
      step: this.#step,
      percent: part(2, 97, bytesTotal === 0 ? 1 : bytesDone / bytesTotal),
      message: this.#about === undefined ? known : `${this.#about}: ${known}`,
      bytesDone,
      bytesTotal,
      uploadedBytes,
      ...(secondsLeft < longestEstimateSeconds ? { secondsLeft } : {}),
    });
  }
}
