/** The threads that unpack, one task each at a time. */
import { Worker } from 'node:worker_threads';
import { JobError, toJobError } from '../job-error.ts';
import { endThread } from '../thread.ts';
import type { PackAnswer, PackTask, PackWorkerSettings } from './pack-tasks.ts';

interface Waiting {
  readonly task: PackTask;
  readonly resolve: (answer: PackAnswer) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  running: Waiting | undefined;
}

export class PackThreads {
  readonly #threads: readonly Thread[];
  readonly #waiting: Waiting[] = [];
  #failure: JobError | undefined;

  constructor(count: number, settings: PackWorkerSettings) {
    this.#threads = Array.from({ length: count }, () => {
      const worker = new Worker(new URL('pack-worker.ts', import.meta.url), {
        workerData: settings,
        resourceLimits: { maxYoungGenerationSizeMb: 8 },
      });
      const thread: Thread = { worker, running: undefined };
      worker.on('message', (answer: PackAnswer) => {
        const done = thread.running;
        thread.running = undefined;
        done?.resolve(answer);
        this.#assign();
      });
      worker.on('error', (error) =>
        this.#fail(new JobError('InternalError', `a thread failed: ${error.message}`, error)),
      );
      worker.on('exit', () => this.#fail(new JobError('InternalError', 'a thread ended')));
      return thread;
    });
  }

  /** @returns bytes of the files. @param what names the pack in messages. @throws {JobError} */
  async run(task: PackTask, what: string): Promise<number> {
    const { bytes, error } = await this.#ask(task);
    if (error === undefined) return bytes;
    switch (error.kind) {
      case 'Invalid':
        throw new JobError(
          'BackupInvalid',
          `${what} cannot be used: ${error.message}; nothing came to its place`,
        );
      case 'Key':
        throw new JobError('DecryptionKeyWrong', `${what}: ${error.message}`);
      case 'Disk':
        throw toJobError(Object.assign(new Error(error.message), { code: error.code }));
      case 'Internal':
        throw new JobError('InternalError', `${what}: ${error.message}`);
    }
  }

  /** Ends the threads; files that they wrote are closed. */
  async stop(): Promise<void> {
    this.#fail(new JobError('Cancelled', 'the job was stopped'));
    await Promise.all(this.#threads.map(({ worker }) => endThread(worker)));
  }

  async #ask(task: PackTask): Promise<PackAnswer> {
    if (this.#failure !== undefined) throw this.#failure;
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#assign();
    });
  }

  #assign(): void {
    for (const thread of this.#threads) {
      if (thread.running !== undefined) continue;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      thread.running = next;
      thread.worker.postMessage(next.task);
    }
  }

  #fail(error: JobError): void {
    this.#failure ??= error;
    for (const thread of this.#threads) {
      thread.running?.reject(this.#failure);
      thread.running = undefined;
    }
    for (const one of this.#waiting.splice(0)) one.reject(this.#failure);
  }
}
