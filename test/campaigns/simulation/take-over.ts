/**
 * Puts the clock and the random numbers of a simulation in the place of the machine's, for everything that runs
 * in this process. The product reads them as it always does: Node's globals and built-in modules are the port.
 * What runs on another thread would end at a time of its own. The operator has one such thing here,
 * decompression, and it is done at once.
 */
import crypto, { createPrivateKey, createPublicKey } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { Transform } from 'node:stream';
import timers from 'node:timers';
import promised from 'node:timers/promises';
import zlib, { zstdDecompressSync } from 'node:zlib';
import type { Dice } from './dice.ts';
import type { VirtualTime } from './virtual-time.ts';

type Values = Readonly<Record<string, unknown>>;

/** Only one simulation can have the process at a time. @returns puts everything back */
export function takeOver(time: VirtualTime, dice: Dice): () => void {
  const clock = timerFunctions(time);
  const replaced: readonly (readonly [target: object, values: Values])[] = [
    [globalThis, { ...clock, Date: dateOf(time) }],
    [timers, clock],
    [promised, promisedTimers(time)],
    [performance, { now: () => time.monotonic() }],
    [AbortSignal, { timeout: (milliseconds: number) => timeoutSignal(time, milliseconds) }],
    [Math, { random: () => dice.next() }],
    [crypto, randomFunctions(dice)],
    [zlib, { createZstdDecompress: decompressedAtOnce }],
  ];
  const restore = replaced.map(([target, values]) => replace(target, values));
  syncBuiltinESMExports();
  return () => {
    for (const one of restore.toReversed()) one();
    syncBuiltinESMExports();
  };
}

function replace(target: object, values: Values): () => void {
  const before = Object.keys(values).map(
    (name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const,
  );
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  return () => {
    for (const [name, descriptor] of before)
      if (descriptor === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, descriptor);
  };
}

function timerFunctions(time: VirtualTime): Values {
  const cancel = (handle: unknown): void => time.cancel(handle);
  return {
    setTimeout: (callback: (...given: unknown[]) => void, milliseconds = 0, ...given: unknown[]) =>
      time.schedule(() => callback(...given), milliseconds),
    setImmediate: (callback: (...given: unknown[]) => void, ...given: unknown[]) =>
      time.schedule(() => callback(...given), 0),
    setInterval: (callback: (...given: unknown[]) => void, milliseconds = 1, ...given: unknown[]) => {
      const handle = time.schedule(() => {
        handle.refresh();
        callback(...given);
      }, milliseconds);
      return handle;
    },
    clearTimeout: cancel,
    clearImmediate: cancel,
    clearInterval: cancel,
  };
}

function promisedTimers(time: VirtualTime): Values {
  const pause = <T>(milliseconds: number, value?: T, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise<T | undefined>((resolve, reject) => {
      signal?.throwIfAborted();
      const handle = time.schedule(() => resolve(value), milliseconds);
      const stop = (): void => {
        handle.close();
        reject(new DOMException('The operation was aborted', { name: 'AbortError', cause: signal?.reason }));
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  return { setTimeout: pause, setImmediate: <T>(value?: T) => pause(0, value) };
}

function timeoutSignal(time: VirtualTime, milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const late = (): void =>
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  time.schedule(late, milliseconds);
  return controller.signal;
}

/** Dates are as always, but those without an argument say the simulated time. */
function dateOf(time: VirtualTime): DateConstructor {
  const virtual: DateConstructor = new Proxy(Date, {
    construct: (target, given, newTarget) =>
      Reflect.construct(
        target,
        given.length === 0 ? [time.wall()] : given,
        newTarget === virtual ? target : newTarget,
      ) as Date,
    get: (target, name): unknown => (name === 'now' ? () => time.wall() : Reflect.get(target, name)),
  });
  return virtual;
}

function randomFunctions(dice: Dice): Values {
  return {
    randomBytes: (length: number) => dice.bytes(length),
    randomInt: (first: number, second?: number) =>
      second === undefined ? dice.integer(0, first - 1) : dice.integer(first, second - 1),
    randomUUID: () => uuid(dice),
    // The product only makes Ed25519 keys by this function.
    generateKeyPairSync: () => {
      const privateKey = createPrivateKey({
        key: Buffer.concat([ed25519Prefix, dice.bytes(32)]),
        format: 'der',
        type: 'pkcs8',
      });
      return { privateKey, publicKey: createPublicKey(privateKey) };
    },
  };
}

/** Of a private key as PKCS #8 (RFC 8410); its 32 bytes follow. */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

function uuid(dice: Dice): string {
  const hex = dice.bytes(16).toString('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20),
  ];
  return parts.join('-');
}

/** What is stored in tests comes in one piece. */
function decompressedAtOnce(): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      try {
        done(null, zstdDecompressSync(piece));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
