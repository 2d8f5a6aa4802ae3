/**
 * The list of all packs that a backup uses. The operator compares it with a listing of the store before it
 * writes the manifest, and before a restore. It is text, one pack a line as in the index, compressed with
 * zstd, never encrypted.
 */
import { FormatError } from './schema.ts';
import { parseRecord } from './index-format.ts';
import { formatVersion } from './manifest.ts';
import { isBackupID } from './names.ts';
import { formatRecord } from './record.ts';
import type { PackRecord } from './record.ts';

/** The longest list that is read, uncompressed. Others may have written it. */
export const longestPackListBytes = 16 * 1024 * 1024;
/** Packs of one backup: what such a list can name, 1.1 TiB of stored data. */
export const mostPacks = 140_000;

/** All lines, each with its line feed. */
export function* packListLines(backupID: string, packs: Iterable<PackRecord>): Generator<string> {
  yield `L\t${formatVersion}\t${backupID}\n`;
  let count = 0;
  for (const pack of packs) {
    count++;
    yield `${formatRecord(pack)}\n`;
  }
  // A list without its last line was cut off.
  yield `Z\t${count}\n`;
}

/** @throws as {@link PackListReader} does */
export function parsePackList(text: string, backupID: string): readonly PackRecord[] {
  const reader = new PackListReader(backupID);
  reader.take(text);
  return reader.end();
}

/** A pack takes 117 bytes. */
const longestLine = 200;

/**
 * Reads a list in pieces of any length, so that a long one neither stops the process nor lies in memory as
 * text. Both methods throw {@link FormatError} for anything but a complete list with each pack once.
 */
export class PackListReader {
  readonly #backupID: string;
  readonly #packs: PackRecord[] = [];
  readonly #digests = new Set<string>();
  #length = 0;
  #rest = '';
  #line = 0;
  #isEnded = false;

  /** @param backupID the backup that the list must belong to. */
  constructor(backupID: string) {
    if (!isBackupID(backupID)) throw new TypeError(`${JSON.stringify(backupID)} is no backupID`);
    this.#backupID = backupID;
  }

  /** @param piece a list is ASCII; anything else is no list. */
  take(piece: string): void {
    this.#length += piece.length;
    if (this.#length > longestPackListBytes)
      throw new FormatError(`the pack list is longer than the ${longestPackListBytes} bytes that are read`);
    const lines = `${this.#rest}${piece}`.split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > longestLine) throw new FormatError('a line of the pack list is too long');
    for (const line of lines) this.#takeLine(line);
  }

  end(): readonly PackRecord[] {
    if (!this.#isEnded || this.#rest !== '') throw new FormatError('the pack list was cut off');
    return this.#packs;
  }

  #takeLine(line: string): void {
    this.#line += 1;
    if (this.#line === 1) {
      if (line !== `L\t${formatVersion}\t${this.#backupID}`)
        throw new FormatError(
          `the pack list is not one of backup ${this.#backupID} in format ${formatVersion}`,
        );
    } else if (this.#isEnded) {
      throw new FormatError('the pack list goes on after its end');
    } else if (line.startsWith('Z')) {
      if (line !== `Z\t${this.#packs.length}`) throw new FormatError('the pack list was cut off');
      this.#isEnded = true;
    } else {
      this.#takePack(line, `pack list line ${this.#line}`);
    }
  }

  #takePack(line: string, place: string): void {
    const record = parseRecord(line, place);
    if (record.type !== 'P') throw new FormatError(`${place}: is no pack`);
    const expected = this.#packs.length + 1;
    if (record.number !== expected)
      throw new FormatError(`${place}: the pack's number is ${record.number}, expected was ${expected}`);
    const key = `${record.epoch}/${record.sha256}`;
    if (this.#digests.has(key)) throw new FormatError(`${place}: pack ${key} is there twice`);
    this.#digests.add(key);
    this.#packs.push(record);
  }
}
