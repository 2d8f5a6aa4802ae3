/**
 * One open SSH connection, shared by everything for the host. It limits how much runs at the same time, and
 * knows whether it is in use.
 */
import type { Client } from 'ssh2';
import { HostError } from '../host.ts';
import { execute } from './execute.ts';
import { endAtManyRekeys } from './rekeys.ts';
import type { ExecuteOptions, ExecuteResult } from './execute.ts';
import { Semaphore } from '../../base/semaphore.ts';

/**
 * sshd's MaxSessions is 10 by default. The observer takes one more, and the fallback for Docker takes three.
 */
const commandsPerConnection = 6;
/** A host may keep a connection open that we ended. */
const farewellSeconds = 5;
const aliveSeconds = 5;
const never = new AbortController().signal;

/** `closed` settles when the connection ended, for whatever reason. */
export class Connection {
  readonly client: Client;
  readonly host: string;
  /** Fingerprint of the host key that was accepted. */
  readonly hostKey: string;
  readonly closed: Promise<void>;
  readonly #commands = new Semaphore(commandsPerConnection);
  #users = 0;
  /** Milliseconds since 1970 of the last use that ended. */
  usedAt = Date.now();
  isOpen = true;
  /** Output of the login shell that belongs to no command. Empty unless its profile prints something. */
  noise: string | undefined;
  /** Called once. */
  onNoise: ((noise: string) => void) | undefined;

  constructor(client: Client, host: string, hostKey: string) {
    this.client = client;
    this.host = host;
    this.hostKey = hostKey;
    // An 'error' without a listener would end the process. 'close' follows it.
    client.on('error', () => client.destroy());
    endAtManyRekeys(client);
    this.closed = new Promise((resolve) => {
      client.once('close', () => {
        this.isOpen = false;
        resolve();
      });
    });
  }

  /** Runs a command line on the host; see {@link execute}. */
  async execute(command: string, options: ExecuteOptions, signal: AbortSignal): Promise<ExecuteResult> {
    const result = await this.withSession(signal, () =>
      execute(this.client, this.host, command, options, signal),
    );
    this.heardNoise(result.noise);
    return result;
  }

  /** Whether the host runs a command that does nothing. It waits for no other command, and five seconds at most. */
  async answers(): Promise<boolean> {
    try {
      await execute(this.client, this.host, 'true', { timeoutSeconds: aliveSeconds }, never);
      return true;
    } catch (error) {
      // sshd said that it starts none, as when ten sessions are open.
      return this.isOpen && error instanceof HostError && error.reason === 'HostUnreachable';
    }
  }

  /** Takes what the login shell prints before each command; see {@link onNoise}. */
  heardNoise(noise: string | undefined): void {
    if (noise === undefined || noise === '' || this.noise !== undefined) return;
    this.noise = noise;
    this.onNoise?.(noise);
  }

  /** Runs work that opens a session channel by itself, and counts it as a command. */
  withSession<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.use(() => this.#commands.run(signal, work));
  }

  /** While the work runs, the connection is not idle, however long it takes. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      return await work();
    } finally {
      this.#users -= 1;
      this.usedAt = Date.now();
    }
  }

  /** Ends it. Whatever the host does, it is closed a little later. */
  end(): void {
    this.client.end();
    const timer = setTimeout(() => this.client.destroy(), farewellSeconds * 1000);
    timer.unref();
    this.client.once('close', () => clearTimeout(timer));
  }

  get isBusy(): boolean {
    return this.#users > 0;
  }
}
