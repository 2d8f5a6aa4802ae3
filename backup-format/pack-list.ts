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

/** The longest list that is read, uncompressed: some 2 million packs, 16 TB. */
export const longestPackListBytes = 256 * 1024 * 1024;

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

/**
 * @param backupID the backup that the list must belong to.
 * @throws {FormatError} for anything but a complete list with each pack once.
 */
export function parsePackList(text: string, backupID: string): readonly PackRecord[] {
  if (!isBackupID(backupID)) throw new TypeError(`${JSON.stringify(backupID)} is no backupID`);
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new FormatError('the pack list was cut off');
  if (lines.shift() !== `L\t${formatVersion}\t${backupID}`)
    throw new FormatError(`the pack list is not one of backup ${backupID} in format ${formatVersion}`);
  if (lines.pop() !== `Z\t${lines.length}`) throw new FormatError('the pack list was cut off');
  const digests = new Set<string>();
  return lines.map((line, index) => {
    const place = `pack list line ${index + 2}`;
    const record = parseRecord(line, place);
    if (record.type !== 'P') throw new FormatError(`${place}: is no pack`);
    if (record.number !== index + 1)
      throw new FormatError(`${place}: the pack's number is ${record.number}, expected was ${index + 1}`);
    const key = `${record.epoch}/${record.sha256}`;
    if (digests.has(key)) throw new FormatError(`${place}: pack ${key} is there twice`);
    digests.add(key);
    return record;
  });
}
