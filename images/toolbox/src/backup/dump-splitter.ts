/**
 * Splits what mariadb-dump says about several tables into one file for each. Line feeds in data and in comments are escaped
 * in a dump, so a line of this kind begins a table and nothing else does; that they are the expected ones, in order, is checked.
 */
import { dumpEnd } from '../../../../backup/logical.ts';
import { JobError } from '../job-error.ts';

export interface SplitFile {
  write(bytes: Buffer): void;
  end(): void;
}

const mark = Buffer.from('\n--\n-- Table structure for table `');
const longestPreamble = 64 * 1024;
const tailBytes = 512;

export class DumpSplitter {
  readonly #tables: readonly string[];
  readonly #begin: (table: string) => SplitFile;
  /** Text before the first table; each file gets it. */
  #preamble = Buffer.alloc(0);
  #current: SplitFile | undefined;
  #next = 0;
  #rest = Buffer.alloc(0);
  #tail = Buffer.alloc(0);

  /** @param begin opens the file of a table. */
  constructor(tables: readonly string[], begin: (table: string) => SplitFile) {
    this.#tables = tables;
    this.#begin = begin;
  }

  /** @throws {JobError} DatabaseFailed */
  push(bytes: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-tailBytes)]).subarray(-tailBytes);
    let text = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const at = text.indexOf(mark);
      if (at < 0) break;
      const expected = this.#tables[this.#next];
      const line = `\n--\n-- Table structure for table \`${(expected ?? '').replaceAll('`', '``')}\`\n`;
      if (text.length < at + Buffer.byteLength(line)) {
        this.#give(text.subarray(0, at));
        this.#rest = Buffer.from(text.subarray(at));
        return;
      }
      if (expected === undefined || text.toString('utf8', at, at + Buffer.byteLength(line)) !== line) {
        throw new JobError('DatabaseFailed', `the dump does not go on with table ${expected ?? '(none)'}`);
      }
      this.#give(text.subarray(0, at));
      this.#endFile();
      this.#next++;
      this.#current = this.#begin(expected);
      this.#current.write(this.#preamble);
      this.#give(text.subarray(at, at + mark.length));
      text = text.subarray(at + mark.length);
    }
    const keep = Math.min(mark.length - 1, text.length);
    this.#give(text.subarray(0, text.length - keep));
    this.#rest = Buffer.from(text.subarray(text.length - keep));
  }

  /** @throws {JobError} DatabaseFailed when the dump is not whole. */
  end(): void {
    this.#give(this.#rest);
    if (!this.#tail.toString('latin1').trimEnd().split('\n').at(-1)?.startsWith(dumpEnd)) {
      throw new JobError('DatabaseFailed', `the dump lacks its last line ("${dumpEnd}"): the connection was lost`);
    }
    if (this.#next !== this.#tables.length) throw new JobError('DatabaseFailed', `the dump ends before table ${this.#tables[this.#next] ?? ''}`);
    this.#current?.end();
  }

  #give(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#current !== undefined) {
      this.#current.write(bytes);
      return;
    }
    this.#preamble = Buffer.concat([this.#preamble, bytes]);
    if (this.#preamble.length > longestPreamble) throw new JobError('DatabaseFailed', 'the dump does not begin with a table');
  }

  #endFile(): void {
    this.#current?.write(Buffer.from(`\n${dumpEnd}\n`));
    this.#current?.end();
  }
}
