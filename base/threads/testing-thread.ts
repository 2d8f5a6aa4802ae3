/** A thread for the pool's tests. */
import { serveTasks } from './serve-tasks.ts';
import type { TellAt } from './messages.ts';

/** Until the system says that this thread has taken some processor time. */
function work(): void {
  const { user, system } = process.threadCpuUsage();
  for (let now = { user, system }; now.user + now.system === user + system;) now = process.threadCpuUsage();
}

const tasks = {
  work,
  double: (value: number) => value * 2,
  text: (length: number) => 'x'.repeat(length),
  fail: (message: string): never => {
    work();
    throw new Error(message);
  },
  forEver: (_: unknown, at: TellAt): never => {
    at('the part that never ends');
    for (;;);
  },
  never: () => new Promise<never>(() => undefined),
  hoard: (_: unknown, at: TellAt): never => {
    at('the part that hoards');
    const kept: object[] = [];
    for (;;) kept.push({ and: [kept.length] });
  },
};

export type TestingTasks = typeof tasks;

serveTasks(tasks);
