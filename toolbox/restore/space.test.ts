import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { allocated } from './space.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'space-'));
});
afterEach(() => rm(path, { recursive: true }));

it('a file takes its room once, whatever its number of names', async () => {
  await writeFile(join(path, 'one'), Buffer.alloc(100_000, 1));
  const before = await allocated(path);
  await mkdir(join(path, 'more'));
  for (const name of ['two', 'more/three']) await link(join(path, 'one'), join(path, name));
  expect(before).toBeGreaterThanOrEqual(100_000);
  expect(await allocated(path)).toBe(before);
});
