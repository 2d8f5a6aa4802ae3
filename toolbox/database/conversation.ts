/**
 * One connection of the server's own client that is asked one thing after the other. Everything is bytes,
 * one character each (latin1), because names and definitions pass through as the server has them, whatever
 * their character set.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { JobError } from '../job-error.ts';
import type { DatabaseClient } from './client.ts';

/**
 * Rows as the client writes them with `--batch`: tabs between fields, and `\n`, `\t`, `\0` and `\\` within
 * them.
 */
export type Rows = readonly (readonly string[])[];

/** The longest that the last line of an answer can be. */
const markBytes = 96;

export class Conversation {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #closed: Promise<unknown>;
  #said = '';
  readonly #mark = `jtel ${randomBytes(12).toString('hex')}`;
  #questions = 0;

  /**
   * @param setup statements that it begins with.
   * @param form of fields in {@link stream}. Only an `Escaped` conversation returns fields from {@link ask}.
   */
  static async begin(
    client: DatabaseClient,
    setup: string,
    form: 'Escaped' | 'Raw' = 'Escaped',
  ): Promise<Conversation> {
    const conversation = new Conversation(client, form);
    await conversation.ask(setup);
    return conversation;
  }

  private constructor(client: DatabaseClient, form: 'Escaped' | 'Raw') {
    this.#child = client.start([
      '--batch',
      '--skip-column-names',
      '--unbuffered',
      '--quick',
      '--binary-mode',
      '--connect-timeout=5',
      '--max-allowed-packet=1G',
      '--default-character-set=utf8mb4',
      ...(form === 'Raw' ? ['--raw'] : []),
    ]);
    this.#child.stderr.on(
      'data',
      (bytes: Buffer) => (this.#said = (this.#said + bytes.toString('utf8')).slice(-2000)),
    );
    this.#child.on('error', () => undefined); // the next question reports it
    this.#child.stdin.on('error', () => undefined);
    this.#closed = once(this.#child, 'close').catch(() => undefined);
    this.#chunks = (this.#child.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** Rows of all results. @throws {JobError} DatabaseFailed; the conversation is over then. */
  async ask(statements: string): Promise<Rows> {
    const parts: Buffer[] = [];
    await this.stream(statements, (bytes) => void parts.push(Buffer.from(bytes)));
    const text = Buffer.concat(parts).toString('latin1');
    return text === ''
      ? []
      : text
          .slice(0, -1)
          .split('\n')
          .map((line) => line.split('\t').map(unescape));
  }

  /**
   * @param statement ONE statement when what is returned matters: it is of the last.
   * @param take lines as they come, cut anywhere; its own until it returns.
   * @returns warnings.
   * @throws {JobError} DatabaseFailed; the conversation is over then.
   */
  async stream(statement: string, take: (bytes: Buffer) => void | Promise<void>): Promise<number> {
    const name = `${this.#mark} ${++this.#questions}`;
    this.#child.stdin.write(Buffer.from(`${statement};\nSELECT '${name}', @@warning_count;\n`, 'latin1'));
    // Nothing follows the mark until we ask again. Nobody knows it in advance, so no data can look like it.
    const mark = new RegExp(`${name}\\t(\\d+)\\n$`);
    let held = Buffer.alloc(0);
    for (;;) {
      const { value, done } = await this.#chunks.next();
      if (done === true)
        throw new JobError('DatabaseFailed', `the database refused a statement: ${await this.#refusal()}`);
      if (value.length >= markBytes && held.length > 0) {
        // Then the mark, if it is there, is in the new bytes, and this many need not be copied.
        await take(held);
        held = Buffer.alloc(0);
      }
      const bytes = held.length === 0 ? value : Buffer.concat([held, value]);
      const found = mark.exec(bytes.subarray(-markBytes).toString('latin1'));
      if (found !== null) {
        const end = bytes.length - found[0].length;
        if (end > 0) await take(bytes.subarray(0, end));
        return Number(found[1]);
      }
      const ready = Math.max(0, bytes.length - markBytes);
      held = Buffer.from(bytes.subarray(ready));
      if (ready > 0) await take(bytes.subarray(0, ready));
    }
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  async #refusal(): Promise<string> {
    await this.#closed;
    return (this.#said.split('\n').find((text) => text.startsWith('ERROR')) ?? this.#said.trim()).slice(
      0,
      500,
    );
  }
}

function unescape(field: string): string {
  return field.includes('\\')
    ? field.replaceAll(
        /\\(.)/g,
        (_, character: string) => ({ n: '\n', t: '\t', 0: '\0' })[character] ?? character,
      )
    : field;
}

/** `\`a name\``, whatever it contains. */
export function quoteName(...names: readonly string[]): string {
  return names.map((name) => `\`${name.replaceAll('`', '``')}\``).join('.');
}

/** `'a text'` for a session whose sql_mode lacks NO_BACKSLASH_ESCAPES. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A name for people: here names are bytes. */
export function readable(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
