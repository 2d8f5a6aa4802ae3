import { randomBytes } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { newCompressor, newDecompressor } from './zstd.ts';

const chunk = 65_536;
const shared = (bytes: number): Buffer => Buffer.from(new SharedArrayBuffer(bytes + 100), 100, bytes);
const contents: [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.from('a')],
  ['a chunk of text', Buffer.alloc(chunk, 'press one for sales, ')],
  ['a chunk that cannot be compressed', randomBytes(chunk)],
];

describe('compressing', () => {
  const compress = newCompressor(1);

  it.each(contents)(
    '%s, in shared memory, gives one frame that others read, again and again',
    (_, content) => {
      const [source, target] = [shared(content.length), shared(chunk + 512)];
      content.copy(source);
      for (let turn = 0; turn < 3; turn++) {
        const bytes = compress(source, target);
        expect(zstdDecompressSync(Buffer.from(target.subarray(0, bytes))).equals(content)).toBe(true);
      }
    },
  );

  it('fails when the frame does not fit, and goes on with the next', () => {
    expect(() => compress(randomBytes(chunk), Buffer.alloc(100))).toThrow('Destination buffer is too small');
    expect(compress(Buffer.from('a'), Buffer.alloc(100))).toBeGreaterThan(0);
  });

  it('follows the level', () => {
    const text = Buffer.from(
      Array.from({ length: 4_000 }, (_, line) => `line ${line} of ${line % 37}\n`).join(''),
    );
    expect(newCompressor(1)(text, Buffer.alloc(chunk))).toBeLessThan(
      newCompressor(-50)(text, Buffer.alloc(chunk)),
    );
  });
});

describe('decompressing', () => {
  const decompress = newDecompressor();

  it.each(contents)('%s gives what it was', (_, content) => {
    const target = Buffer.alloc(chunk);
    expect(decompress(zstdCompressSync(content), target)).toBe(content.length);
    expect(target.subarray(0, content.length).equals(content)).toBe(true);
  });

  it('never writes more than there is room for, whatever a frame holds', () => {
    const memory = Buffer.alloc(chunk + 100, 7);
    expect(() => decompress(zstdCompressSync(Buffer.alloc(2 * chunk)), memory.subarray(0, chunk))).toThrow(
      'Destination buffer is too small',
    );
    expect(memory.subarray(chunk).equals(Buffer.alloc(100, 7))).toBe(true);
  });

  it.each([
    ['no frame', Buffer.from('this is no frame'), 'Unknown frame descriptor'],
    ['a frame cut short', zstdCompressSync(randomBytes(1_000)).subarray(0, 500), 'Src size is incorrect'],
  ])('%s is refused', (_, source, message) => {
    expect(() => decompress(source, Buffer.alloc(chunk))).toThrow(message);
  });

  it('nothing at all gives nothing', () => {
    expect(decompress(Buffer.alloc(0), Buffer.alloc(chunk))).toBe(0);
  });
});
