/**
 * Azurite as a child of the double, behind it on its own port. It reads accounts only when it starts, so a
 * new account restarts it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface AzuriteOptions {
  /** Azurite's `dist/src/blob/main.js`. */
  readonly program: string;
  readonly port: number;
  /** Directory for the blobs; undefined keeps them in memory. */
  readonly location?: string;
}

/** Name → key in base64. */
export type Accounts = Readonly<Record<string, string>>;

/** One second is enough, but not on a busy machine. */
const startSeconds = 180;

/** A killed double cannot stop its child, but the end of the pipe between them does. */
const endWithParent = 'data:text/javascript,process.stdin.on("end",()=>process.exit()).resume().unref()';

export class AzuriteProcess {
  readonly #options: AzuriteOptions;
  #child: ChildProcess | undefined;
  /** Called if Azurite ends unasked. */
  onUnexpectedEnd: (code: number | null) => void = () => {};

  constructor(options: AzuriteOptions) {
    this.#options = options;
  }

  /** Returns once it answers. */
  async start(accounts: Accounts): Promise<void> {
    const { program, port, location } = this.#options;
    const place = location === undefined ? ['--inMemoryPersistence'] : ['--location', location];
    const args = [
      '--import',
      endWithParent,
      program,
      '--blobHost',
      '127.0.0.1',
      '--blobPort',
      String(port),
      ...place,
      '--skipApiVersionCheck',
      '--silent',
      '--disableTelemetry',
    ];
    const list = Object.entries(accounts).map(([name, key]) => `${name}:${key}`);
    const child = spawn(process.execPath, args, {
      env: { ...process.env, AZURITE_ACCOUNTS: list.join(';') },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.once('exit', (code) => {
      if (this.#child === child) this.onUnexpectedEnd(code);
    });
    this.#child = child;
    await this.#untilItAnswers(child, Object.keys(accounts)[0] ?? '');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async #untilItAnswers(child: ChildProcess, account: string): Promise<void> {
    const deadline = Date.now() + startSeconds * 1000;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`Azurite ended with ${child.exitCode}`);
      const answered = await fetch(`http://127.0.0.1:${this.#options.port}/${account}`).catch(
        () => undefined,
      );
      if (answered !== undefined) return await answered.arrayBuffer().then(() => undefined);
      if (Date.now() > deadline) throw new Error(`Azurite did not answer within ${startSeconds} s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
