/** What a command needs from its surroundings, so tests can provide them. */

export interface Terminal {
  /** Prints a result: one line, without its end. */
  readonly print: (line: string) => void;
  /** Prints progress, a warning or an error: one line, without its end. */
  readonly note: (line: string) => void;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** The user asked for something impossible: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The work failed: exit code 1. The message is enough; no stack is shown. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
