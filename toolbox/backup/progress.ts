/**
 * Tells how far the job is, and how long it will take at the pace of about the last minute. Bytes are not
 * all of the work: a tree of small files has few bytes and takes its time, so each entry of a tree counts as
 * some bytes.
 */
import { formatBytes } from '../../base/bytes.ts';
import { part } from '../report.ts';
import type { Report } from '../report.ts';

interface Counters {
  readonly bytesDone: number;
  /** Files, directories and links of file trees. */
  readonly entriesDone: number;
  readonly uploadedBytes: number;
}

export interface Totals {
  readonly bytes: number;
  readonly entries: number;
}

/**
 * To open, read, close and record one takes about as long as reading this much (with a disk of 300 MB/s, a
 * third of a millisecond).
 */
const entryBytes = 100_000;

const intervalMilliseconds = 1000;
/** A longer estimate means that nothing moves, and no number is better than a wrong one. */
const longestEstimateSeconds = 30 * 86_400;
/** Percent of the job when it begins to read. */
const leastPercent = 2;
/** Weight of the newest second in the average pace. */
const newest = 0.05;

export class ProgressTeller {
  readonly #report: Report;
  readonly #totals: () => Totals | undefined;
  readonly #counters: () => Counters;
  readonly #timer: NodeJS.Timeout;
  #step = 'Measuring';
  #about: string | undefined;
  #waits: string | undefined;
  #last = 0;
  #workPerInterval: number | undefined;

  /**
   * @param totals undefined until everything is measured. Until then no share is reported, because a
   * percentage never goes back.
   */
  constructor(report: Report, totals: () => Totals | undefined, counters: () => Counters) {
    this.#report = report;
    this.#totals = totals;
    this.#counters = counters;
    this.#timer = setInterval(() => this.#tick(), intervalMilliseconds).unref();
  }

  begin(step: string, about?: string): void {
    this.#step = step;
    this.#about = about;
    this.#waits = undefined;
    this.#tell();
  }

  /** @param waits for whom, in words; undefined when it goes on. */
  wait(waits: string | undefined): void {
    if (waits === this.#waits) return;
    this.#waits = waits;
    this.#tell();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const done = work(this.#counters());
    const moved = done - this.#last;
    this.#last = done;
    this.#workPerInterval =
      this.#workPerInterval === undefined ? moved : this.#workPerInterval * (1 - newest) + moved * newest;
    this.#tell();
  }

  #tell(): void {
    const counters = this.#counters();
    const { bytesDone, uploadedBytes } = counters;
    const totals = this.#totals();
    const told = totals === undefined ? unmeasured(counters) : this.#measured(counters, totals);
    this.#report({
      step: this.#step,
      ...told,
      message:
        this.#waits ??
        `${this.#about === undefined ? '' : `${this.#about}: `}${told.message}, ${formatBytes(uploadedBytes)} new`,
      bytesDone,
      uploadedBytes,
    });
  }

  #measured(counters: Counters, totals: Totals): Told {
    const { bytesDone, entriesDone } = counters;
    // The earlier measurement is an estimate: the database grows in the meantime.
    const bytesTotal = Math.max(totals.bytes, bytesDone);
    const entries = Math.max(totals.entries, entriesDone);
    const total = work({ bytesDone: bytesTotal, entriesDone: entries });
    const done = work(counters);
    const secondsLeft = Math.ceil(
      ((total - done) / (this.#workPerInterval ?? 0)) * (intervalMilliseconds / 1000),
    );
    const files = entries === 0 ? '' : `, ${entriesDone} of ${entries} files and directories`;
    return {
      percent: part(leastPercent, 97, total === 0 ? 1 : done / total),
      message: `${formatBytes(bytesDone)} of about ${formatBytes(bytesTotal)}${files}`,
      bytesTotal,
      // Nobody knows how long somebody else holds a lock.
      ...(this.#waits === undefined && secondsLeft < longestEstimateSeconds ? { secondsLeft } : {}),
    };
  }
}

interface Told {
  readonly percent: number;
  readonly message: string;
  readonly bytesTotal?: number;
  readonly secondsLeft?: number;
}

function unmeasured({ bytesDone }: Counters): Told {
  return {
    percent: leastPercent,
    message: `${formatBytes(bytesDone)} read, how much there is is being measured`,
  };
}

function work({ bytesDone, entriesDone }: Pick<Counters, 'bytesDone' | 'entriesDone'>): number {
  return bytesDone + entriesDone * entryBytes;
}
