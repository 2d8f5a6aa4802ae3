/** What the main thread and a thread of the pool send each other. */

export interface TaskMessage {
  readonly name: string;
  readonly input: unknown;
  readonly outputBytes: number;
}

export type ThreadMessage =
  | { readonly kind: 'Ready' }
  /** What the task is at now, for errors. */
  | { readonly kind: 'At'; readonly what: string }
  | TaskEnd;

/** The processor time that the task took, in milliseconds, and what came of it. */
export type TaskEnd = { readonly milliseconds: number } & TaskOutcome;

export type TaskOutcome =
  /** `output` is in the form of node:v8, whose length is known before anybody reads it. */
  | { readonly kind: 'Done'; readonly output: Uint8Array }
  | { readonly kind: 'TooMuch' }
  | { readonly kind: 'Failed'; readonly message: string };

/** Says what the task is at. It costs a message, so not more often than a few hundred times. */
export type TellAt = (what: string) => void;

/**
 * Tasks by name. Each takes and gives what can be cloned between threads. An error that people shall read is
 * given as data; what is thrown counts as a bug of the task.
 */
export type TaskTable = Readonly<Record<string, (input: never, at: TellAt) => unknown>>;

export type TaskInput<Tasks extends TaskTable, Name extends keyof Tasks> = Parameters<Tasks[Name]>[0];
export type TaskOutput<Tasks extends TaskTable, Name extends keyof Tasks> = Awaited<ReturnType<Tasks[Name]>>;
