/**
 * Tells what a command said from what the login shell says before it. sshd hands a command to the user's login shell, which
 * may print whatever its profile tells it to, on both streams. So each command first says a word that nobody can know
 * beforehand; what came before it is noise.
 */
import { randomBytes } from 'node:crypto';
import { commandLine } from './quote.ts';

/** What is kept of noise, for the message that tells of it. */
const keptBytes = 512;
/** A shell that says more than this before the command has no end. */
const longestNoise = 16 * 1024 * 1024;

/** What is said before a command's own output; a new word for each command. */
export function newMark(): string {
  return `jtel-begin-${randomBytes(16).toString('hex')}`;
}

/** @returns a command line that says the mark on both streams and then becomes the command given. */
export function markedCommand(mark: string, command: string): string {
  return `exec ${commandLine(['sh', '-c', `echo ${mark}; echo ${mark} >&2; ${command}`])}`;
}

/** One stream of a marked command: everything after the mark is its own. */
export class MarkedStream {
  readonly #mark: Buffer;
  #waiting: Buffer = Buffer.alloc(0);
  #noiseBytes = 0;
  #noise: Buffer = Buffer.alloc(0);
  /** The mark was seen: the command was started. */
  isOpen = false;

  constructor(mark: string) {
    this.#mark = Buffer.from(`${mark}\n`);
  }

  /** @returns what of the chunk is the command's own; empty while the shell still speaks. */
  add(chunk: Buffer): Buffer {
    if (this.isOpen) return chunk;
    const all = Buffer.concat([this.#waiting, chunk]);
    const at = all.indexOf(this.#mark);
    // The mark may be cut in two by the packets: so much of the end stays.
    const noiseEnd = at < 0 ? Math.max(0, all.length - this.#mark.length) : at;
    this.#addNoise(all.subarray(0, noiseEnd));
    this.isOpen = at >= 0;
    this.#waiting = at < 0 ? all.subarray(noiseEnd) : Buffer.alloc(0);
    return at < 0 ? Buffer.alloc(0) : all.subarray(at + this.#mark.length);
  }

  get isEndless(): boolean {
    return this.#noiseBytes > longestNoise;
  }

  /** What came before the mark, shortened, on one line that is fit for a terminal; empty when there was nothing. */
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
