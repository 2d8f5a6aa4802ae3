import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesNeedUpdate, updateFiles } from './files.ts';

let directory: string;
let tree: string;
let release: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'files-'));
  [tree, release] = [join(directory, 'tree'), join(directory, 'release')];
  await mkdir(join(tree, 'recordings'), { recursive: true });
  await mkdir(join(release, 'skins/default'), { recursive: true });
  await writeFile(join(tree, 'VERSION'), '3.43.1\n');
  await writeFile(join(tree, 'recordings/call.wav'), 'precious');
  await writeFile(join(release, 'VERSION'), '3.43.2\n');
  await writeFile(join(release, 'skins/default/logo.svg'), '<svg/>');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

test('new files are put in place, the customer’s stay, nothing half-written is left', async () => {
  expect(await filesNeedUpdate(tree, '3.43.2')).toBe(true);
  expect(await updateFiles(tree, release)).toBe(2);
  const names = (await readdir(tree, { recursive: true })).toSorted();
  expect(names).toEqual([
    'VERSION',
    'recordings',
    'recordings/call.wav',
    'skins',
    'skins/default',
    'skins/default/logo.svg',
  ]);
  expect(await readFile(join(tree, 'VERSION'), 'utf8')).toBe('3.43.2\n');
  expect(await filesNeedUpdate(tree, '3.43.2')).toBe(false);
});

test('files of a newer release are refused', async () => {
  await writeFile(join(tree, 'VERSION'), '3.44.0\n');
  await expect(filesNeedUpdate(tree, '3.43.2')).rejects.toThrow(
    /file tree is of release 3\.44\.0, newer than 3\.43\.2/,
  );
});

test('an empty tree is told as such', async () => {
  await rm(join(tree, 'VERSION'));
  await expect(filesNeedUpdate(tree, '3.43.2')).rejects.toThrow(/is empty .*load a backup/);
});
