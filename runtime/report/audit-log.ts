/**
 * Writes lines of JSON for people who ask later what happened. It never holds up who writes: lines wait in
 * memory, which is bounded, and what finds no place is counted as lost.
 *
 * A file is opened for each batch and only appended to, so it can be renamed or removed at any time.
 */
import { appendFile } from 'node:fs/promises';
import { write } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { tame as tamed } from '../../base/printable.ts';
import { sleep } from '../control/sleep.ts';
import type { Logger } from './logger.ts';

export interface AuditLogOptions {
  /** A file, or `-` for standard output. */
  readonly target: string;
  readonly logger: Logger;
  /** Called with the number of lines that were not written. */
  readonly lost: (lines: number) => void;
}

const longestText = 256;
const mostItems = 32;
/** Some minutes of a busy operator. */
const mostBytesWaiting = 2 ** 20;
const closeSeconds = 2;

export class AuditLog {
  readonly #options: AuditLogOptions;
  #waiting: string[] = [];
  #bytesWaiting = 0;
  #writing: Promise<void> | undefined;
  /** Since a write failed: nobody knows how much of it is there. */
  #isBroken = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /**
   * Adds a line. Long texts and lists are cut, characters that a terminal obeys replaced. The caller masks
   * secrets: a cut text may hold a part of one, which nobody finds any more.
   */
  write(record: object): void {
    const line = `${JSON.stringify(record, tame)}\n`;
    const bytes = Buffer.byteLength(line);
    if (this.#bytesWaiting + bytes > mostBytesWaiting) return this.#options.lost(1);
    this.#waiting.push(line);
    this.#bytesWaiting += bytes;
    this.#writing ??= this.#work();
  }

  /** Waits for what was added, but no longer than two seconds. */
  async close(): Promise<void> {
    const end = new AbortController();
    await Promise.race([this.#writing, sleep(closeSeconds, end.signal)]);
    end.abort();
    if (this.#waiting.length > 0) this.#options.lost(this.#waiting.length);
  }

  async #work(): Promise<void> {
    const { target, logger, lost } = this.#options;
    for (;;) {
      // Lines of the same moment go together.
      await Promise.resolve();
      const batch = this.#waiting;
      this.#waiting = [];
      if (batch.length === 0) break;
      // What a failed write left behind ends here.
      const text = `${this.#isBroken ? '\n' : ''}${batch.join('')}`;
      try {
        await (target === '-' ? writeOut(text) : appendFile(target, text, { mode: 0o600 }));
        if (this.#isBroken) logger.info('audit lines are written again', { target });
        this.#isBroken = false;
      } catch (error) {
        lost(batch.length);
        if (!this.#isBroken)
          logger.error('audit lines are lost until they can be written', { target, error });
        this.#isBroken = true;
      }
      this.#bytesWaiting = this.#waiting.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    }
    this.#writing = undefined;
  }
}

const writeAt = promisify(write);
const standardOutput = 1;
const fullPipePauseMilliseconds = 50;

/** `process.stdout` would hold up the process while its reader is slow. */
async function writeOut(text: string): Promise<void> {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      const { bytesWritten } = await writeAt(standardOutput, rest, 0, rest.length, null);
      rest = rest.subarray(bytesWritten);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      await delay(fullPipePauseMilliseconds);
    }
  }
}

function tame(_: string, value: unknown): unknown {
  if (typeof value === 'string') {
    const text = tamed(value);
    return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  }
  return Array.isArray(value) ? value.slice(0, mostItems) : value;
}
