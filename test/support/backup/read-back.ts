/** A tiny reader of the format, written from docs/backup-format.md and not from the code that writes it. */
import { createDecipheriv, createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';

export interface ReadFile {
  readonly type: string;
  readonly content: Buffer;
  readonly mode: string;
  readonly target: string;
}

export interface WrittenParts {
  readonly indexParts: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

/**
 * Everything of one data set, by its path (still escaped).
 * @throws {Error} when a digest, a length or a number does not agree.
 */
export function readBack(
  blobs: ReadonlyMap<string, Buffer>,
  identity: string,
  backupID: string,
  written: WrittenParts,
  set: string,
  key?: Buffer,
): ReadonlyMap<string, ReadFile> {
  const packs = new Map<string, Buffer>();
  const chunks = new Map<string, { readonly hashes: string[]; readonly content: Buffer[]; length: number }>();
  const files = new Map<string, ReadFile>();
  for (const part of written.indexParts) {
    const body = blobs.get(`${identity}/backups/${backupID}/${part.name}`) ?? Buffer.alloc(0);
    check(sha256(body) === part.sha256 && body.length === part.bytes, `part ${part.name}`);
    for (const line of zstdDecompressSync(open(body, key)).toString('latin1').split('\n')) {
      const field = line.split('\t');
      if (field[0] === 'P') {
        const pack = blobs.get(`${identity}/packs/${field[2]}/${field[3]}`);
        check(
          pack !== undefined && sha256(pack) === field[3] && pack.length === Number(field[4]),
          `pack ${field[3]}`,
        );
        check(createHash('md5').update(pack).digest('base64') === field[5], `md5 of pack ${field[3]}`);
        packs.set(field[1] ?? '', pack);
      } else if (field[0] === 'E') {
        const file = chunks.get(field[1] ?? '') ?? { hashes: [], content: [], length: 0 };
        chunks.set(field[1] ?? '', file);
        const at = Number(field[5]);
        const chunk =
          field[4] === '0'
            ? Buffer.alloc(Number(field[3]))
            : zstdDecompressSync(
                open((packs.get(field[4] ?? '') ?? Buffer.alloc(0)).subarray(at, at + Number(field[6])), key),
              );
        check(
          Number(field[2]) === file.length && chunk.length === Number(field[3]) && sha256(chunk) === field[7],
          `chunk ${line}`,
        );
        file.hashes.push(`${field[7]}\n`);
        file.content.push(chunk);
        file.length += chunk.length;
      } else if (field[0] === 'F' && field[2] === set) {
        const { hashes, content } = chunks.get(field[1] ?? '') ?? { hashes: [], content: [] };
        const whole = Buffer.concat(content);
        check(
          whole.length === Number(field[5]) && sha256(Buffer.from(hashes.join(''))) === field[10],
          `file ${line}`,
        );
        files.set(field[4] ?? '', {
          type: field[3] ?? '',
          content: whole,
          mode: field[6] ?? '',
          target: field[11] ?? '',
        });
      }
    }
  }
  return files;
}

function open(stored: Buffer, key: Buffer | undefined): Buffer {
  if (key === undefined) return stored;
  const decipher = createDecipheriv('aes-256-gcm', key, stored.subarray(0, 12));
  decipher.setAuthTag(stored.subarray(-16));
  return Buffer.concat([decipher.update(stored.subarray(12, -16)), decipher.final()]);
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`${what} is not what it should be`);
}
