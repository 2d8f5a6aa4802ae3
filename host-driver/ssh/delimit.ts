/**
 * Separates a command's output from what the login shell prints before it. sshd hands a command to the user's
 * login shell, which may print anything on both streams, as its profile says. So each command first prints a
 * word that nobody can guess. Everything before that word is noise.
 */
import { randomBytes } from 'node:crypto';
import { commandLine } from './quote.ts';

/** How much noise is kept for the message about it. */
const keptBytes = 512;
/** A shell that prints more than this before the command never ends. */
const longestNoise = 16 * 1024 * 1024;

/** The word before a command's own output. Each command has a new one. */
export function newMark(): string {
  return `jtel-begin-${randomBytes(16).toString('hex')}`;
}

/** @returns a command line that prints the mark on both streams and then becomes the given command. */
export function markedCommand(mark: string, command: string): string {
  return `exec ${commandLine(['sh', '-c', `echo ${mark}; echo ${mark} >&2; ${command}`])}`;
}

/** One stream of a marked command. Everything after the mark is the command's output. */
export class MarkedStream {
  readonly #mark: Buffer;
  #waiting: Buffer = Buffer.alloc(0);
  #noiseBytes = 0;
  #noise: Buffer = Buffer.alloc(0);
  /** True after the mark: the command was started. */
  isOpen = false;

  constructor(mark: string) {
    this.#mark = Buffer.from(`${mark}\n`);
  }

  /** @returns the part of the chunk that is the command's output. Empty while the shell still prints. */
  add(chunk: Buffer): Buffer {
    if (this.isOpen) return chunk;
    const all = Buffer.concat([this.#waiting, chunk]);
    const at = all.indexOf(this.#mark);
    // Packets may cut the mark in two, so that much of the end is kept.
    const noiseEnd = at < 0 ? Math.max(0, all.length - this.#mark.length) : at;
    this.#addNoise(all.subarray(0, noiseEnd));
    this.isOpen = at >= 0;
    this.#waiting = at < 0 ? all.subarray(noiseEnd) : Buffer.alloc(0);
    return at < 0 ? Buffer.alloc(0) : all.subarray(at + this.#mark.length);
  }

  get isEndless(): boolean {
    return this.#noiseBytes > longestNoise;
  }

  /**
   * What came before the mark, shortened, on one line that is safe for a terminal. Empty if there was
   * nothing.
   */
  noise(): string {
    const text = (this.isOpen ? this.#noise : Buffer.concat([this.#noise, this.#waiting])).toString('utf8');
    return text
      .replace(/[\p{C}\s]+/gu, ' ')
      .trim()
      .slice(0, 120);
  }

  #addNoise(bytes: Buffer): void {
    this.#noiseBytes += bytes.length;
    const room = keptBytes - this.#noise.length;
    if (room > 0) this.#noise = Buffer.concat([this.#noise, bytes.subarray(0, room)]);
  }
}
