import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { count } from './count.ts';
import { parseSpec } from './spec.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'count-'));
});
afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

const counted = (excludes: readonly string[]) =>
  count(
    { type: 'count', fileTrees: [{ name: 'files', path, excludes }], checksum: false },
    () => undefined,
    new AbortController().signal,
  );

test('counts the files that a backup would have: no links, nothing excluded, not the marker', async () => {
  for (const directory of ['recordings/2026', 'a', '.jtel-operator'])
    await mkdir(join(path, directory), { recursive: true });
  for (const file of ['recordings/2026/call.wav', 'a/one.txt', 'two.log', '.jtel-operator/marker.json'])
    await writeFile(join(path, file), '12345');
  await writeFile(Buffer.concat([Buffer.from(`${path}/a/`), Buffer.from([0x66, 0xff])]), 'odd');
  await symlink('one.txt', join(path, 'a/link'));
  expect(await counted([])).toEqual({
    tables: [],
    sequences: 0,
    fileTrees: [{ name: 'files', files: 4, bytes: 18 }],
  });
  expect(await counted(['recordings/**', '*.log'])).toEqual({
    tables: [],
    sequences: 0,
    fileTrees: [{ name: 'files', files: 2, bytes: 8 }],
  });
});

test.each([
  ['checksum', { type: 'count', fileTrees: [] }],
  [
    'path',
    { type: 'count', fileTrees: [{ name: 'files', path: '/data/../etc', excludes: [] }], checksum: true },
  ],
  [
    'schema',
    {
      type: 'count',
      fileTrees: [],
      checksum: true,
      database: { host: 'h', port: 1, rootPassword: 'canary', schemas: ["a'; DROP"] },
    },
  ],
])('a wrong %s is told, without values', (field, spec) => {
  expect(() => parseSpec(JSON.stringify(spec))).toThrow(
    expect.objectContaining({ reason: 'SpecInvalid', message: expect.stringContaining(field) }),
  );
  expect(() => parseSpec(JSON.stringify(spec))).not.toThrow('canary');
});
