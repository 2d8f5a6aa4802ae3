/** Tells a person how far a build of minutes is, from what `go` says while it works. */
import type { Progress } from '../../kit/progress.ts';

const pauseSeconds = 15;

export class BuildProgress {
  readonly #title: string;
  readonly #what: string;
  readonly #progress: Progress;
  readonly #total: number | undefined;
  readonly #now: () => number;
  readonly #begin: number;
  #told: number;
  #count = 0;
  /** What came after the last line end. */
  #rest = '';

  /**
   * @param what counted things, such as `packages built`
   * @param total how many there will be; undefined: nobody knows
   * @param now milliseconds
   */
  constructor(
    title: string,
    what: string,
    progress: Progress,
    total?: number,
    now: () => number = () => performance.now(),
  ) {
    this.#title = title;
    this.#what = what;
    this.#progress = progress;
    this.#total = total;
    this.#now = now;
    this.#begin = now();
    this.#told = this.#begin;
  }

  /** Takes output of `go list`, which names the modules that it fetches. */
  downloaded(text: string): void {
    this.#add(text, /^go: downloading /);
  }

  /** Takes output of `go build -v`, which names each package when it begins with it. */
  compiled(text: string): void {
    this.#add(text, /^[\w.~-]+(\/[\w.~-]+)*$/);
  }

  #add(text: string, counts: RegExp): void {
    const lines = `${this.#rest}${text}`.split('\n');
    this.#rest = lines.pop() ?? '';
    const more = lines.filter((line) => counts.test(line)).length;
    if (more === 0) return;
    this.#count += more;
    const now = this.#now();
    const isLast = this.#count === this.#total;
    if (!isLast && now - this.#told < pauseSeconds * 1000) return;
    this.#told = now;
    this.#progress.info(this.#sentence((now - this.#begin) / 1000));
  }

  #sentence(seconds: number): string {
    const after = `after ${seconds.toFixed(0)} s`;
    if (this.#total === undefined) return `  ${this.#title}: ${this.#count} ${this.#what} ${after}`;
    const percent = Math.floor((100 * this.#count) / this.#total);
    const rest = this.#count === this.#total ? '; now it is linked' : '';
    return `  ${this.#title}: ${this.#count} of ${this.#total} ${this.#what}, ${percent} % ${after}${rest}`;
  }
}
