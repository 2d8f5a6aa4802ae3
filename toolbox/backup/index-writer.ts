/**
 * Writes the index in parts while the backup runs. A part is stored once all packs that it names are stored,
 * so the next try can go on from the parts of this one, whatever happens to it.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { BackupCipher } from '../../backup-format/encryption.ts';
import type { WrittenBlob } from '../../jobs/backup.ts';
import { formatVersion } from '../../backup-format/manifest.ts';
import { paths } from '../../backup-format/names.ts';
import { formatRecord } from '../../backup-format/record.ts';
import { JobError } from '../job-error.ts';
import type { Uploads } from './uploads.ts';

const compress = promisify(zstdCompress);

/** A part is closed at this text length, or earlier. */
const longestPartText = 2 * 1024 * 1024;

export interface BackupName {
  readonly identity: string;
  readonly backupID: string;
  readonly attempt: number;
}

/** Compresses the text and uploads it as `name`, beside where the manifest will be. */
export async function storeText(
  name: BackupName,
  blob: string,
  text: string,
  uploader: Uploads,
  cipher?: BackupCipher,
): Promise<WrittenBlob> {
  const compressed = await compress(Buffer.from(text, 'latin1'), {
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  const body = cipher === undefined ? compressed : cipher.encrypt(compressed);
  const md5 = createHash('md5').update(body).digest('base64');
  const outcome = await uploader.put(paths.part(name.identity, name.backupID, blob), body, md5);
  if (outcome === 'Existed') {
    throw new JobError(
      'UploadConflict',
      `${blob} of backup ${name.backupID} is in the store already: try ${name.attempt} ran before, start one with another number`,
    );
  }
  return { name: blob, bytes: body.length, sha256: createHash('sha256').update(body).digest('hex'), md5 };
}

export class IndexWriter {
  readonly parts: WrittenBlob[] = [];
  readonly #name: BackupName;
  readonly #partName: (attempt: number, part: number) => string;
  readonly #uploader: Uploads;
  readonly #cipher: BackupCipher | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #onStored: (bytes: number) => void;
  #lines: string[] = [];
  #length = 0;
  #part = 0;
  #last: Promise<void> = Promise.resolve();
  #backlog = 0;

  /** @param partName gives the name of a part. */
  constructor(
    name: BackupName,
    partName: (attempt: number, part: number) => string,
    uploader: Uploads,
    cipher: BackupCipher | undefined,
    on: { readonly stored: (bytes: number) => void; readonly error: (error: unknown) => void },
  ) {
    this.#name = name;
    this.#partName = partName;
    this.#uploader = uploader;
    this.#cipher = cipher;
    this.#onStored = on.stored;
    this.#onError = on.error;
  }

  /** Length of the texts that are not stored yet. */
  get backlog(): number {
    return this.#backlog + this.#length;
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length + 1;
    if (this.#length >= longestPartText) this.cut();
  }

  /** Stores what was written since the last part, in the order of the parts. */
  cut(): void {
    if (this.#lines.length === 0) return;
    const part = ++this.#part;
    const { backupID, attempt } = this.#name;
    const header = formatRecord({ type: 'H', formatVersion, backupID, attempt, part });
    const text = `${header}\n${this.#lines.join('\n')}\n`;
    this.#lines = [];
    this.#length = 0;
    this.#backlog += text.length;
    this.#last = this.#store(this.#last, this.#partName(attempt, part), text).catch(this.#onError);
  }

  async #store(before: Promise<void>, blobName: string, text: string): Promise<void> {
    await before;
    const blob = await storeText(this.#name, blobName, text, this.#uploader, this.#cipher);
    this.parts.push(blob);
    this.#backlog -= text.length;
    this.#onStored(blob.bytes);
  }

  /** All parts are stored afterwards, unless an error was reported. */
  async finish(): Promise<void> {
    this.cut();
    await this.#last;
  }
}
