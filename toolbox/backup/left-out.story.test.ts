/** What cannot be in a backup, or cannot be read, is counted by kind; everything else is in it. */
import { execFile } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { double, tree } from '../../test/support/backup/job-story.ts';
import { backupID, identity, runBackup } from '../../test/support/backup/job-builder.ts';
import { readBack } from '../../test/support/backup/read-back.ts';
import { LeftOutCounter } from './left-out.ts';

const run = promisify(execFile);
test('a path that is too long is left out, told by its end, and the rest is backed up', async () => {
  await tree.write('file', Buffer.from('x'));
  const name = 'd'.repeat(250);
  await run('bash', [
    '-c',
    `cd "$1" && for _ in {1..20}; do mkdir ${name} && cd -P ./${name} || exit 1; done; touch deep`,
    '-',
    tree.path,
  ]);
  const result = await runBackup(double, tree);
  const [files] = result.dataSets;
  expect(files).toMatchObject({ files: 1, tree: { directories: 16 } });
  expect(files?.leftOut).toEqual([
    { kind: 'TooLong', entries: 1, examples: [expect.stringMatching(/^…d+$/)] },
  ]);
  expect([...readBack(double.blobs, identity, backupID, result, 'files').keys()]).toContain('file');
});

test('a file whose read gives an error is left out, and the rest is backed up, of every data set', async () => {
  await tree.write('file', Buffer.from('x'));
  // The kernel itself refuses to read the speed of the loopback device, whoever asks.
  const device = '/sys/devices/virtual/net/lo';
  await expect(readFile(`${device}/speed`)).rejects.toThrow(/^E[A-Z]+:/);
  const result = await runBackup(double, tree, {
    fileTrees: [
      { name: 'device', path: device, excludes: ['queues/**', 'power/**', 'statistics/**'] },
      { name: 'files', path: tree.path, excludes: [] },
    ],
  });
  const [odd, files] = result.dataSets;
  const unreadable = odd?.leftOut?.find(({ kind }) => kind === 'Unreadable');
  expect(unreadable?.entries).toBeGreaterThan(0);
  expect([...readBack(double.blobs, identity, backupID, result, 'device').keys()]).toContain('address');
  expect(files).toMatchObject({ files: 1 });
  expect(files?.leftOut).toBeUndefined();
});

test('pipes, sockets and devices are counted, each by its kind', async () => {
  await run('mkfifo', [join(tree.path, 'pipe-1'), join(tree.path, 'pipe-2')]);
  await run('mknod', [join(tree.path, 'null'), 'c', '1', '3']);
  const server = createServer().listen(join(tree.path, 'socket'));
  await symlink('pipe-1', join(tree.path, 'link'));
  const { dataSets } = await runBackup(double, tree);
  server.close();
  const kinds = dataSets[0]?.leftOut?.map(({ kind, entries }) => [kind, entries]).toSorted();
  expect(kinds).toEqual([
    ['Device', 1],
    ['Pipe', 2],
    ['Socket', 1],
  ]);
  expect(dataSets[0]).toMatchObject({ files: 0, tree: { links: 1 } });
});

test("examples are few, short, and move nobody's cursor", () => {
  const counter = new LeftOutCounter();
  for (let index = 0; index < 10; index++) counter.add('Pipe', Buffer.from(`\u001B[2J${index}\u202E\t`));
  counter.add('Socket', Buffer.alloc(1000, 'x'));
  const [pipes, sockets] = counter.kinds;
  expect(pipes).toMatchObject({ entries: 10, examples: { length: 5 } });
  expect(pipes?.examples?.[0]).toBe(String.raw`\u001b[2J0\u202e\u0009`);
  expect(sockets?.examples?.[0]).toHaveLength(201);
});
