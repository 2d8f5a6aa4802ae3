/**
 * How the threads of a job are served and ended. A thread is asked to end, never terminated: terminating one
 * while it loads native code (koffi) ends the whole process, and nobody hears why the job ended. Each task
 * is short, so asking is quick enough.
 */
import { parentPort } from 'node:worker_threads';
import type { Worker } from 'node:worker_threads';

const end = 'end';

/** Runs in the thread: answers each task until it is asked to end. */
export function serve<Task, Answer>(answerTo: (task: Task) => Answer): void {
  parentPort?.on('message', (message: Task | typeof end) => {
    if (message === end) parentPort?.close();
    else parentPort?.postMessage(answerTo(message));
  });
}

/** Resolves when the thread has ended, after its remaining tasks. It may have ended before. */
export async function endThread(worker: Worker): Promise<void> {
  const hasEnded = worker.threadId === -1;
  if (hasEnded) return;
  await new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
    worker.postMessage(end);
  });
}
