/** Forged indexes: any lines, with checksums that fit where a forger would make them fit. */
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { DataSet } from '../../../backup-format/data-set.ts';
import type { BlobToRead, RestoreJobInput } from '../../../jobs/restore.ts';
import { paths } from '../../../backup-format/names.ts';
import { digestLine } from '../../../backup-format/record.ts';
import type { BlobDouble } from './blob-double.ts';
import { backupID, identity } from './job-builder.ts';

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const nothing = sha256('');

/** Content of the only pack, which is one chunk. */
export const chunk = Buffer.from('content of a file');
export const stored = zstdCompressSync(chunk);
const packSum = sha256(stored);

export const packLine = `P\t1\t20261123\t${packSum}\t${stored.length}\t${createHash('md5').update(stored).digest('base64')}`;

export function extentLine(
  change: {
    readonly file?: number;
    readonly offset?: number;
    readonly length?: number;
    readonly pack?: number;
    readonly packOffset?: number;
    readonly storedLength?: number;
    readonly sha256?: string;
  } = {},
): string {
  const {
    file = 1,
    offset = 0,
    length = chunk.length,
    pack = 1,
    packOffset = 0,
    storedLength = stored.length,
  } = change;
  return `E\t${file}\t${offset}\t${length}\t${pack}\t${packOffset}\t${storedLength}\t${change.sha256 ?? sha256(chunk)}`;
}

export function fileLine(
  path: string,
  change: {
    readonly file?: number;
    readonly set?: string;
    readonly entry?: string;
    readonly bytes?: number;
    readonly mode?: string;
    readonly target?: string;
    readonly digest?: string;
  } = {},
): string {
  const {
    file = 1,
    set = 'files',
    entry = 'f',
    bytes = entry === 'f' ? chunk.length : 0,
    mode = '644',
    target = '-',
  } = change;
  const digest = change.digest ?? (entry === 'f' ? sha256(digestLine(sha256(chunk))) : nothing);
  return `F\t${file}\t${set}\t${entry}\t${path}\t${bytes}\t${mode}\t0\t0\t1000000\t${digest}\t${target}`;
}

export interface Forged {
  /** Between the header and the end of the set. */
  readonly lines: readonly string[];
  readonly header?: string;
  /** Totals of the data set `files`, where they should differ from what the lines add up to. */
  readonly set?: Partial<DataSet>;
  /** Lines of an attribute part, after its header. */
  readonly attributes?: readonly string[];
  /** Replaces the end of the set. */
  readonly end?: readonly string[];
}

/** Puts index and pack into the double. @returns the request of an operator that was deceived as well. */
export function forge(
  double: BlobDouble,
  { lines, header = `H\t1\t${backupID}\t1\t1`, set, attributes, end }: Forged,
): RestoreJobInput['backup'] {
  const files = lines.filter((line) => line.startsWith('F\tfiles') || /^F\t\d+\tfiles\t/.test(line));
  const count = files.filter((line) => line.split('\t')[3] === 'f').length;
  const bytes = files.reduce((sum, line) => sum + (Number(line.split('\t')[5]) || 0), 0);
  const totals: DataSet = {
    name: 'files',
    kind: 'FileTree',
    files: count,
    bytes,
    digest: sha256(files.map((line) => `${line}\n`).join('')),
    ...set,
  };
  const ending = end ?? [
    `S\t${totals.name}\t${totals.kind}\t${totals.files}\t${totals.bytes}\t${totals.digest}`,
  ];
  const part = zstdCompressSync(
    Buffer.from([header, ...lines, ...ending].map((line) => `${line}\n`).join(''), 'latin1'),
  );
  const beside = zstdCompressSync(
    Buffer.from(
      [`H\t1\t${backupID}\t1\t1`, ...(attributes ?? [])].map((line) => `${line}\n`).join(''),
      'latin1',
    ),
  );
  const pack = paths.pack(identity, '20261123', packSum);
  double.blobs.set(pack, stored);
  return {
    backupID,
    identity,
    indexParts: [putPart(double, 'index-1-1.zst', part)],
    ...(attributes === undefined ? {} : { attributeParts: [putPart(double, 'attributes-1-1.zst', beside)] }),
    packs: [{ number: 1, url: double.url(pack), bytes: stored.length, sha256: packSum }],
    dataSets: [totals],
  };
}

function putPart(double: BlobDouble, name: string, part: Buffer): BlobToRead {
  const path = paths.part(identity, backupID, name);
  double.blobs.set(path, part);
  return { url: double.url(path), bytes: part.length, sha256: sha256(part) };
}
