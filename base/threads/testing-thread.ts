/** A thread for the pool's tests. */
import { serveTasks } from './serve-tasks.ts';
import type { TellAt } from './messages.ts';

const tasks = {
  double: (value: number) => value * 2,
  text: (length: number) => 'x'.repeat(length),
  fail: (message: string): never => {
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
