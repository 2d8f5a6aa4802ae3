/**
 * A restore that is killed between any two changes it makes: the next try of the same load ends with the same
 * data.
 */
import { atOnce } from '../../test/support/pauses.ts';
import { link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RestoreJobInput } from '../../jobs/restore.ts';
import { setAttribute } from '../../test/support/backup/attributes.ts';
import { double, target as directory, tree } from '../../test/support/backup/job-story.ts';
import { crashAfter } from '../../test/support/backup/crashing-fs.ts';
import { content, runBackup } from '../../test/support/backup/job-builder.ts';
import {
  backupToRead,
  picture,
  restoreInput,
  runRestore,
} from '../../test/support/backup/restore-builder.ts';
import { restore } from './restore.ts';

const signal = new AbortController().signal;

async function markerOf(target: string): Promise<{ loadID: string; state: string } | undefined> {
  const text = await readFile(join(target, '.jtel-operator/marker.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { loadID: string; state: string });
}

/** A target with old data in it. */
async function occupied(name: string): Promise<string> {
  const target = join(directory, name);
  await mkdir(join(target, 'folder-1'), { recursive: true });
  await writeFile(join(target, 'folder-1/old.txt'), 'old');
  await writeFile(join(target, 'old.txt'), 'old');
  return target;
}

async function smallBackup(): Promise<RestoreJobInput['backup']> {
  await tree.write('folder-1/a.dat', content(1, 100_000));
  await tree.write('folder-1/deep/b.dat', content(2, 10));
  await tree.write('c.dat', content(3, 65_536), 0o600);
  await tree.write('empty.dat', Buffer.alloc(0));
  await tree.link('link', 'c.dat');
  await tree.link('folder-1/out', '/srv/elsewhere');
  for (const name of ['c.dat', 'empty.dat'])
    await link(join(tree.path, name), join(tree.path, `folder-1/again-${name}`));
  setAttribute(join(tree.path, 'c.dat'), { name: 'user.mark', value: Buffer.from('x') });
  return backupToRead(double, await runBackup(double, tree));
}

describe('a restore that was killed', () => {
  // Takes every second change in each. Together they meet every moment before the old data goes, and every
  // second one after.
  test.each([
    ['Refuse', 1],
    ['Replace', 0],
  ] as const)(
    'between any two changes goes on to the same end (%s)',
    { timeout: 300_000 },
    async (onData, first) => {
      const backup = await smallBackup();
      const wanted = await picture(tree.path);
      let killed = 0;
      for (let crashed = true, changes: number = first; crashed; changes += 2, killed++) {
        const target =
          onData === 'Refuse' ? join(directory, `tree-${changes}`) : await occupied(`tree-${changes}`);
        await mkdir(target, { recursive: true });
        const before = await picture(target);
        const input = restoreInput(backup, target, { onData, limits: { threads: 1, downloads: 1 } });
        const run = (): Promise<unknown> =>
          restore(input, {
            report: () => undefined,
            signal,
            scratch: join(directory, `scratch-${changes}`),
            pauses: atOnce,
          });
        ({ crashed } = await crashAfter(changes, run));
        const [there, marker] = [await picture(target), await markerOf(target)];
        // Half-written data must not look whole, and old data must be whole until the new data begins to
        // come.
        expect(marker === undefined ? there : before, `after ${changes} changes`).toEqual(before);
        expect(marker?.state === 'loaded' ? there : wanted, `after ${changes} changes`).toEqual(wanted);
        await runRestore(input);
        expect(await picture(target), `after ${changes} changes`).toEqual(wanted);
        expect(await markerOf(target)).toMatchObject({ loadID: 'load-1', state: 'loaded' });
      }
      expect(killed).toBeGreaterThan(15);
    },
  );

  test('is not taken up by another one, unless that may replace', async () => {
    const backup = await smallBackup();
    const target = await occupied('other');
    const first = restoreInput(backup, target, { onData: 'Replace' });
    // The first moment at which the old data is gone and the new data is not there.
    for (let changes = 25; (await markerOf(target))?.state !== 'loading'; changes++)
      expect(await crashAfter(changes, () => runRestore(first))).toMatchObject({ crashed: true });
    await expect(runRestore(restoreInput(backup, target, { loadID: 'load-2' }))).rejects.toMatchObject({
      reason: 'DataNotEmpty',
      message: expect.stringContaining('load-1'),
    });
    await runRestore(restoreInput(backup, target, { loadID: 'load-2', onData: 'Replace' }));
    expect(await picture(target)).toEqual(await picture(tree.path));
  });

  test('fetches no pack again that was on disk for certain', async () => {
    await tree.write('big.dat', content(11, 30_000_000));
    const backup = backupToRead(double, await runBackup(double, tree));
    const target = join(directory, 'big');
    await mkdir(target);
    const stop = new AbortController();
    const journaled = restore(restoreInput(backup, target, { limits: { threads: 1, downloads: 1 } }), {
      report: ({ bytesDone = 0 }) => {
        if (bytesDone > 15_000_000) stop.abort();
      },
      signal: stop.signal,
      scratch: join(directory, 'scratch-big'),
      journalBytes: 2_000_000,
    });
    await expect(journaled).rejects.toMatchObject({ name: 'AbortError' });
    double.requests.length = 0;
    await runRestore(restoreInput(backup, target));
    expect(await picture(target)).toEqual(await picture(tree.path));
    const fetched = double.requests.filter(
      ({ method, path }) => method === 'GET' && path.includes('/packs/'),
    ).length;
    expect(fetched).toBeLessThan(backup.packs.length * 0.7);
  });
});
