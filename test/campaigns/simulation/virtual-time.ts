/**
 * Time of a simulated run. Nobody waits: when everything that is ready has run, the clock jumps to the next
 * timer. Every timer belongs to a life, that of the process which set it. A life can be paused, as by
 * SIGSTOP, and ended, as by SIGKILL: its timers wait, or are gone. As every answer of a port comes by a
 * timer, a dead life does nothing any more.
 *
 * docs/decisions/0061-simulation.md says why no library does this.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Timers, type Timed } from './timers.ts';

/** One process. What belongs to none is the world: users, hosts, the API server. */
export class Life {
  readonly name: string;
  isDead = false;
  /** Seconds of the monotonic clock; until then nothing of it runs. */
  pausedUntil = 0;

  constructor(name: string) {
    this.name = name;
  }
}

interface Timer {
  readonly life: Life | undefined;
  readonly fire: () => void;
  /** Its place in the queue, while it is set. */
  entry?: Entry | undefined;
}

interface Entry extends Timed {
  readonly timer: Timer;
}

/** What `setTimeout` returns. Whether it keeps a process alive means nothing here. */
export class TimerHandle {
  readonly #time: VirtualTime;
  readonly #delay: number;
  readonly timer: Timer;

  constructor(time: VirtualTime, delay: number, timer: Timer) {
    this.#time = time;
    this.#delay = delay;
    this.timer = timer;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    this.#time.start(this.timer, this.#delay);
    return this;
  }

  close(): this {
    this.#time.cancel(this);
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Runs everything that is ready: one turn of the real event loop ends only when no promise can go on. */
const turnOfEventLoop = setImmediate;

export class VirtualTime {
  readonly #timers = new Timers<Entry>();
  #order = 0;
  readonly #lives = new AsyncLocalStorage<Life>();
  readonly #origin: number;
  #now = 0;
  /** How far the wall clock was set, in milliseconds. */
  #wallOffset = 0;
  /** How many timers fired. */
  fired = 0;

  /** @param origin milliseconds since 1970 at which it begins */
  constructor(origin: number) {
    this.#origin = origin;
  }

  /** Seconds since the begin. */
  get seconds(): number {
    return this.#now / 1000;
  }

  /** Milliseconds since the begin, by the monotonic clock. */
  monotonic(): number {
    return this.#now;
  }

  /** Milliseconds since 1970, by the wall clock. */
  wall(): number {
    return Math.floor(this.#origin + this.#now + this.#wallOffset);
  }

  setWallClock(bySeconds: number): void {
    this.#wallOffset += bySeconds * 1000;
  }

  /** Runs it as that process; what it begins belongs to the process too. */
  as<T>(life: Life | undefined, run: () => T): T {
    return life === undefined ? this.#lives.exit(run) : this.#lives.run(life, run);
  }

  schedule(callback: () => void, milliseconds: number): TimerHandle {
    const life = this.#lives.getStore();
    const delay = Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0;
    const timer: Timer = { life, fire: AsyncLocalStorage.bind(callback) };
    if (life?.isDead !== true) this.start(timer, delay);
    return new TimerHandle(this, delay, timer);
  }

  start(timer: Timer, milliseconds: number): void {
    unset(timer);
    this.#order += 1;
    timer.entry = { due: this.#now + milliseconds, order: this.#order, isSet: true, timer };
    this.#timers.add(timer.entry);
  }

  cancel(handle: unknown): void {
    if (handle instanceof TimerHandle) unset(handle.timer);
  }

  /** As a power failure: what it was doing is never continued. */
  end(life: Life): void {
    life.isDead = true;
  }

  /** Lets time pass until the condition holds. @returns false when that much time passed first */
  async until(condition: () => boolean, longestSeconds: number): Promise<boolean> {
    const end = this.#now + longestSeconds * 1000;
    for (;;) {
      await new Promise<void>((resolve) => turnOfEventLoop(resolve));
      if (condition()) return true;
      const next = this.#next();
      if (next === undefined || next.due > end) {
        this.#now = end;
        return condition();
      }
      this.#now = Math.max(this.#now, next.due);
      this.#timers.removeFirst();
      unset(next.timer);
      this.fired += 1;
      next.timer.fire();
    }
  }

  async pass(seconds: number): Promise<void> {
    await this.until(() => false, seconds);
  }

  #next(): Entry | undefined {
    for (;;) {
      const first = this.#timers.first();
      if (first === undefined) return undefined;
      const { isSet, due, timer } = first;
      const pausedUntil = (timer.life?.pausedUntil ?? 0) * 1000;
      if (isSet && timer.life?.isDead !== true && due >= pausedUntil) return first;
      this.#timers.removeFirst();
      if (!isSet || timer.life?.isDead === true) continue;
      first.due = pausedUntil;
      this.#timers.add(first);
    }
  }
}

function unset(timer: Timer): void {
  if (timer.entry !== undefined) timer.entry.isSet = false;
  timer.entry = undefined;
}
