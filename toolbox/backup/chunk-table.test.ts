import { hash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChunkTable } from './chunk-table.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chunk-table-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const digestOf = (number: number): Buffer => hash('sha256', String(number), 'buffer');

test.each([10, 64, 65, 1000, 5000])(
  '%i chunks are found again, in memory, in files and after merging; others are not',
  async (count) => {
    const table = new ChunkTable(directory, 64);
    for (let number = 0; number < count; number++)
      table.add(digestOf(number), { pack: number, offset: number * 2, storedLength: number * 3 });
    for (const round of ['before', 'after']) {
      const wrong = Array.from({ length: count }, (_, number) => number).filter((number) => {
        const place = table.find(digestOf(number));
        return place?.pack !== number || place.offset !== number * 2 || place.storedLength !== number * 3;
      });
      expect({ round, wrong }).toEqual({ round, wrong: [] });
      expect(
        Array.from({ length: 1000 }, (_, number) => table.find(digestOf(-1 - number))).filter(
          (place) => place !== undefined,
        ),
      ).toEqual([]);
      table.compact();
    }
    table.close();
    expect(await readdir(directory)).toEqual([]);
  },
);

test('digests that begin alike are told apart', () => {
  const table = new ChunkTable(directory, 64);
  const alike = (number: number): Buffer =>
    Buffer.concat([Buffer.alloc(28, 7), Buffer.from([0, 0, number >> 8, number & 255])]);
  for (let number = 0; number < 700; number++)
    table.add(alike(number), { pack: number, offset: 0, storedLength: 1 });
  expect(Array.from({ length: 700 }, (_, number) => table.find(alike(number))?.pack)).toEqual(
    Array.from({ length: 700 }, (_, number) => number),
  );
  expect(table.find(alike(701))).toBeUndefined();
  table.close();
});

test('a chunk keeps its first place', () => {
  const table = new ChunkTable(directory, 64);
  table.add(digestOf(1), { pack: 1, offset: 0, storedLength: 1 });
  table.add(digestOf(1), { pack: 2, offset: 0, storedLength: 1 });
  expect(table.find(digestOf(1))?.pack).toBe(1);
  table.close();
});
