/**
 * A thread beside the event loop, for work whose cost an input from outside decides. A task that takes too
 * much processor time or memory is ended with its thread, and the next one gets a new thread. So whoever sends
 * it stops nobody else. The thread begins with the first task and ends when it was idle for a while: an
 * operator at rest does not pay for it.
 *
 * Processor time is what counts, because on a busy machine an honest task may wait for long. V8 ends a thread
 * that reaches its heap's limit, but the whole process if that happens within one of its own functions
 * (`split`, `join`). So a task needs bounds of its own below that limit (docs/decisions/0049-threads.md).
 */
import { deserialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { Allowance } from './allowance.ts';
import type { TaskEnd, TaskInput, TaskMessage, TaskOutput, TaskTable, ThreadMessage } from './messages.ts';
import { TaskLimitError, type TaskLimit } from './task-limit-error.ts';
import type { TaskOptions, TaskRunner } from './task-runner.ts';
import { TimeTurns } from './time-turns.ts';

export interface ThreadPoolOptions {
  /** The file that calls `serveTasks`. */
  readonly file: URL;
  /** Of processor time, for one task. Default 2. */
  readonly taskSeconds?: number;
  /** For one task, by the clock. Default 60. */
  readonly longestSeconds?: number;
  /** Until a thread takes a task, by the clock. Default 60. */
  readonly startSeconds?: number;
  /** Default 2 MiB. */
  readonly outputBytes?: number;
  /** V8's heap of the thread. Default 128. */
  readonly megabytes?: number;
  /** Default 30. */
  readonly idleSeconds?: number;
  /** Processor time that the tasks of one owner may take at once. Default 60. */
  readonly ownerSeconds?: number;
  /** Of a processor, what they may take after that. Default 0.05. */
  readonly ownerShare?: number;
  /** Tasks that may wait. Default 1000. */
  readonly mostWaiting?: number;
  /** For so long, a task that was ended is refused at once. Default 600. */
  readonly refuseSeconds?: number;
  /** Of a thread since it began; undefined if it does not answer now. Default: what the system says. */
  readonly processorSeconds?: (thread: Worker) => Promise<number | undefined>;
}

interface Task extends TaskOptions {
  readonly message: TaskMessage;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Settled when the thread is free again. */
  readonly over: PromiseWithResolvers<void>;
  at: string | undefined;
  /** Whether the thread was given it. */
  isBegun: boolean;
}

/** A task that several wait for. */
interface Asked {
  readonly output: Promise<unknown>;
  /** When nobody waits any more. */
  readonly left: AbortController;
  waiting: number;
}

const checkMilliseconds = 100;
/** Tasks that were ended; the oldest ones are forgotten. */
const mostRemembered = 1000;

export class ThreadPool<Tasks extends TaskTable> implements TaskRunner<Tasks> {
  readonly #options: Required<ThreadPoolOptions>;
  /** There is one thread. */
  readonly #turns: TimeTurns;
  readonly #allowance: Allowance;
  readonly #ended = new Map<string, { readonly error: TaskLimitError; readonly until: number }>();
  /** By owner, name and content. */
  readonly #asked = new Map<string, Asked>();
  #running: Task | undefined;
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #started = 0;
  #closed = false;

  constructor(options: ThreadPoolOptions) {
    this.#options = {
      taskSeconds: 2,
      longestSeconds: 60,
      startSeconds: 60,
      outputBytes: 2 * 1024 * 1024,
      megabytes: 128,
      idleSeconds: 30,
      ownerSeconds: 60,
      ownerShare: 0.05,
      mostWaiting: 1000,
      refuseSeconds: 600,
      processorSeconds,
      ...options,
    };
    const { ownerSeconds, ownerShare } = this.#options;
    this.#allowance = new Allowance({ atOnce: ownerSeconds * 1000, share: ownerShare });
    this.#turns = new TimeTurns({ allowance: this.#allowance });
  }

  /** Threads that were started so far. */
  get started(): number {
    return this.#started;
  }

  get hasThread(): boolean {
    return this.#thread !== undefined;
  }

  /**
   * Whoever asks for what the same owner asked for already, and is not done, gets the same output.
   * @throws {TaskLimitError} when the task was ended
   * @throws {Error} when too many wait, the pool was closed, or the task threw
   */
  async run<Name extends keyof Tasks & string>(
    name: Name,
    input: TaskInput<Tasks, Name>,
    options: TaskOptions,
  ): Promise<TaskOutput<Tasks, Name>> {
    const { owner, id, signal } = options;
    signal.throwIfAborted();
    const key = JSON.stringify([owner, name, id]);
    const asked = this.#asked.get(key) ?? this.#ask(key, name, input, options);
    asked.waiting += 1;
    const leaving = Promise.withResolvers<never>();
    const leave = (): void => leaving.reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return (await Promise.race([asked.output, leaving.promise])) as TaskOutput<Tasks, Name>;
    } finally {
      signal.removeEventListener('abort', leave);
      asked.waiting -= 1;
      if (asked.waiting === 0) {
        // Whoever comes from now on asks anew.
        if (this.#asked.get(key) === asked) this.#asked.delete(key);
        asked.left.abort(signal.reason);
      }
    }
  }

  #ask(key: string, name: string, input: unknown, options: TaskOptions): Asked {
    const left = new AbortController();
    const output = this.#do(name, input, { ...options, signal: left.signal });
    const asked = { output, left, waiting: 0 };
    this.#asked.set(key, asked);
    return asked;
  }

  async #do(name: string, input: unknown, options: TaskOptions): Promise<unknown> {
    const ended = this.#ended.get(`${name} ${options.id}`);
    if (ended !== undefined && performance.now() < ended.until) throw ended.error;
    if (this.#closed) throw poolClosed();
    const { waiting } = this.#turns;
    if (waiting >= this.#options.mostWaiting)
      throw new Error(`${waiting} tasks wait for the thread already: this one is tried again later`);
    const message = { name, input, outputBytes: this.#options.outputBytes };
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const task: Task = {
      ...options,
      message,
      resolve,
      reject,
      over: Promise.withResolvers<void>(),
      at: undefined,
      isBegun: false,
    };
    void this.#turns
      .run(options.owner, options.signal, () => this.#occupy(task))
      .catch(reject)
      .finally(() => this.#rest());
    return await promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const task = this.#running;
    if (task !== undefined) this.#settle(task, () => task.reject(poolClosed()));
    // Also those whose owner has to wait for long.
    for (const { left } of this.#asked.values()) left.abort(poolClosed());
    await this.#endThread();
  }

  /** Lasts until the thread is free again. Whoever gave the task may have left before. */
  async #occupy(task: Task): Promise<void> {
    const { signal } = task;
    if (this.#closed) throw poolClosed();
    signal.throwIfAborted();
    clearTimeout(this.#idle);
    const leave = (): void => task.reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    this.#running = task;
    void this.#supervise(task);
    await task.over.promise;
    signal.removeEventListener('abort', leave);
  }

  /** An idle thread keeps no process alive, and ends after a while. */
  #rest(): void {
    if (this.#running !== undefined || this.#turns.waiting > 0 || this.#thread === undefined) return;
    this.#thread.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#endThread(), this.#options.idleSeconds * 1000).unref();
  }

  async #supervise(task: Task): Promise<void> {
    const { longestSeconds, startSeconds } = this.#options;
    let timer = setTimeout(() => this.#giveUp(task, startSeconds), startSeconds * 1000);
    try {
      const thread = await this.#ready(task);
      const before = await this.#secondsBefore(task, thread);
      clearTimeout(timer);
      if (before === undefined) return;
      const isTooLong: TaskLimit = { kind: 'Time', seconds: longestSeconds };
      timer = setTimeout(() => this.#endTask(task, isTooLong), longestSeconds * 1000);
      task.isBegun = true;
      thread.postMessage(task.message);
      await this.#watch(task, thread, before);
    } catch (error) {
      this.#settle(task, () => task.reject(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * What the thread took before the task, which may be much. So nothing is guessed: an answer that does not
   * come at once is waited for. @returns undefined if the task was given up meanwhile
   */
  async #secondsBefore(task: Task, thread: Worker): Promise<number | undefined> {
    while (this.#running === task) {
      const seconds = await this.#options.processorSeconds(thread);
      if (this.#running === task && seconds !== undefined) return seconds;
      await pause(checkMilliseconds);
    }
    return undefined;
  }

  async #watch(task: Task, thread: Worker, before: number): Promise<void> {
    const seconds = task.taskSeconds ?? this.#options.taskSeconds;
    while (this.#running === task) {
      await pause(checkMilliseconds);
      const now = await this.#options.processorSeconds(thread);
      if (now !== undefined && now - before > seconds) this.#endTask(task, { kind: 'Time', seconds });
    }
  }

  /** The thread, once it takes tasks. */
  async #ready(task: Task): Promise<Worker> {
    if (this.#thread !== undefined) {
      this.#thread.ref();
      return this.#thread;
    }
    const { file, megabytes } = this.#options;
    const thread = new Worker(file, {
      name: 'tasks',
      resourceLimits: { maxOldGenerationSizeMb: megabytes, maxYoungGenerationSizeMb: 8 },
    });
    this.#thread = thread;
    this.#started += 1;
    await new Promise<void>((resolve, reject) => {
      thread.on('message', (message: ThreadMessage) => {
        if (message.kind === 'Ready') resolve();
        else if (thread === this.#thread) this.#told(message);
      });
      thread.on('error', (error: Error & { readonly code?: string }) => {
        const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        this.#lost(thread, isMemory ? { kind: 'Memory', megabytes } : error);
        reject(error);
      });
      thread.on('exit', () => {
        const error = new Error(`the thread ended during ${task.message.name}`);
        this.#lost(thread, error);
        reject(error);
      });
    });
    return thread;
  }

  #told(message: Exclude<ThreadMessage, { readonly kind: 'Ready' }>): void {
    const task = this.#running;
    if (task === undefined) return;
    if (message.kind === 'At') task.at = message.what;
    else this.#settle(task, () => this.#end(task, message));
  }

  #end(task: Task, message: TaskEnd): void {
    this.#spend(task, message.milliseconds);
    const { name, outputBytes: bytes } = task.message;
    if (message.kind === 'Done') task.resolve(deserialize(message.output));
    else if (message.kind === 'TooMuch') this.#refuse(task, { kind: 'Output', bytes });
    else task.reject(new Error(`task ${name} failed: ${message.message}`));
  }

  /** Ends a thread that takes no tasks. That is no fault of the task, which may be tried again at once. */
  #giveUp(task: Task, seconds: number): void {
    if (this.#running !== task) return;
    void this.#endThread();
    const error = new Error(`the thread did not take ${task.message.name} within ${seconds} s`);
    this.#settle(task, () => task.reject(error));
  }

  #endTask(task: Task, limit: TaskLimit): void {
    if (this.#running !== task) return;
    void this.#endThread();
    this.#settle(task, () => {
      this.#spendMost(task);
      this.#refuse(task, limit);
    });
  }

  #spend({ owner, weight = 1 }: Task, milliseconds: number): void {
    this.#allowance.spend(owner, milliseconds * weight, performance.now());
  }

  /** A task that was ended with its thread tells nothing. */
  #spendMost(task: Task): void {
    if (task.isBegun) this.#spend(task, (task.taskSeconds ?? this.#options.taskSeconds) * 1000);
  }

  #refuse(task: Task, limit: TaskLimit): void {
    const error = new TaskLimitError(limit, task.at);
    const until = performance.now() + this.#options.refuseSeconds * 1000;
    this.#ended.set(`${task.message.name} ${task.id}`, { error, until });
    const oldest = this.#ended.keys().next();
    if (this.#ended.size > mostRemembered && oldest.done !== true) this.#ended.delete(oldest.value);
    task.reject(error);
  }

  #lost(thread: Worker, why: TaskLimit | Error): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    const task = this.#running;
    if (task === undefined) return;
    this.#settle(task, () => {
      this.#spendMost(task);
      if (why instanceof Error) task.reject(why);
      else this.#refuse(task, why);
    });
  }

  #settle(task: Task, settle: () => void): void {
    if (this.#running !== task) return;
    this.#running = undefined;
    settle();
    task.over.resolve();
  }

  async #endThread(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }
}

function poolClosed(): Error {
  return new Error('the thread pool was closed');
}

/** Undefined for a thread that has ended, or that answers only later because it is within a function of V8. */
async function processorSeconds(thread: Worker): Promise<number | undefined> {
  try {
    const usage = await Promise.race([thread.cpuUsage(), pause(checkMilliseconds)]);
    return usage && (usage.user + usage.system) / 1e6;
  } catch {
    return undefined;
  }
}

async function pause(milliseconds: number): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
