import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { VanillaSet } from '../../jobs/load.ts';
import { hasEndMarker } from '../../release/archive/dump.ts';
import { verifyDump } from './dump.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dump-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const set: VanillaSet = {
  kind: 'Database',
  url: 'https://store.example/dump.zst?sig=canary',
  bytes: 1,
  sha256: 'a'.repeat(64),
};

async function verify(content: Buffer): Promise<number> {
  const path = join(directory, 'dump.zst');
  await writeFile(path, content);
  return await verifyDump(set, path, new AbortController().signal);
}

test.each([
  ['-- Dump completed on 2026-01-05  6:00:00\n', true],
  ['INSERT INTO a VALUES (1);\n\n-- Dump completed\n', true],
  ['-- Dump completed', true],
  ['', false],
  ['INSERT INTO a VALUES (1);\n', false],
  ['-- Dump completed\nINSERT INTO a VALUES (1);\n', false],
  ["INSERT INTO a VALUES ('-- Dump completed');\n", false],
])('the end marker in %j: %s', (tail, expected) => {
  expect(hasEndMarker(tail)).toBe(expected);
});

test('a whole dump is as long as it is', async () => {
  const text = `CREATE TABLE a (id INT);\n${'INSERT INTO a VALUES (1);\n'.repeat(10_000)}-- Dump completed\n`;
  expect(await verify(zstdCompressSync(Buffer.from(text)))).toBe(text.length);
});

test('a dump that has no table', async () => {
  const content = zstdCompressSync(Buffer.from('SELECT 1;\n-- Dump completed\n'));
  await expect(verify(content)).rejects.toMatchObject({
    reason: 'DataSetCorrupt',
    message: expect.stringContaining('no table'),
  });
});

test('a dump that was cut off before it was compressed', async () => {
  await expect(verify(zstdCompressSync(Buffer.from('INSERT INTO a VALUES (1);\n')))).rejects.toMatchObject({
    reason: 'DataSetCorrupt',
  });
});

test('a compressed file that was cut off', async () => {
  const content = zstdCompressSync(
    Buffer.from(`${Math.random()}${'x'.repeat(100_000)}\n-- Dump completed\n`),
  );
  await expect(verify(content.subarray(0, -5))).rejects.toMatchObject({ reason: 'DataSetCorrupt' });
});

test('what is not a zstd file', async () => {
  await expect(verify(Buffer.from('-- Dump completed\n'))).rejects.toMatchObject({
    reason: 'DataSetCorrupt',
  });
});
