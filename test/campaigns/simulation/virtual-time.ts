/**
 * Time of a simulated run. Nobody waits: when everything that is ready has run, the clock jumps to the next
 * timer. Every timer belongs to a life, that of the process which set it. A life can be paused, as by
 * SIGSTOP, and ended, as by SIGKILL: its timers wait, or are gone. As every answer of a port comes by a
 * timer, a dead life does nothing any more.
 *
 * docs/decisions/0061-simulation.md says why no library does this.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

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
  /** Milliseconds of the monotonic clock. */
  due: number;
  readonly life: Life | undefined;
  readonly fire: () => void;
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
  readonly #timers = new Set<Timer>();
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
    const timer: Timer = { due: 0, life, fire: AsyncLocalStorage.bind(callback) };
    if (life?.isDead !== true) this.start(timer, delay);
    return new TimerHandle(this, delay, timer);
  }

  start(timer: Timer, milliseconds: number): void {
    this.#timers.delete(timer);
    timer.due = this.#now + milliseconds;
    this.#timers.add(timer);
  }

  cancel(handle: unknown): void {
    if (handle instanceof TimerHandle) this.#timers.delete(handle.timer);
  }

  /** As a power failure: what it was doing is never continued. */
  end(life: Life): void {
    life.isDead = true;
    for (const timer of this.#timers) if (timer.life === life) this.#timers.delete(timer);
  }

  /** Lets time pass until the condition holds. @returns false when that much time passed first */
  async until(condition: () => boolean, longestSeconds: number): Promise<boolean> {
    const end = this.#now + longestSeconds * 1000;
    for (;;) {
      await new Promise<void>((resolve) => turnOfEventLoop(resolve));
      if (condition()) return true;
      const next = this.#next();
      const due = next === undefined ? Number.POSITIVE_INFINITY : dueOf(next);
      if (next === undefined || due > end) {
        this.#now = end;
        return condition();
      }
      this.#now = Math.max(this.#now, due);
      this.#timers.delete(next);
      this.fired += 1;
      next.fire();
    }
  }

  async pass(seconds: number): Promise<void> {
    await this.until(() => false, seconds);
  }

  /** The earliest; of several, the one that was set first. */
  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || dueOf(timer) < dueOf(next)) next = timer;
    return next;
  }
}

function dueOf({ due, life }: Timer): number {
  return life === undefined ? due : Math.max(due, life.pausedUntil * 1000);
}
