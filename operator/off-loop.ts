/** What the operator has done beside its event loop. */
import { extname } from 'node:path';
import type { KeyTasks } from '../host-driver/ssh/key-tasks.ts';
import type { ReleaseTasks } from '../release/tasks.ts';
import { ThreadPool } from '../base/threads/thread-pool.ts';

/** In sources and in the bundle, the thread's file lies beside this one and has the same extension. */
export function offLoop(): ThreadPool<ReleaseTasks & KeyTasks> {
  return new ThreadPool({ file: new URL(`thread${extname(import.meta.filename)}`, import.meta.url) });
}
