import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAttributes, replaceAttributes } from './xattr.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'xattr-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** ext4 has room for one block of them, XFS for 64 KiB: what another file system held may be too much here. */
it.each([5000, 65_536])('an attribute of %i bytes is there afterwards, or told as one that the file system does not take', async (bytes) => {
  const path = join(directory, String(bytes));
  await writeFile(path, '');
  const attribute = { name: 'user.large', value: Buffer.alloc(bytes, 'x') };
  const descriptor = openSync(path, 'r+');
  const lost = replaceAttributes(descriptor, [attribute]);
  closeSync(descriptor);
  expect([...lost, ...readAttributes(Buffer.from(path)).kept]).toEqual([attribute]);
});
