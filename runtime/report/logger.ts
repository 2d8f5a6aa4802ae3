/**
 * The interface through which runtime and controllers log. `create-logger.ts` makes the real logger; tests
 * pass their own.
 */

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/**
 * Data beside the message. An `error` field may hold an Error; its message, reason, cause and stack are
 * written.
 */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** Returns a logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

export const silentLogger: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silentLogger,
};
