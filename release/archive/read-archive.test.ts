/** Archives of real tools, in the dialects that people use: read exactly, or refused. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ArchiveError } from './archive-error.ts';
import { checkDump } from './dump.ts';
import { checkArchive } from './read-archive.ts';
import { decompressFrames } from './zstd-frames.ts';

const run = promisify(execFile);
const { signal } = new AbortController();
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-'));
  await mkdir(at('tree/sub'), { recursive: true });
  for (const name of ['a', 'sub/b']) await writeFile(at(`tree/${name}`), `${name}\n`.repeat(70_000));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const at = (name: string): string => join(directory, name);
const tar = async (...options: readonly string[]): Promise<Buffer> => {
  await run('tar', ['-C', at('tree'), '-cf', at('archive.tar'), ...options, '.']);
  return await readFile(at('archive.tar'));
};

/** In pieces of a length that fits nothing. */
async function* pieces(bytes: Uint8Array, length = 1021): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += length)
    yield Buffer.from(bytes.subarray(start, start + length));
}

async function decompressed(bytes: Uint8Array, length?: number): Promise<Buffer> {
  const found: Buffer[] = [];
  for await (const chunk of decompressFrames(pieces(bytes, length))) found.push(chunk);
  return Buffer.concat(found);
}

const skippable = (content: string): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a5a);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, Buffer.from(content)]);
};

describe('all frames of a zstd file are read', () => {
  test.each([
    ['zstd', ['-q', '-19', '--check']],
    ['zstd', ['-q', '-1', '--no-check', '--no-content-size']],
    ['zstd', ['-q', '-T2', '--single-thread', '--ultra', '-20', '--long=27']],
    ['pzstd', ['-q', '-p', '2']],
  ])('of %s %j', async (tool, options) => {
    const content = await tar();
    await run(tool, [...options, '-f', '-o', at('archive.zst'), at('archive.tar')]);
    expect((await decompressed(await readFile(at('archive.zst')))).equals(content)).toBe(true);
    expect(await checkArchive(pieces(await readFile(at('archive.zst'))), signal)).toEqual({
      files: 2,
      bytes: 140_000 + 420_000,
    });
  });

  test('joined ones, with skippable ones at any place', async () => {
    const [one, two] = [zstdCompressSync('one '), zstdCompressSync(Buffer.alloc(300_000, 'two'))];
    const whole = Buffer.concat([
      skippable('x'),
      one,
      skippable(''),
      skippable('yy'),
      two,
      zstdCompressSync(''),
      skippable('end'),
    ]);
    for (const length of [1, 7, whole.length])
      expect((await decompressed(whole, length)).toString()).toBe(`one ${'two'.repeat(100_000)}`);
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'empty'],
    ['only a skippable frame', skippable('x'), 'empty'],
    [
      'half a skippable frame',
      Buffer.concat([zstdCompressSync('x'), skippable('yes').subarray(0, -1)]),
      'cut off',
    ],
    ['half a frame', zstdCompressSync(Buffer.alloc(300_000, 'two')).subarray(0, -3), 'cut off'],
    [
      'half of the second frame',
      Buffer.concat([zstdCompressSync('x'), zstdCompressSync('y').subarray(0, 6)]),
      'cut off',
    ],
    ['text', Buffer.from('CREATE TABLE'), 'no zstd file'],
    ['text after a frame', Buffer.concat([zstdCompressSync('x'), Buffer.from('text')]), 'no zstd frame'],
  ])('%s is refused', async (_what, bytes, told) => {
    for (const length of [1, bytes.length + 1])
      await expect(decompressed(bytes, length)).rejects.toThrow(told);
    await expect(decompressed(bytes)).rejects.toBeInstanceOf(ArchiveError);
  });

  test('a bit that changed is told', async () => {
    const bytes = Buffer.from(zstdCompressSync(Buffer.alloc(300_000, 'two'), { params: { 201: 1 } }));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await expect(decompressed(bytes)).rejects.toBeInstanceOf(ArchiveError);
  });
});

describe('an archive', () => {
  test.each([['--format=gnu'], ['--format=posix'], ['--format=ustar']])(
    'of GNU tar %s is read',
    async (format) => {
      expect(await checkArchive(pieces(zstdCompressSync(await tar(format))), signal)).toMatchObject({
        files: 2,
      });
    },
  );

  test.each([
    ['--format=gnu', 'sparse'],
    ['--format=posix', 'GNU.sparse'],
  ])('with a sparse file, of GNU tar --sparse %s, is refused', async (format, told) => {
    await truncate(at('tree/a'), 5_000_000);
    await truncate(at('tree/a'), 5_000_001);
    await expect(
      checkArchive(pieces(zstdCompressSync(await tar('--sparse', format))), signal),
    ).rejects.toThrow(told);
    expect(await checkArchive(pieces(zstdCompressSync(await tar(format))), signal)).toMatchObject({
      bytes: 5_000_001 + 420_000,
    });
  });

  test('without its end, or with nothing in it, is refused', async () => {
    const whole = await tar();
    const [last = 0] = [...whole.keys()].filter((index) => whole[index] !== 0).slice(-1);
    const entries = whole.subarray(0, Math.ceil(last / 512) * 512);
    await expect(checkArchive(pieces(zstdCompressSync(entries)), signal)).rejects.toThrow(
      'the end of the archive is missing',
    );
    await expect(checkArchive(pieces(zstdCompressSync(Buffer.alloc(10_240))), signal)).rejects.toThrow(
      'nothing in it',
    );
  });

  test('of another format is refused', async () => {
    await expect(
      checkArchive(pieces(zstdCompressSync('no archive'.repeat(1000))), signal),
    ).rejects.toBeInstanceOf(ArchiveError);
  });
});

test('a dump whose frames were joined is read whole', async () => {
  const joined = Buffer.concat([
    zstdCompressSync('CREATE TAB'),
    zstdCompressSync('LE a (id INT);\n-- Dump completed\n'),
  ]);
  expect(await checkDump(pieces(joined), signal)).toBe(43);
});
