/**
 * Remembers how far the log of one container was told, so that a later reading of it leaves out those lines and
 * no others. Pure.
 */
import type { TimedLine } from './log-lines.ts';

type Stream = TimedLine['stream'];
/** Lines of a stream up to this time were told. */
export type Floor = Readonly<Record<Stream, string>>;

/**
 * Docker gives a line its time first and writes it to the log later, each stream on its own. So a line may be
 * older than one that is before it in the log, by this many seconds at most.
 */
const disorderSeconds = 10;

export class ToldLines {
  readonly #tail: number;
  readonly #asked: number | undefined;
  #lines = 0;
  #first = '';
  readonly #last: Partial<Record<Stream, string>> = {};

  /**
   * @param tail how many of the last lines were asked for
   * @param since only lines since then were asked for, in seconds since 1970
   */
  constructor(tail: number | 'all' = 'all', since?: number) {
    this.#tail = tail === 'all' ? Infinity : tail;
    this.#asked = since;
  }

  note({ stream, time }: TimedLine): void {
    if (time === '') return;
    this.#lines += 1;
    this.#first ||= time;
    this.#last[stream] = time;
  }

  /** As it is now. Take it before a reading: only within one stream are times in the order of the log. */
  floor(): Floor {
    // Docker may have left out older lines of a stream of which none was told.
    const other = this.#lines < this.#tail ? '' : this.#first;
    return { stdout: this.#last.stdout ?? other, stderr: this.#last.stderr ?? other };
  }

  /** @returns since when Docker must be asked for what is not told yet, in seconds since 1970; default: ever */
  since(): number | undefined {
    const times = Object.values(this.#last).map((time) => Date.parse(time));
    if (times.length === 0) return this.#asked;
    return Math.max(this.#asked ?? 0, Math.floor(Math.max(...times) / 1000) - disorderSeconds);
  }
}
