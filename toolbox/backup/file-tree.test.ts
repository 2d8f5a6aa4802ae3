/**
 * A file tree whose owner goes on working: what happens between two reads is made to happen, at the points
 * where the reader waits.
 */
import { appendFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LeftOut } from '../../backup-format/data-set.ts';
import type { SourceContext } from './context.ts';
import { Throttle } from './context.ts';
import type { FileFacts } from './entries.ts';
import { FileTreeReader } from './file-tree.ts';
import { FileWriter } from './file-writer.ts';

const piece = 1024 * 1024;
const first = 'A'.repeat(piece + 10);
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'file-tree-'));
});
afterEach(() => rm(root, { recursive: true }));

interface Outcome {
  /** Files in the index, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly skipped: readonly LeftOut[];
}

/** @param beforePiece called before the reader takes its nth piece; counts from 1. */
async function read(beforePiece: (piece: number) => Promise<void>): Promise<Outcome> {
  const files: Record<string, string> = {};
  let pieces = 0;
  const newFile = (): FileWriter => {
    const chunks: Buffer[] = [];
    let room = Buffer.alloc(0);
    const target = {
      takeSlot: () => ({ slot: 0, room: (room = Buffer.alloc(65_536)) }),
      addChunk: (_file: unknown, _offset: number, _slot: number, length: number) =>
        void chunks.push(Buffer.from(room.subarray(0, length))),
      addZeros: (_file: unknown, _offset: number, length: number) => void chunks.push(Buffer.alloc(length)),
      addFile: (_file: unknown, { entry, path }: FileFacts) => {
        if (entry === 'f') files[path.toString()] = Buffer.concat(chunks).toString();
      },
    };
    return new FileWriter(target, {} as never);
  };
  const pipeline = { free: () => beforePiece(++pieces), newFile };
  const reader = new FileTreeReader({ name: 'files', path: root, excludes: [] });
  await reader.read({
    pipeline,
    throttle: new Throttle(undefined, Date.now),
    signal: AbortSignal.timeout(10_000),
  } as unknown as SourceContext);
  return { files, skipped: reader.leftOut };
}

// The first piece is the root itself, the second is the decision to read the only file, the third is that
// file's first piece.
const duringTheRead = 3;

test('a file that changes while it is read is read again, and is as it was then', async () => {
  await writeFile(join(root, 'call.wav'), first);
  const { files, skipped } = await read(async (at) => {
    if (at === duringTheRead) await appendFile(join(root, 'call.wav'), 'and more');
  });
  expect(files).toEqual({ 'call.wav': `${first}and more` });
  expect(skipped).toEqual([]);
});

test('a file that grows as fast as it is read is kept with the length that the second read found, and told', async () => {
  await writeFile(join(root, 'call.wav'), first);
  const { files, skipped } = await read(async (at) => {
    if (at >= duringTheRead) await appendFile(join(root, 'call.wav'), '.');
  });
  expect(files).toEqual({ 'call.wav': `${first}..` });
  expect(skipped).toEqual([{ kind: 'Changed', entries: 1, examples: ['call.wav'] }]);
});

test('a file that is gone before it is read is told, and ends nothing', async () => {
  await writeFile(join(root, 'call.wav'), first);
  const { files, skipped } = await read(async (at) => {
    if (at === duringTheRead - 1) await rm(join(root, 'call.wav'));
  });
  expect(files).toEqual({});
  expect(skipped).toEqual([{ kind: 'Vanished', entries: 1, examples: ['call.wav'] }]);
});

test('a file that is gone while it is read is in the backup: it was open', async () => {
  await writeFile(join(root, 'call.wav'), first);
  const { files, skipped } = await read(async (at) => {
    if (at === duringTheRead) await rm(join(root, 'call.wav'));
  });
  expect(files).toEqual({ 'call.wav': first });
  expect(skipped).toEqual([]);
});

test('a file in whose place a link appears is not followed', async () => {
  await writeFile(join(root, 'call.wav'), first);
  const { files, skipped } = await read(async (at) => {
    if (at !== duringTheRead - 1) return;
    await rm(join(root, 'call.wav'));
    await symlink('/etc/passwd', join(root, 'call.wav'));
  });
  expect(files).toEqual({});
  expect(skipped).toEqual([{ kind: 'Vanished', entries: 1, examples: ['call.wav'] }]);
});
