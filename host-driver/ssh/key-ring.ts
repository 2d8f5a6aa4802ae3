/**
 * Opens the SSH keys of hosts, and keeps those that cost something, by their content: a key is opened once for
 * each version of its Secret, however often a host is connected to. Nobody needs another key for the same host again
 * and again: opening such keys counts much more against what their namespace may take.
 */
import { createHash } from 'node:crypto';
import { ByteCache } from '../../base/byte-cache.ts';
import { needsMore, TaskLimitError } from '../../base/threads/task-limit-error.ts';
import { tasksHere, type TaskRunner } from '../../base/threads/task-runner.ts';
import { HostError, type HostEndpoint } from '../host.ts';
import { endpointName } from './connect.ts';
import { roundsOf } from './key-cost.ts';
import { keyTasks, openKey, type KeyTasks, type OpenedKey } from './key-tasks.ts';

/** Some hundred keys. */
const keptBytes = 1024 * 1024;
/** Processor time. How many rounds a key may take is checked before, and the most take 1.2 s. */
const openSeconds = 10;
/** A key that takes the place of another one that came within this time. */
const againSeconds = 3600;
const weightOfAgain = 10;

interface LastKey {
  readonly id: string;
  readonly at: number;
  readonly weight: number;
}

export class KeyRing {
  readonly #tasks: TaskRunner<KeyTasks>;
  readonly #now: () => number;
  readonly #opened = new ByteCache<OpenedKey>(keptBytes);
  /** By namespace and host, in the order of their times in milliseconds. What is long ago is forgotten. */
  readonly #lastKeys = new Map<string, LastKey>();

  /**
   * @param tasks who opens encrypted keys; default: this thread, for programs that serve one person.
   * @param now milliseconds; for tests
   */
  constructor(
    tasks: TaskRunner<KeyTasks> = tasksHere(keyTasks),
    now: () => number = () => performance.now(),
  ) {
    this.#tasks = tasks;
    this.#now = now;
  }

  /**
   * The endpoint with its key opened.
   * @throws {HostError} AuthenticationFailed when it cannot be opened
   */
  async open<T extends HostEndpoint>(endpoint: T, signal: AbortSignal): Promise<T> {
    const opened = await this.#open(endpoint, signal);
    if ('problem' in opened) throw unreadable(endpoint, opened.problem);
    const { passphrase: _passphrase, ...others } = endpoint;
    return { ...(others as T), privateKey: opened.privateKey };
  }

  async #open(endpoint: HostEndpoint, signal: AbortSignal): Promise<OpenedKey> {
    const { privateKey, passphrase, namespace: owner = '' } = endpoint;
    const isCheap = roundsOf(privateKey) === 0;
    if (isCheap) return await openKey({ privateKey, passphrase });
    const id = createHash('sha256')
      .update(JSON.stringify([privateKey, passphrase]))
      .digest('hex');
    const kept = this.#opened.get(id);
    if (kept !== undefined) return kept;
    try {
      const opened = await this.#tasks.run(
        'openKey',
        { privateKey, passphrase },
        { owner, id, signal, taskSeconds: openSeconds, weight: this.#weightOf(endpoint, id) },
      );
      this.#opened.set(id, opened, id.length + JSON.stringify(opened).length);
      return opened;
    } catch (error) {
      if (error instanceof TaskLimitError) return { problem: `opening it ${needsMore(error.limit)}` };
      throw error;
    }
  }

  /** Of a key that is asked for again, because its turn did not come or it is kept no longer, the weight stays. */
  #weightOf(endpoint: HostEndpoint, id: string): number {
    const now = this.#now();
    for (const [host, { at }] of this.#lastKeys) {
      if (at > now - againSeconds * 1000) break;
      this.#lastKeys.delete(host);
    }
    const host = `${endpoint.namespace ?? ''} ${endpointName(endpoint)}`;
    const last = this.#lastKeys.get(host);
    const weight = last === undefined ? 1 : last.id === id ? last.weight : weightOfAgain;
    this.#lastKeys.delete(host);
    this.#lastKeys.set(host, { id, at: now, weight });
    return weight;
  }
}

function unreadable(endpoint: HostEndpoint, why: string): HostError {
  const name = endpointName(endpoint);
  return new HostError(
    'AuthenticationFailed',
    name,
    `the SSH key for ${name} cannot be read (${why}): check ssh-privatekey and passphrase in the Secret`,
  );
}
