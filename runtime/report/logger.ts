/** What the runtime and the controllers log through; `create-logger.ts` makes the real one, tests pass their own. */

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Data beside the message. An `error` field may hold an Error: message, reason, cause and stack are written. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

export const silentLogger: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silentLogger,
};
