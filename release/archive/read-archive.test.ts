/**
 * zstd files of any frames, and tar archives that are whole; those of real tools are read in
 * test/integration/release.
 */
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { ArchiveError } from './archive-error.ts';
import { checkDump } from './dump.ts';
import { checkArchive } from './read-archive.ts';
import { decompressFrames } from './zstd-frames.ts';

const { signal } = new AbortController();

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
    ['text', Buffer.from('CREATE TABLE'), 'not a zstd file'],
    ['text after a frame', Buffer.concat([zstdCompressSync('x'), Buffer.from('text')]), 'not a zstd frame'],
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
  const archive = async (...names: readonly string[]): Promise<Buffer> => {
    const tar = pack();
    for (const name of names) tar.entry({ name }, 'content');
    tar.finalize();
    return await buffer(tar);
  };
  const check = async (tar: Uint8Array) => await checkArchive(pieces(zstdCompressSync(tar)), signal);

  test('is counted', async () => {
    expect(await check(await archive('a', 'b/c'))).toEqual({ files: 2, bytes: 14 });
  });

  test('without its end, or with nothing in it, is refused', async () => {
    await expect(check((await archive('a')).subarray(0, 1024))).rejects.toThrow(
      'the end of the archive is missing',
    );
    await expect(check(await archive())).rejects.toThrow('it is empty');
  });

  test('of another format is refused', async () => {
    await expect(check(Buffer.from('no archive'.repeat(1000)))).rejects.toBeInstanceOf(ArchiveError);
  });
});

test('a dump whose frames were joined is read whole', async () => {
  const joined = Buffer.concat([
    zstdCompressSync('CREATE TAB'),
    zstdCompressSync('LE a (id INT);\n-- Dump completed\n'),
  ]);
  expect(await checkDump(pieces(joined), signal)).toBe(43);
});
