/**
 * What happens to an error that nobody awaits, such as one thrown in a callback of a connection: it ends the look or the
 * activity that it came from, and the process goes on for all others (docs/decisions/0041-errors-that-nobody-awaits.md).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '../report/logger.ts';
import type { RuntimeMetrics } from '../report/metrics.ts';

/** A piece of work that began, and how to end it. */
interface Work {
  readonly object: string;
  readonly fail: (error: unknown) => void;
}

/** What raises them; `process`, or something like it in tests. */
export interface ErrorSource {
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  off(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
}

export interface UnexpectedErrorsOptions {
  readonly logger: Logger;
  readonly metrics?: Pick<RuntimeMetrics, 'unexpectedError'>;
}

/** The same error is logged at most this often. It is counted each time. */
const quietMilliseconds = 60_000;
/** Of errors that were logged lately. With more different ones, the oldest may be logged again. */
const mostRemembered = 100;

/** Works on an object, and for {@link UnexpectedErrors.during} if somebody takes such errors. */
export async function during<T>(
  unexpected: UnexpectedErrors | undefined,
  object: string,
  work: () => Promise<T>,
): Promise<T> {
  return await (unexpected === undefined ? work() : unexpected.during(object, work));
}

export class UnexpectedErrors {
  readonly #options: UnexpectedErrorsOptions;
  readonly #work = new AsyncLocalStorage<Work>();
  /** When an error was logged, by its text. */
  readonly #logged = new Map<string, number>();

  constructor(options: UnexpectedErrorsOptions) {
    this.#options = options;
  }

  /** Takes these errors from now on, so that they do not end the process. @returns a function that ends it */
  watch(source: ErrorSource): () => void {
    const exception = (error: unknown): void => this.#happened('exception', error);
    const rejection = (error: unknown): void => this.#happened('rejection', error);
    source.on('uncaughtException', exception);
    source.on('unhandledRejection', rejection);
    return () => {
      source.off('uncaughtException', exception);
      source.off('unhandledRejection', rejection);
    };
  }

  /**
   * Works on an object. An unexpected error that comes from this work, however late and from whatever callback,
   * rejects the result: a promise that now nobody settles would hold a worker for ever.
   */
  async during<T>(object: string, work: () => Promise<T>): Promise<T> {
    const failed = Promise.withResolvers<never>();
    // After the work has ended, nobody awaits it.
    failed.promise.catch(() => undefined);
    return await this.#work.run({ object, fail: failed.reject }, () =>
      Promise.race([work(), failed.promise]),
    );
  }

  #happened(kind: 'exception' | 'rejection', error: unknown): void {
    const work = this.#work.getStore();
    this.#options.metrics?.unexpectedError(kind);
    work?.fail(error);
    const now = performance.now();
    const text = `${work?.object} ${String(error)}`;
    if (now - (this.#logged.get(text) ?? -Infinity) < quietMilliseconds) return;
    this.#logged.delete(text);
    this.#logged.set(text, now);
    const [oldest] = this.#logged.keys();
    if (this.#logged.size > mostRemembered && oldest !== undefined) this.#logged.delete(oldest);
    this.#options.logger.error('unexpected error: a fault of the operator, please report it', {
      kind,
      object: work?.object,
      error,
    });
  }
}
