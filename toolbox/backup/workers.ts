/** The worker threads, and which task comes next: the one that frees memory soonest. */
import { Worker } from 'node:worker_threads';
import { JobError } from '../job-error.ts';
import { endThread } from '../thread.ts';
import type { Answer, Task, WorkerSettings } from './tasks.ts';

interface Job {
  readonly task: Task;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly running: Job[];
}

/** A second task waits at the thread, so the thread need not wait for the main thread. */
const tasksAtThread = 2;
const order = ['seal', 'compress', 'hashAndCompress', 'hash'] as const;

export class Workers {
  readonly #threads: readonly Thread[];
  readonly #waiting: Readonly<Record<Task['kind'], Job[]>> = {
    seal: [],
    compress: [],
    hashAndCompress: [],
    hash: [],
  };
  #stopped: JobError | undefined;

  constructor(count: number, settings: WorkerSettings) {
    this.#threads = Array.from({ length: count }, () => {
      const worker = new Worker(new URL('worker.ts', import.meta.url), {
        workerData: settings,
        resourceLimits: { maxYoungGenerationSizeMb: 8 },
      });
      const thread: Thread = { worker, running: [] };
      worker.on('message', (answer: Answer) => this.#answered(thread, answer));
      worker.on('error', (error) =>
        this.#fail(new JobError('InternalError', `a worker thread failed: ${error.message}`, error)),
      );
      worker.on('exit', () => this.#fail(new JobError('InternalError', 'a worker thread ended')));
      return thread;
    });
  }

  /** @throws {JobError} InternalError */
  async run(task: Task): Promise<Answer> {
    if (this.#stopped !== undefined) throw this.#stopped;
    return await new Promise((resolve, reject) => {
      this.#waiting[task.kind].push({ task, resolve, reject });
      this.#assign();
    });
  }

  async stop(): Promise<void> {
    this.#fail(new JobError('Cancelled', 'the job was stopped'));
    await Promise.all(this.#threads.map(({ worker }) => endThread(worker)));
  }

  #assign(): void {
    for (;;) {
      const thread = this.#threads.toSorted((a, b) => a.running.length - b.running.length)[0];
      const kind = order.find((candidate) => this.#waiting[candidate].length > 0);
      if (thread === undefined || kind === undefined || thread.running.length >= tasksAtThread) return;
      const job = this.#waiting[kind].shift();
      if (job === undefined) return;
      thread.running.push(job);
      thread.worker.postMessage(job.task);
    }
  }

  #answered(thread: Thread, answer: Answer): void {
    const job = thread.running.shift();
    if (answer.error === undefined) job?.resolve(answer);
    else job?.reject(new JobError('InternalError', `a worker thread failed: ${answer.error}`));
    this.#assign();
  }

  #fail(error: JobError): void {
    this.#stopped ??= error;
    const jobs = [
      ...this.#threads.flatMap(({ running }) => running.splice(0)),
      ...order.flatMap((kind) => this.#waiting[kind].splice(0)),
    ];
    for (const job of jobs) job.reject(this.#stopped);
  }
}
