/**
 * MariaDB through its own command-line client. Statements go in by stdin. The password is in an option file
 * on tmpfs that only root can read, so that nothing secret is in arguments, environment or log.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { JobError } from '../job-error.ts';
import type { DatabaseAccess } from '../../jobs/values.ts';
import { isRefusedTLS, tlsWays } from './tls.ts';

const connectSeconds = 60;

/** Default: root. */
type ClientAccess = DatabaseAccess & { readonly user?: string };

interface Account {
  readonly user: string;
  readonly password: string;
}

export class DatabaseClient {
  readonly #spec: ClientAccess;
  readonly #optionFile: string;
  readonly #signal: AbortSignal;
  /** Lines of the option file: the way of TLS that the server accepted. */
  #tls = '';

  private constructor(spec: ClientAccess, optionFile: string, signal: AbortSignal) {
    this.#spec = spec;
    this.#optionFile = optionFile;
    this.#signal = signal;
  }

  /**
   * Runs `work` with a client, then removes the option file. Waits up to a minute for the database to answer.
   */
  static async with<T>(
    spec: ClientAccess,
    signal: AbortSignal,
    work: (client: DatabaseClient) => Promise<T>,
  ): Promise<T> {
    // /dev/shm is tmpfs in every container.
    const directory = await mkdtemp(join(process.platform === 'linux' ? '/dev/shm' : tmpdir(), 'jtel-job-'));
    try {
      const optionFile = join(directory, 'client.cnf');
      const authority = spec.tls?.certificateAuthority;
      const authorityFile = authority === undefined ? undefined : join(directory, 'ca.pem');
      if (authority !== undefined && authorityFile !== undefined) await writeFile(authorityFile, authority);
      const client = new DatabaseClient(spec, optionFile, signal);
      await client.#connect(tlsWays(spec.tls, authorityFile));
      return await work(client);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** The same server with another account, until `work` ends. */
  async as<T>(account: Account, work: (client: DatabaseClient) => Promise<T>): Promise<T> {
    const optionFile = join(dirname(this.#optionFile), `${account.user}.cnf`);
    await writeFile(optionFile, optionText(this.#spec, account) + this.#tls, { mode: 0o600 });
    try {
      return await work(new DatabaseClient(this.#spec, optionFile, this.#signal));
    } finally {
      await rm(optionFile, { force: true });
    }
  }

  /** Runs statements and returns the rows of all results, fields as text (`NULL` for null). */
  async query(statements: string): Promise<readonly (readonly string[])[]> {
    const output = await this.#run(['--batch', '--skip-column-names'], Readable.from([statements]));
    return output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'));
  }

  /**
   * Feeds a dump to the database. `--sandbox`: the dump cannot make the client run programs or read files.
   * `--comments`: without it the client takes comments out of routines.
   * @throws {JobError} StatementRefused when trying again cannot help.
   */
  async load(dump: Readable | AsyncIterable<Buffer>): Promise<void> {
    try {
      await this.#run(
        ['--sandbox', '--binary-mode', '--comments', '--max-allowed-packet=1G'],
        Readable.from(dump, { objectMode: false }),
      );
    } catch (error) {
      if (!(error instanceof JobError) || error.reason !== 'DatabaseFailed') throw error;
      const reason = refusalOf(error.message);
      throw reason === 'DatabaseFailed' ? error : new JobError(reason, error.message, error);
    }
  }

  /**
   * Starts a client that stays open, with the same server and password. On its own it would write to a pipe 4
   * KiB at a time, which costs both sides more than the work itself.
   */
  start(options: readonly string[]): ChildProcessWithoutNullStreams {
    const client = ['mariadb', `--defaults-file=${this.#optionFile}`, ...options];
    return spawn('stdbuf', ['--output=256K', ...client], { stdio: 'pipe', signal: this.#signal });
  }

  /** Finds the first way that the server accepts. Afterwards the option file is the one that was used. */
  async #connect(ways: readonly string[]): Promise<void> {
    let refused: unknown;
    const root = { user: this.#spec.user ?? 'root', password: this.#spec.rootPassword };
    for (const lines of ways) {
      await writeFile(this.#optionFile, optionText(this.#spec, root) + lines, { mode: 0o600 });
      try {
        await this.#waitUntilReady();
        this.#tls = lines;
        return;
      } catch (error) {
        if (!(error instanceof JobError) || error.reason !== 'DatabaseInsecure') throw error;
        refused = error;
      }
    }
    throw refused;
  }

  async #waitUntilReady(): Promise<void> {
    const deadline = Date.now() + connectSeconds * 1000;
    for (;;) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (!(error instanceof JobError) || error.reason !== 'DatabaseUnreachable' || Date.now() > deadline)
          throw error;
        await delay(500, undefined, { signal: this.#signal });
      }
    }
  }

  async #run(options: readonly string[], input: Readable): Promise<string> {
    const args = [`--defaults-file=${this.#optionFile}`, '--connect-timeout=5', ...options];
    const child = spawn('mariadb', args, { stdio: 'pipe', signal: this.#signal });
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(-4096)));
    const ended = once(child, 'close') as Promise<[number | null, string | null]>;
    // A client that ends early breaks the pipe; its exit code says why. Other failures come from the input.
    const fed = pipeline(input, child.stdin).then(
      () => undefined,
      (error: unknown) => {
        child.kill('SIGKILL');
        return (error as { code?: unknown }).code === 'EPIPE' ? undefined : error;
      },
    );
    const [outcome, inputError] = await Promise.all([ended.catch((error: unknown) => toError(error)), fed]);
    this.#signal.throwIfAborted();
    if (inputError !== undefined && !isPipeError(inputError)) throw inputError;
    if (outcome instanceof Error)
      throw new JobError('InternalError', `mariadb cannot be run: ${outcome.message}`, outcome);
    const [code, killed] = outcome;
    if (code === 0) return Buffer.concat(stdout).toString('utf8');
    const where = `${this.#spec.host}:${this.#spec.port}`;
    const said =
      stderr.split('\n').find((line) => line.startsWith('ERROR')) ??
      (stderr.trim() || `ended with ${killed ?? `code ${code}`}`);
    // 2002, 2003, 2005: cannot connect; 2013: connection lost; 1045: refused, and waiting does not help.
    const reason = /^ERROR (2002|2003|2005|2013)\b/.test(said)
      ? 'DatabaseUnreachable'
      : isRefusedTLS(said)
        ? 'DatabaseInsecure'
        : 'DatabaseFailed';
    const wanted =
      reason === 'DatabaseInsecure' && this.#spec.tls !== undefined
        ? '; the release wants TLS with a certificate that can be checked (database.tls)'
        : '';
    throw new JobError(reason, `the database at ${where}: ${said.slice(0, 500)}${wanted}`);
  }
}

/** Errors that may pass: a lost connection or too many, a server that stops, locks, a killed statement. */
const passing = new Set([
  '1040',
  '1053',
  '1077',
  '1079',
  '1129',
  '1158',
  '1159',
  '1160',
  '1161',
  '1203',
  '1205',
  '1213',
  '1317',
  '1927',
  '2006',
  '2013',
  '2055',
  '4031',
]);

function refusalOf(message: string): 'StatementRefused' | 'DatabaseFailed' | 'DiskFull' {
  const [, code] = /: ERROR (\d+)\b/.exec(message) ?? [];
  if (code === undefined || passing.has(code)) return 'DatabaseFailed';
  // 1021 is a full disk. Other errors pass on what the file system reported: 28 is ENOSPC.
  return code === '1021' || /\berrno: 28\b|No space left on device/.test(message)
    ? 'DiskFull'
    : 'StatementRefused';
}

/** Uses the escapes of option files: backslash and double quote. */
function optionText(spec: DatabaseAccess, account: Account): string {
  const quoted = (text: string): string => `"${text.replaceAll(/[\\"]/g, (character) => `\\${character}`)}"`;
  return `[client]\nhost=${spec.host}\nport=${spec.port}\nprotocol=tcp\nuser=${quoted(account.user)}\npassword=${quoted(account.password)}\ndefault-character-set=utf8mb4\n`;
}

function isPipeError(error: unknown): boolean {
  return ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET'].includes(
    String((error as { code?: unknown }).code),
  );
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
