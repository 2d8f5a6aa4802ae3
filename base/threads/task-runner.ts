/** Where tasks are done: in a thread of a pool, or here, in a program that serves one person. */
import type { TaskInput, TaskOutput, TaskTable } from './messages.ts';

export interface TaskOptions {
  /**
   * Owners share the time: one with many tasks, or dear ones, delays the others by one of them at most. In the
   * operator it is the namespace, because a tenant can choose other names as it likes.
   */
  readonly owner: string;
  readonly signal: AbortSignal;
  /** Names the input by its content: what was ended is not begun again for a while. */
  readonly id: string;
  /** Processor time, instead of the pool's `taskSeconds`. */
  readonly taskSeconds?: number;
  /** How often its processor time counts against what its owner may take. Default 1. */
  readonly weight?: number;
}

export interface TaskRunner<Tasks extends TaskTable> {
  /** @throws {TaskLimitError} when the task was ended */
  run<Name extends keyof Tasks & string>(
    name: Name,
    input: TaskInput<Tasks, Name>,
    options: TaskOptions,
  ): Promise<TaskOutput<Tasks, Name>>;
}

/** Has no limits but those of the tasks themselves. */
export function tasksHere<Tasks extends TaskTable>(tasks: Tasks): TaskRunner<Tasks> {
  return {
    async run(name, input, { signal }) {
      signal.throwIfAborted();
      return (await tasks[name]?.(input, () => undefined)) as TaskOutput<Tasks, typeof name>;
    },
  };
}
