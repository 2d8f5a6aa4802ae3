/**
 * Backup jobs as tests need them: a file tree with random content, a job against the blob double, and what
 * came of it.
 */
import { atOnce } from '../pauses.ts';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BackupJobInput, BackupJobResult, KnownIndexPart } from '../../../jobs/backup.ts';
import { backup } from '../../../toolbox/backup/backup.ts';
import type { JobProgress } from '../../../jobs/job.ts';
import type { BlobDouble } from './blob-double.ts';
import { checkedResult } from './job-result.ts';

export const identity = 'acme.production';
export const backupID = '20261123t120000z-00c0de';

/** The same seed gives the same numbers; 0 ≤ n < limit. */
function random(seed: number): (limit: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Content that is partly compressible, partly not, partly zeros. The same seed gives the same content. */
export function content(seed: number, bytes: number): Buffer {
  const next = random(seed);
  const words = new Uint32Array(Math.ceil(bytes / 4));
  const made = Buffer.from(words.buffer, 0, bytes);
  let state = seed + 1;
  for (let at = 0; at < bytes;) {
    const length = Math.min(bytes - at, 1 + next(200_000));
    const kind = next(3);
    if (kind === 1) made.fill(`row ${next(1000)} of the table;`, at, at + length);
    const end = kind === 2 ? (at + length) >>> 2 : 0;
    for (let word = at >>> 2; word < end; word++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[word] = state;
    }
    at += length;
  }
  return made;
}

/** Content that cannot be compressed. */
export function noise(seed: number, bytes: number): Buffer {
  const words = new Uint32Array(bytes / 4);
  let state = seed + 1;
  for (let word = 0; word < words.length; word++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[word] = state;
  }
  return Buffer.from(words.buffer);
}

export class TestTree {
  readonly path: string;
  /** What should come back. */
  readonly files = new Map<string, Buffer>();

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<TestTree> {
    return new TestTree(await mkdtemp(join(tmpdir(), 'backup-tree-')));
  }

  async write(name: string, bytes: Buffer, mode = 0o644): Promise<this> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    await chmod(path, mode);
    this.files.set(name, bytes);
    return this;
  }

  async link(name: string, target: string): Promise<this> {
    await mkdir(dirname(join(this.path, name)), { recursive: true });
    await symlink(target, join(this.path, name));
    return this;
  }

  /** Files of many sizes, around the edges of chunks and pieces. */
  async fill(seed: number, files: number, largest = 400_000): Promise<this> {
    const next = random(seed);
    const edges = [0, 1, 65_535, 65_536, 65_537, 131_072, 1_048_576, 1_048_577];
    for (let file = 0; file < files; file++) {
      const bytes = next(3) === 0 ? (edges[next(edges.length)] ?? 0) : next(largest);
      await this.write(`folder-${next(5)}/file ${file}.dat`, content(seed * 1000 + next(20), bytes));
    }
    return this;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export interface JobOptions extends Partial<Omit<BackupJobInput, 'type'>> {
  readonly query?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
}

function jobInput(double: BlobDouble, tree: TestTree, options: JobOptions = {}): BackupJobInput {
  const { query = 'sp=c&sig=canary-create', signal: _signal, onProgress: _onProgress, ...rest } = options;
  return {
    type: 'backup',
    backupID,
    attempt: 1,
    identity,
    epoch: '20261123',
    upload: {
      kind: 'SignedURL',
      containerUrl: double.containerUrl,
      query,
      prefix: '',
      expiresTime: '2099-01-01T00:00:00Z',
    },
    known: [],
    fileTrees: [{ name: 'files', path: tree.path, excludes: [] }],
    limits: { threads: 2 },
    scratch: `${tree.path}.scratch-${options.attempt ?? 1}`,
    ...rest,
  };
}

export async function runBackup(
  double: BlobDouble,
  tree: TestTree,
  options: JobOptions = {},
): Promise<BackupJobResult> {
  const result = await backup(
    jobInput(double, tree, options),
    options.onProgress ?? (() => undefined),
    options.signal ?? new AbortController().signal,
    atOnce,
  );
  return checkedResult('backup', result);
}

/** As the operator announces them for a try that did not end: from a listing. */
export function partsInStore(double: BlobDouble, id = backupID): readonly KnownIndexPart[] {
  const name = /index-(\d+)-(\d+)\.zst$/;
  return [...double.blobs]
    .filter(([path]) => path.startsWith(`${identity}/backups/${id}/index-`))
    .toSorted(([a], [b]) => {
      const [, tryA = '', partA = ''] = name.exec(a) ?? [];
      const [, tryB = '', partB = ''] = name.exec(b) ?? [];
      return Number(tryA) - Number(tryB) || Number(partA) - Number(partB);
    })
    .map(([path, body]) => ({
      url: double.url(path),
      bytes: body.length,
      md5: createHash('md5').update(body).digest('base64'),
    }));
}
