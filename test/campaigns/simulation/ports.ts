/**
 * How the calls of one operator reach the world: each takes time, and what happens to it on the way is drawn.
 * What was sent takes effect in the world even when the process that sent it is paused, dead, or no longer
 * waits for the answer.
 */
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import type { Host, HostDriver, HostTarget } from '../../../host-driver/host.ts';
import { LeadershipLost } from '../../../runtime/errors.ts';
import type { Cluster } from '../../../runtime/client/cluster.ts';
import { ApiError, NO_ANSWER } from '../../../runtime/client/api-error.ts';
import { HostError } from '../../../host-driver/host.ts';
import { reading } from '../../support/world/world.ts';
import type { Life, VirtualTime } from './virtual-time.ts';

/** What happens to one call on its way. */
export interface Fate {
  /** Until it takes effect, and from there until the answer arrives. */
  readonly seconds: number;
  /** Whether it reaches the other side. */
  readonly arrives: boolean;
  /** What the caller hears in place of the answer. `Nothing`: it waits until it gives up. */
  readonly instead?: Error | 'Nothing';
}

export interface Call {
  readonly to: 'api' | 'host' | 'store';
  /** Kind and name of an object, the address of a host. */
  readonly what: string;
  readonly method: string;
  readonly isEffect: boolean;
}

/** What one operator goes through. */
export interface Line {
  readonly life: Life;
  readonly time: VirtualTime;
  /** Draws what happens to a call; it may also end the life. */
  readonly fate: (call: Call) => Fate;
  /** Seconds at which the last call arrived at each host: a connection keeps the order. */
  readonly latest: Map<string, number>;
  /** Is told of each call as it arrives, with its outcome. */
  readonly arrived: (call: Call, outcome: string, sentSeconds: number) => void;
}

type Method = (...given: unknown[]) => unknown;

const never = new AbortController().signal;
/** A connection that says nothing for so long is given up, as keep-alives do. */
const silentSeconds = 60;
const apiSeconds = 15;

/** @param isHeld whether this process may write, as the fenced client of the operator asks before each write */
export function clusterThrough(line: Line, cluster: Cluster, isHeld: () => boolean = () => true): Cluster {
  return wrapped(cluster, (method, name) => (...given) => {
    if (name === 'presentable') return method(...given);
    const isEffect = !readingApi.has(name);
    if (isEffect && !isHeld()) return Promise.reject(new LeadershipLost('not the leader any more'));
    const { signal, timeoutSeconds } = optionsOf(given);
    const call: Call = { to: 'api', what: aboutObject(name, given), method: name, isEffect };
    const late = (): Error => new ApiError(NO_ANSWER, 'Timeout', `${name} ${call.what}: no answer in time`);
    const sent = withOptions(given, { signal: never });
    return asked(line, call, { signal, seconds: timeoutSeconds ?? apiSeconds, late }, () => method(...sent));
  });
}

export function driverThrough(line: Line, driver: HostDriver): HostDriver {
  return {
    host: (target) => hostThrough(line, target, driver.host(target)),
    closeIdle: () => undefined,
    close: () => Promise.resolve(),
  };
}

function hostThrough(line: Line, { address }: HostTarget, host: Host): Host {
  return wrapped(host, (method, name) => (...given) => {
    const isEffect = !reading.has(name);
    const call: Call = { to: 'host', what: address, method: name, isEffect };
    const signal = given.find((one) => one instanceof AbortSignal) ?? never;
    if (name === 'events') return eventsThrough(line, call, (all) => method(all, given[1]) as Events, signal);
    const late = (): Error => hostError(isEffect ? 'OutcomeUnknown' : 'HostUnreachable', call);
    const sent = given.map((one) =>
      one === signal ? never : typeof one === 'function' ? ofLife(line, one as Method) : one,
    );
    return asked(line, call, { signal, seconds: silentSeconds, late }, () => method(...sent));
  });
}

export function storeThrough(line: Line, store: BlobStore): BlobStore {
  return wrapped(store, (method, name) => (...given) => {
    const call: Call = {
      to: 'store',
      what: `${given[0] as string}`,
      method: name,
      isEffect: name === 'create',
    };
    const signal = given.find((one) => one instanceof AbortSignal) ?? never;
    const wait = { signal, seconds: silentSeconds, late: () => new Error('the store does not answer') };
    if (name === 'list') return listThrough(line, call, wait, () => method(...given));
    return asked(line, call, wait, () => method(...given.map((one) => (one === signal ? never : one))));
  });
}

export function hostError(reason: HostError['reason'], { what, method }: Call): HostError {
  return new HostError(reason, what, `${method} on ${what}: ${reason}, says the simulation`);
}

type Events = ReturnType<Host['events']>;

/** Takes the events of a host through the clock, so that they reach no dead process. */
async function* eventsThrough(
  line: Line,
  call: Call,
  open: (signal: AbortSignal) => Events,
  signal: AbortSignal,
): Events {
  const late = (): Error => hostError('HostUnreachable', call);
  const ended = new AbortController();
  try {
    const all = AbortSignal.any([signal, ended.signal]);
    const events = await asked(line, call, { signal, seconds: silentSeconds, late }, () =>
      Promise.resolve(open(all)[Symbol.asyncIterator]()),
    );
    for (;;) {
      const next = await inLife(
        line,
        line.time.as(undefined, () => events.next()),
      );
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    ended.abort(new Error('nobody listens any more'));
  }
}

async function* listThrough(
  line: Line,
  call: Call,
  wait: Wait,
  list: () => unknown,
): AsyncGenerator<unknown> {
  const found = await asked(line, call, wait, async () => {
    const all: unknown[] = [];
    for await (const one of list() as AsyncIterable<unknown>) all.push(one);
    return all;
  });
  yield* found;
}

interface Wait {
  readonly signal: AbortSignal;
  readonly seconds: number;
  readonly late: () => Error;
}

/** Sends a call and waits for what comes back. */
function asked<T>(
  { life, time, ...line }: Line,
  call: Call,
  wait: Wait,
  effect: () => T,
): Promise<Awaited<T>> {
  const { signal } = wait;
  signal.throwIfAborted();
  const { seconds, arrives, instead } = line.fate(call);
  const sentSeconds = time.seconds;
  return new Promise<Awaited<T>>((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    const limit = time.schedule(() => reject(wait.late()), wait.seconds * 1000);
    const answer = (settle: () => void): void => {
      time.as(life, () =>
        time.schedule(() => {
          limit.close();
          signal.removeEventListener('abort', giveUp);
          settle();
        }, seconds * 1000),
      );
    };
    const told = (settle: () => void): void => {
      if (instead === undefined) answer(settle);
      else if (instead !== 'Nothing') answer(() => reject(instead));
    };
    const arrive = async (): Promise<void> => {
      try {
        const value = await effect();
        line.arrived(call, 'done', sentSeconds);
        told(() => resolve(value));
      } catch (error) {
        line.arrived(call, describe(error), sentSeconds);
        told(() => reject(error as Error));
      }
    };
    const lose = (): void => {
      line.arrived(call, `lost: ${describe(instead)}`, sentSeconds);
      told(() => undefined);
    };
    const there =
      call.to === 'host'
        ? Math.max(sentSeconds + seconds, line.latest.get(call.what) ?? 0)
        : sentSeconds + seconds;
    if (call.to === 'host') line.latest.set(call.what, there);
    time.as(undefined, () =>
      time.schedule(() => void (arrives ? arrive() : lose()), (there - sentSeconds) * 1000),
    );
  });
}

/** Continues in the process, if it still lives. */
function inLife<T>({ life, time }: Line, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const then = (settle: () => void): void => void time.as(life, () => time.schedule(settle, 1));
    promise.then(
      (value) => then(() => resolve(value)),
      (error: unknown) => then(() => reject(error as Error)),
    );
  });
}

function ofLife({ life, time }: Line, callback: Method): Method {
  return (...given) => (life.isDead ? undefined : time.as(life, () => callback(...given)));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { reason, status } = error as { readonly reason?: string; readonly status?: number };
  return [error.name, status, reason].filter((part) => part !== undefined).join(' ');
}

const readingApi: ReadonlySet<string> = new Set(['get', 'find', 'list', 'getSecret', 'clusterID']);

function optionsOf(given: readonly unknown[]): { signal: AbortSignal; timeoutSeconds?: number } {
  return given.at(-1) as { signal: AbortSignal; timeoutSeconds?: number };
}

function withOptions(given: readonly unknown[], options: object): readonly unknown[] {
  return [...given.slice(0, -1), options];
}

/** Such as `JtelStack main`. */
function aboutObject(method: string, [first, second]: readonly unknown[]): string {
  if (method === 'clusterID') return 'kube-system';
  if (method === 'getSecret') return `Secret ${second as string}`;
  const { kind } = first as { readonly kind: string };
  const { name, metadata } = second as {
    readonly name?: string;
    readonly metadata?: { readonly name?: string };
  };
  return `${kind} ${name ?? metadata?.name ?? ''}`;
}

/** The same port, with each method replaced. */
function wrapped<T extends object>(port: T, replace: (method: Method, name: string) => Method): T {
  return new Proxy(port, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      return replace((...given) => Reflect.apply(value as Method, target, given) as unknown, name);
    },
  });
}
