/** The inside of a pool's thread: does one task after the other. */
import { serialize } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import type { TaskMessage, TaskTable, TellAt, ThreadMessage } from './messages.ts';

export function serveTasks(tasks: TaskTable): void {
  const tell = (message: ThreadMessage): void => parentPort?.postMessage(message);
  const at: TellAt = (what) => tell({ kind: 'At', what });
  parentPort?.on('message', async (task: TaskMessage) => tell(await done(tasks, task, at)));
  tell({ kind: 'Ready' });
}

async function done(
  tasks: TaskTable,
  { name, input, outputBytes }: TaskMessage,
  at: TellAt,
): Promise<ThreadMessage> {
  try {
    const task = tasks[name];
    if (task === undefined) throw new Error('there is no such task');
    const output = serialize(await task(input as never, at));
    return output.length > outputBytes ? { kind: 'TooMuch' } : { kind: 'Done', output };
  } catch (error) {
    return {
      kind: 'Failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}
