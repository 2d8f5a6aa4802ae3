/** What a command needs of its surroundings, so that tests can be the surroundings. */

export interface Terminal {
  /** Results. One line, without its end. */
  readonly print: (line: string) => void;
  /** Progress, warnings and errors. One line, without its end. */
  readonly tell: (line: string) => void;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** The user asked for something that cannot be: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The work failed: exit code 1. The message stands for itself; no stack is shown. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
