/** The inside of a pool's thread: does one task after the other. */
import { serialize } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import type { TaskMessage, TaskOutcome, TaskTable, TellAt, ThreadMessage } from './messages.ts';

export function serveTasks(tasks: TaskTable): void {
  const tell = (message: ThreadMessage): void => parentPort?.postMessage(message);
  const at: TellAt = (what) => tell({ kind: 'At', what });
  parentPort?.on('message', async (task: TaskMessage) => {
    const before = processorMilliseconds();
    const outcome = await done(tasks, task, at);
    tell({ ...outcome, milliseconds: processorMilliseconds() - before });
  });
  tell({ kind: 'Ready' });
}

async function done(
  tasks: TaskTable,
  { name, input, outputBytes }: TaskMessage,
  at: TellAt,
): Promise<TaskOutcome> {
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

/** Of this thread. */
function processorMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
