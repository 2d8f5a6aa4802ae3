/**
 * One moment of a database for several connections: all writes wait while each of them begins its transaction, a second or
 * less. That they have begun is seen in the server, not presumed.
 */
import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseClient } from '../database/client.ts';
import { JobError } from '../job-error.ts';

/** Telephony must not feel it: whoever holds tables for longer wins, and we try again. */
const lockWaitSeconds = 10;
const lockAttempts = 6;
const pauseSeconds = 10;
const longestLockSeconds = 30;

/** A client that answers one statement after the other in the same connection. */
export class Conversation {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  #said = '';
  #questions = 0;

  constructor(client: DatabaseClient) {
    this.#child = client.start('mariadb', ['--batch', '--skip-column-names', '--unbuffered', '--connect-timeout=5']);
    this.#child.stderr.on('data', (bytes: Buffer) => (this.#said = (this.#said + bytes.toString('utf8')).slice(-2000)));
    this.#child.on('error', () => undefined); // told by the next question
    this.#child.stdin.on('error', () => undefined);
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  get process(): ChildProcess {
    return this.#child;
  }

  /** Rows of all results. @throws {JobError} DatabaseFailed; the conversation is over then. */
  async ask(statements: string): Promise<readonly string[]> {
    const mark = `jtel answer ${++this.#questions}`;
    this.#child.stdin.write(`${statements}; SELECT '${mark}';\n`);
    const rows: string[] = [];
    for (;;) {
      const line = await this.#lines.next();
      if (line.done === true) {
        const said = this.#said.split('\n').find((text) => text.startsWith('ERROR')) ?? this.#said.trim();
        throw new JobError('DatabaseFailed', `the database refused a statement of the backup: ${said.slice(0, 500)}`);
      }
      if (line.value === mark) return rows;
      rows.push(line.value);
    }
  }

  end(): void {
    this.#reader.close();
    this.#child.kill('SIGKILL');
  }
}

/**
 * @param begin starts programs with one connection each, whose first act is to begin a transaction; called while all writes wait.
 * @returns coordinates of the binary log at that moment, empty without one.
 * @throws {JobError} DatabaseFailed
 */
export async function atOneMoment(client: DatabaseClient, signal: AbortSignal, begin: () => readonly ChildProcess[]): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const lock = new Conversation(client);
    try {
      await lock.ask(`SET SESSION lock_wait_timeout = ${lockWaitSeconds}; FLUSH TABLES WITH READ LOCK`);
    } catch (error) {
      lock.end();
      if (attempt === lockAttempts || !String(error).includes('1205')) throw error;
      await delay(pauseSeconds * 1000, undefined, { signal });
      continue;
    }
    try {
      await begun(lock, begin(), signal);
      const position = await lock.ask("SHOW MASTER STATUS; SHOW GLOBAL VARIABLES LIKE 'gtid_binlog_pos'");
      await lock.ask('UNLOCK TABLES');
      const [file = '', gtid = ''] = position;
      return [...file.split('\t').slice(0, 2), gtid.split('\t')[1] ?? ''].join(' ').trim();
    } finally {
      // The end of its connection lets the lock go, whatever happened.
      lock.end();
    }
  }
}

/** Each process has its connection in a transaction, or has ended by now: then it began, and ended, while the lock was held. */
async function begun(lock: Conversation, processes: readonly ChildProcess[], signal: AbortSignal): Promise<void> {
  const question = 'SELECT p.host FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id';
  const deadline = performance.now() + longestLockSeconds * 1000;
  const waiting = new Set(processes);
  for (;;) {
    const ports = new Set((await lock.ask(question)).map((host) => Number(host.slice(host.lastIndexOf(':') + 1))));
    for (const child of waiting) {
      if (child.exitCode !== null || (await localPorts(child)).some((port) => ports.has(port))) waiting.delete(child);
    }
    if (waiting.size === 0) return;
    if (performance.now() > deadline) {
      throw new JobError('DatabaseFailed', `${waiting.size} of ${processes.length} connections did not begin their transaction within ${longestLockSeconds} s`);
    }
    await delay(20, undefined, { signal });
  }
}

/** Local ports of a process's TCP connections: by them the server's list of connections names ours. */
async function localPorts(child: ChildProcess): Promise<readonly number[]> {
  const directory = `/proc/${child.pid ?? 0}`;
  try {
    const links = await Promise.all((await readdir(`${directory}/fd`)).map(async (name) => await readlink(`${directory}/fd/${name}`).catch(() => '')));
    const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
    const tables = await Promise.all(['tcp', 'tcp6'].map(async (name) => await readFile(`${directory}/net/${name}`, 'utf8').catch(() => '')));
    return tables.flatMap((table) => table.split('\n').slice(1)).flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const port = fields[1]?.split(':')[1];
      return port !== undefined && inodes.has(fields[9] ?? '') ? [Number.parseInt(port, 16)] : [];
    });
  } catch {
    return []; // it has just ended
  }
}
