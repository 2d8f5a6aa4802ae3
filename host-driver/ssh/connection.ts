/** One open SSH connection, shared by all that concerns the host: bounds what runs on it at once, and knows whether it is in use. */
import type { Client } from 'ssh2';
import { execute } from './execute.ts';
import type { ExecuteOptions, ExecuteResult } from './execute.ts';
import { Semaphore } from '../../base/semaphore.ts';

/** sshd's MaxSessions is 10 by default: one more is the observer's, and three are for the fall-back to Docker. */
const commandsPerConnection = 6;

/** `closed` is settled when it ended, for whatever reason. */
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
  /** What the login shell was heard to say beside the answers of commands; nothing, unless its profile prints. */
  noise: string | undefined;
  /** Called once. */
  onNoise: ((noise: string) => void) | undefined;

  constructor(client: Client, host: string, hostKey: string) {
    this.client = client;
    this.host = host;
    this.hostKey = hostKey;
    // An 'error' without listener would end the process; 'close' follows it.
    client.on('error', () => client.destroy());
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

  /** What the login shell says before each command; see {@link onNoise}. */
  heardNoise(noise: string | undefined): void {
    if (noise === undefined || noise === '' || this.noise !== undefined) return;
    this.noise = noise;
    this.onNoise?.(noise);
  }

  /** For work that opens one session channel by itself: counts it among the commands. */
  withSession<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.use(() => this.#commands.run(signal, work));
  }

  /** While the work runs the connection is not idle, however long that takes. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      return await work();
    } finally {
      this.#users -= 1;
      this.usedAt = Date.now();
    }
  }

  get isBusy(): boolean {
    return this.#users > 0;
  }
}
