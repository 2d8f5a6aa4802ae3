/** The operator's second thread: does what an input can make long (docs/decisions/0049-threads.md). */
import { keyTasks } from '../host-driver/ssh/key-tasks.ts';
import { releaseTasks } from '../release/tasks.ts';
import { serveTasks } from '../base/threads/serve-tasks.ts';

serveTasks({ ...releaseTasks, ...keyTasks });
