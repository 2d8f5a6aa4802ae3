/**
 * Format 1.1: what a file tree has beside names and contents comes back, and a look at the restored tree says
 * so.
 */
import { execFile } from 'node:child_process';
import {
  appendFile,
  link,
  lstat,
  lutimes,
  mkdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { accessACL, defaultACL } from '../../backup-format/attributes.ts';
import type { BackupJobResult } from '../../jobs/backup.ts';
import type { CountedTree } from '../../jobs/count.ts';
import { aclValue, setAttribute } from '../../test/support/backup/attributes.ts';
import { double, target, tree } from '../../test/support/backup/job-story.ts';
import { backupID, content, identity, runBackup } from '../../test/support/backup/job-builder.ts';
import {
  backupToRead,
  picture,
  restoreInput,
  runRestore,
} from '../../test/support/backup/restore-builder.ts';
import { count } from '../count.ts';
import { readAttributes } from '../files/xattr.ts';

const there = (name: string): string => join(tree.path, name);
const here = (name: string): string => join(target, name);
const kept = (path: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readAttributes(Buffer.from(path)).kept.map(({ name, value }) => [name, value.toString('hex')]),
  );

async function counted(path: string): Promise<CountedTree | undefined> {
  const input = {
    type: 'count',
    fileTrees: [{ name: 'files', path, excludes: [] }],
    checksum: true,
  } as const;
  return (await count(input, () => undefined, new AbortController().signal)).fileTrees[0];
}

/** Backs up, restores, then looks as the restore test does. That look must find what the manifest says. */
async function throughTheStore(): Promise<void> {
  const result = await runBackup(double, tree);
  await runRestore(restoreInput(backupToRead(double, result), target));
  expect(await picture(target)).toEqual(await picture(tree.path));
  expect((await counted(target))?.tree).toEqual(result.dataSets[0]?.tree);
}

describe('what comes back', () => {
  test('are links as they are: absolute, leading out, to nothing', async () => {
    await tree.write('a/file', Buffer.from('x'));
    await symlink('/data/files/a/file', there('absolute'));
    await symlink('../../../etc/passwd', there('a/out'));
    await symlink('/no where/ä', there('to nothing'));
    await lutimes(there('absolute'), 86_400, 86_400);
    await throughTheStore();
    for (const name of ['absolute', 'a/out', 'to nothing'])
      expect(await readlink(here(name))).toBe(await readlink(there(name)));
    expect((await lstat(here('absolute'))).mtimeMs).toBe(86_400_000);
  });

  test('are user attributes and ACLs, and no right is wider than it was', async () => {
    await tree.write('shared/plan.txt', Buffer.from('x'), 0o640);
    await tree.write('plain', Buffer.from('x'), 0o640);
    setAttribute(there('shared/plan.txt'), { name: 'user.origin', value: Buffer.from([0, 1, 255]) });
    setAttribute(there('shared/plan.txt'), { name: 'user.empty', value: Buffer.alloc(0) });
    setAttribute(there('shared/plan.txt'), {
      name: accessACL,
      value: aclValue({ uid: 1234, user: 6, group: 0, mask: 6 }),
    });
    setAttribute(there('shared'), {
      name: defaultACL,
      value: aclValue({ uid: 1234, user: 7, group: 5, mask: 7 }),
    });
    await throughTheStore();
    for (const name of ['shared/plan.txt', 'shared', 'plain'])
      expect(kept(here(name))).toEqual(kept(there(name)));
    expect(Object.keys(kept(here('shared/plan.txt')))).toEqual([accessACL, 'user.empty', 'user.origin']);
  });

  test('has no ACL that the place gives to what is put there', async () => {
    await tree.write('plain', Buffer.from('x'), 0o640);
    setAttribute(target, { name: defaultACL, value: aclValue({ uid: 1234, user: 7, group: 7, mask: 7 }) });
    await throughTheStore();
    expect(kept(here('plain'))).toEqual({});
    expect(kept(target)).toEqual({});
  });

  test('are hard links as links, so that it takes the room that it took', async () => {
    await tree.write('one', content(1, 3_000_000));
    for (const name of ['two', 'sub-three', '.four']) await link(there('one'), there(name));
    await writeFile(there('empty one'), '');
    await link(there('empty one'), there('empty two'));
    const result = await runBackup(double, tree);
    expect(result.dataSets[0]).toMatchObject({ files: 6, bytes: 12_000_000, tree: { hardLinks: 4 } });
    expect(result.dataSets[0]?.realBytes).toBeLessThanOrEqual(3_000_000);
    await runRestore(restoreInput(backupToRead(double, result), target));
    expect(await picture(target)).toEqual(await picture(tree.path));
    const inodes = await Promise.all(
      ['one', 'two', 'sub-three', '.four'].map(async (name) => (await stat(here(name))).ino),
    );
    expect(new Set(inodes).size).toBe(1);
    expect((await stat(here('empty one'))).nlink).toBe(2);
    expect((await counted(target))?.tree).toEqual(result.dataSets[0]?.tree);
  });

  test('are times before 1970', async () => {
    await tree.write('old', Buffer.from('x'));
    await mkdir(there('older'));
    await utimes(there('old'), new Date(-1500), new Date(-1500));
    await utimes(there('older'), new Date(-86_400_000), new Date(-86_400_000));
    await throughTheStore();
    expect((await stat(here('old'))).mtimeMs).toBe(-2000);
    expect((await stat(here('older'))).mtimeMs).toBe(-86_400_000);
  });

  test('is encrypted with the rest', async () => {
    await tree.write('file', Buffer.from('x'));
    setAttribute(there('file'), { name: 'user.secret', value: Buffer.from('canary') });
    const encryption = { keyID: 'key-1', key: Buffer.alloc(32, 7).toString('base64') };
    const backup = backupToRead(double, await runBackup(double, tree, { encryption }));
    for (const blob of double.blobs.values())
      expect(blob.includes(Buffer.from('canary').toString('hex'))).toBe(false);
    await runRestore(restoreInput(backup, target, { encryption }));
    expect(kept(here('file'))).toEqual({ 'user.secret': Buffer.from('canary').toString('hex') });
  });
});

describe('a restored tree is told from what was backed up', () => {
  const changes: readonly (readonly [string, 'content' | 'attributes' | 'times', () => Promise<unknown>])[] =
    [
      ['another byte in a file', 'content', () => writeFile(here('dir/file'), 'Content')],
      [
        'a link to elsewhere',
        'content',
        () => rm(here('link')).then(() => symlink('/elsewhere', here('link'))),
      ],
      [
        'a copy in place of a hard link',
        'content',
        () => rm(here('again')).then(async () => writeFile(here('again'), await readFile(here('dir/file')))),
      ],
      ['another mode', 'attributes', () => promisify(execFile)('chmod', ['600', here('dir/file')])],
      [
        'an attribute that is missing',
        'attributes',
        () => rm(here('marked')).then(() => writeFile(here('marked'), '')),
      ],
      ['another time', 'times', () => utimes(here('dir'), 1, 1)],
    ];
  test.each(changes)('%s', async (_what, which, change) => {
    await tree.write('dir/file', Buffer.from('content'));
    await link(there('dir/file'), there('again'));
    await symlink('/somewhere', there('link'));
    await tree.write('marked', Buffer.alloc(0));
    setAttribute(there('marked'), { name: 'user.mark', value: Buffer.from('x') });
    const result = await runBackup(double, tree);
    await runRestore(restoreInput(backupToRead(double, result), target));
    const [wanted, before] = [result.dataSets[0]?.tree?.digests, (await counted(target))?.tree?.digests];
    expect(before).toEqual(wanted);
    await change();
    expect((await counted(target))?.tree?.digests[which]).not.toBe(wanted?.[which]);
  });
});

test('a file that changed between two of its names is what it was at the first, and the look agrees', async () => {
  // One file has many names and is written all the time. Some names are read before a change, some after.
  await tree.write('log', Buffer.from('begin\n'));
  for (let name = 0; name < 200; name++) await link(there('log'), there(`log-${name}`));
  const stop = new AbortController();
  const writer = (async () => {
    for (let line = 0; !stop.signal.aborted; line++) await appendFile(there('log'), `line ${line}\n`);
  })();
  const result = await runBackup(double, tree);
  stop.abort();
  await writer;
  await runRestore(restoreInput(backupToRead(double, result), target));
  expect((await stat(here('log'))).nlink).toBe(201);
  expect((await counted(target))?.tree).toEqual(result.dataSets[0]?.tree);
});

describe('sizes and old readers', () => {
  test('who reads format 1.0 finds every name of a file, with its content', async () => {
    await tree.write('one', Buffer.from('content'));
    await link(there('one'), there('two'));
    await symlink('/etc', there('out'));
    await utimes(there('one'), new Date(-5000), new Date(-5000));
    setAttribute(there('one'), { name: 'user.mark', value: Buffer.from('x') });
    const result = await runBackup(double, tree);
    const text = result.indexParts
      .map(({ name }) =>
        zstdDecompressSync(double.blobs.get(`${identity}/backups/${backupID}/${name}`) ?? '').toString(),
      )
      .join('');
    const paths = [...text.matchAll(/^F\t\d+\tfiles\tf\t(.*?)\t7\t644\t\d+\t\d+\t0\t/gm)].map(
      ([, path]) => path,
    );
    expect(paths.toSorted()).toEqual(['one', 'two']);
    expect(text).not.toContain('out');
    expect(text.split('\n').filter((line) => !/^[HPEFS]\t/.test(line))).toEqual(['']);
    const { attributeParts: _unread, ...backup } = backupToRead(double, result);
    await runRestore(restoreInput(backup, target));
    expect(await readFile(here('two'), 'utf8')).toBe('content');
  });

  test('are told as apparent and as real: holes take no room', async () => {
    await tree.write('sparse', Buffer.from('begin'));
    await truncate(there('sparse'), 50_000_000);
    const {
      dataSets: [files],
    } = await runBackup(double, tree);
    expect(files).toMatchObject({ bytes: 50_000_000, realBytes: 65_536 });
  });
});

test('a backup of format 1.0, as its own code wrote it, is restored', async () => {
  const { result, blobs } = JSON.parse(
    await readFile(new URL('../../test/support/backup/backup-1.0.json', import.meta.url), 'utf8'),
  ) as { readonly result: BackupJobResult; readonly blobs: Readonly<Record<string, string>> };
  for (const [path, blob] of Object.entries(blobs)) double.blobs.set(path, Buffer.from(blob, 'base64'));
  const { attributeParts: _none, ...backup } = backupToRead(double, result);
  await runRestore(restoreInput(backup, target));
  expect(await readFile(here('announcements/willkommen ä%41.wav'), 'utf8')).toBe('willkommen\n'.repeat(9000));
  expect(await readFile(here('zeros'))).toEqual(Buffer.alloc(150_000));
  expect(await readlink(here('announcements/default.wav'))).toBe('willkommen ä%41.wav');
  expect(await lstat(here('folder'))).toMatchObject({ mode: 0o040700, mtimeMs: 1_000_000_000 });
  expect(await counted(target)).toMatchObject({ files: 3, bytes: 249_000 });
});
