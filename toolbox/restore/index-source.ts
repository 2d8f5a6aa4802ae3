/**
 * The index of a backup: fetched once, proven, kept on the job's own disk, and read from there as often as
 * needed.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import type { BackupCipher } from '../../backup-format/encryption.ts';
import { parseExtra } from '../../backup-format/attributes.ts';
import type { ExtraRecord } from '../../backup-format/attributes.ts';
import { FormatError } from '../../backup-format/schema.ts';
import { IndexReader } from '../../backup-format/index-format.ts';
import type { BackupToRead, BlobToRead } from '../../jobs/restore.ts';
import { NumberSet } from '../../backup-format/number-set.ts';
import type { FileRecord, IndexRecord, PartHeader, WholeRecord } from '../../backup-format/record.ts';
import { JobError } from '../job-error.ts';
import { AttributeCursor } from './attribute-cursor.ts';
import type { BlobReader } from './blob-reader.ts';
import { longestPartBytes } from '../../jobs/restore.ts';

const decompress = promisify(zstdDecompress);

/** Records of an index; its files carry what the attribute parts say about them. */
export type SourceRecord = Exclude<IndexRecord, FileRecord> | WholeRecord;

export class IndexSource {
  readonly #backup: BackupToRead;
  readonly #directory: string;
  readonly #cipher: BackupCipher | undefined;
  /** Further names of files. Their own extents are not needed. */
  readonly copies = new NumberSet();
  /** Files that have further names. */
  readonly originals = new NumberSet();

  private constructor(backup: BackupToRead, directory: string, cipher: BackupCipher | undefined) {
    this.#backup = backup;
    this.#directory = directory;
    this.#cipher = cipher;
  }

  /** @throws {JobError} BackupInvalid when a part is not what the manifest says. */
  static async fetch(
    backup: BackupToRead,
    directory: string,
    cipher: BackupCipher | undefined,
    reader: BlobReader,
    onPart: (done: number) => void,
  ): Promise<IndexSource> {
    const parts = [...backup.indexParts, ...(backup.attributeParts ?? [])];
    for (const [index, part] of parts.entries()) {
      await writeFile(partPath(directory, index), await reader.readProven(part), { mode: 0o600 });
      onPart(index + 1);
    }
    const source = new IndexSource(backup, directory, cipher);
    await source.#findLinks();
    return source;
  }

  /**
   * All records in order, each checked. At the end it also checks that the data sets are those of the
   * manifest.
   * @throws {JobError} BackupInvalid, BackupFormatNewer, DecryptionKeyWrong
   */
  async *records(): AsyncGenerator<SourceRecord> {
    const { backupID, indexParts, dataSets, packs } = this.#backup;
    const reader = new IndexReader();
    const extras = new AttributeCursor(this.#extras());
    try {
      for (const [index, part] of indexParts.entries()) {
        const name = nameOf(part, index);
        reader.beginPart(name);
        for (const line of lines(await this.#text(index, name), name)) {
          const record = reader.read(line);
          if (record.type === 'H' && record.backupID !== backupID)
            throw new FormatError(`${name} is of backup ${record.backupID}`);
          if (record.type === 'P') {
            const pack = packs[record.number - 1];
            if (pack?.sha256 !== record.sha256 || pack.bytes !== record.bytes)
              throw new FormatError(`${name}: pack ${record.number} is not the one of the pack list`);
          }
          if (record.type !== 'F') yield record;
          else {
            const { beside, whole } = await extras.of(record);
            yield* beside;
            yield whole;
          }
        }
      }
      yield* await extras.rest();
      for (const { name, kind, files, bytes, digest } of dataSets) {
        const set = reader.sets.get(name);
        if (set?.kind !== kind || set.files !== files || set.bytes !== bytes || set.digest !== digest) {
          throw new FormatError(`the index does not have data set ${name} as the manifest says`);
        }
      }
      if (reader.sets.size !== dataSets.length)
        throw new FormatError('the index has data sets that the manifest does not name');
    } catch (error) {
      throw indexError(error, backupID);
    }
  }

  async #findLinks(): Promise<void> {
    try {
      for await (const extra of this.#extras()) {
        if (extra.type !== 'K') continue;
        this.copies.add(extra.file);
        this.originals.add(extra.first);
      }
    } catch (error) {
      throw indexError(error, this.#backup.backupID);
    }
  }

  /** What the attribute parts say, in the order of the index. */
  async *#extras(): AsyncGenerator<Exclude<ExtraRecord, PartHeader>> {
    const { backupID, indexParts, attributeParts = [] } = this.#backup;
    for (const [at, part] of attributeParts.entries()) {
      const index = indexParts.length + at;
      const name = nameOf(part, index);
      let line = 0;
      for (const text of lines(await this.#text(index, name), name)) {
        const record = parseExtra(text, `${name} line ${++line}`);
        if ((record?.type === 'H') !== (line === 1))
          throw new FormatError(`${name} line ${line}: a part begins with its header, and has only one`);
        if (record === undefined) continue;
        if (record.type !== 'H') yield record;
        else if (record.backupID !== backupID || record.part !== at + 1)
          throw new FormatError(`${name} is part ${record.part} of backup ${record.backupID}`);
      }
    }
  }

  async #text(index: number, name: string): Promise<Buffer> {
    const stored = await readFile(partPath(this.#directory, index));
    let compressed: Uint8Array = stored;
    if (this.#cipher !== undefined) {
      try {
        compressed = this.#cipher.decrypt(stored);
      } catch (error) {
        // Its sha256 is the manifest's, so it was not altered. The key must be another one.
        throw new JobError(
          'DecryptionKeyWrong',
          `the index of backup ${this.#backup.backupID} cannot be decrypted: the key is not the one it was made with`,
          error,
        );
      }
    }
    try {
      return await decompress(compressed, { maxOutputLength: longestPartBytes });
    } catch (error) {
      const hint = this.#cipher === undefined ? '; is the backup encrypted?' : '';
      throw new FormatError(`${name} is not compressed as it should be${hint} (${(error as Error).message})`);
    }
  }
}

function nameOf(part: BlobToRead, index: number): string {
  return new URL(part.url).pathname.split('/').at(-1) ?? `part ${index + 1}`;
}

function partPath(directory: string, index: number): string {
  return join(directory, `index-part-${index}`);
}

function* lines(text: Buffer, name: string): Generator<string> {
  let start = 0;
  for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, start)) {
    yield text.toString('latin1', start, end);
    start = end + 1;
  }
  if (start !== text.length) throw new FormatError(`${name} was cut off`);
}

function indexError(error: unknown, backupID: string): unknown {
  if (!(error instanceof FormatError)) return error;
  return new JobError(
    error.reason === 'NewerFormat' ? 'BackupFormatNewer' : 'BackupInvalid',
    `backup ${backupID}: ${error.message}; nothing was changed`,
    error,
  );
}
