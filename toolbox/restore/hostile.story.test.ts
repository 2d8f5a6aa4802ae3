/** Backups that lie, and backups with one byte changed: refused before anything is written. */
import { createHash } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { double, target, tree } from '../../test/support/backup/job-story.ts';
import {
  chunk,
  extentLine,
  fileLine,
  forge,
  packLine,
  stored,
} from '../../test/support/backup/forged-index.ts';
import type { Forged } from '../../test/support/backup/forged-index.ts';
import { backupID, runBackup } from '../../test/support/backup/job-builder.ts';
import {
  backupToRead,
  everything,
  picture,
  restoreInput,
  runRestore,
} from '../../test/support/backup/restore-builder.ts';
import { parseSpec } from '../spec.ts';

beforeEach(() => writeFile(join(target, 'old.txt'), 'old'));
const link = (path: string, to: string, file = 2): string =>
  fileLine(path, { file, entry: 'l', mode: '777', target: to });
const oneFile = [packLine, extentLine(), fileLine('a')];
const twoFiles = [...oneFile, extentLine({ file: 3 }), fileLine('b', { file: 3 })];
const threeFiles = [
  ...oneFile,
  extentLine({ file: 2 }),
  fileLine('b', { file: 2 }),
  extentLine({ file: 3 }),
  fileLine('c', { file: 3 }),
];
const directoryLine = fileLine('d', { entry: 'd', mode: '755' });
const huge = 2 ** 53;

describe('an index is refused', () => {
  const cases: readonly (readonly [string, Forged, string])[] = [
    ['that leads out of the tree', { lines: [packLine, extentLine(), fileLine('../evil')] }, '..'],
    [
      'that leads out of the tree further down',
      { lines: [packLine, extentLine(), fileLine('a/../../evil')] },
      '..',
    ],
    ['with an absolute path', { lines: [packLine, extentLine(), fileLine('/etc/passwd')] }, 'absolute'],
    [
      'with an escaped path that leads out',
      { lines: [packLine, extentLine(), fileLine('a/%2E%2E/%2E%2E/evil')] },
      '..',
    ],
    ['with a zero byte in a path', { lines: [packLine, extentLine(), fileLine('a%00b')] }, 'zero byte'],
    [
      'with a path that is too long',
      { lines: [packLine, extentLine(), fileLine('x'.repeat(300))] },
      'segment',
    ],
    [
      'with one path twice',
      { lines: [packLine, extentLine(), fileLine('a'), extentLine({ file: 2 }), fileLine('a', { file: 2 })] },
      'twice',
    ],
    [
      'with a file below a file',
      {
        lines: [packLine, extentLine(), fileLine('a'), extentLine({ file: 2 }), fileLine('a/b', { file: 2 })],
      },
      'not a directory',
    ],
    [
      'with a file below a link',
      { lines: [link('a', 'b'), packLine, extentLine(), fileLine('a/b')] },
      'not a directory',
    ],
    [
      'with a link in place of a parent',
      { lines: [packLine, extentLine(), fileLine('a/b'), link('a', 'b')] },
      'below it',
    ],
    ['with a link that leads out', { lines: [link('a/b', '../../../etc')] }, 'leads out'],
    ['with an absolute link', { lines: [link('a', '/etc')] }, 'leads out'],
    ['with a device', { lines: [fileLine('a', { entry: 'b' })] }, 'field 4'],
    [
      'with a size that overflows',
      { lines: [packLine, extentLine(), fileLine('a', { bytes: huge })] },
      'number',
    ],
    [
      'with an offset that overflows',
      { lines: [packLine, extentLine({ offset: huge }), fileLine('a')] },
      'number',
    ],
    [
      'with a gap in a file',
      { lines: [packLine, extentLine({ offset: 65_536 }), fileLine('a')] },
      'extent at',
    ],
    [
      'with a file that is longer than its extents',
      { lines: [packLine, extentLine(), fileLine('a', { bytes: chunk.length + 1 })] },
      'extents',
    ],
    [
      'with an extent beyond its pack',
      { lines: [packLine, extentLine({ packOffset: 1 }), fileLine('a')] },
      'outside',
    ],
    [
      'with an extent of an unknown pack',
      { lines: [packLine, extentLine({ pack: 2 }), fileLine('a')] },
      'unknown',
    ],
    [
      'with another pack than the list',
      { lines: [packLine.replace(/\t[0-9a-f]{64}\t/, `\t${'a'.repeat(64)}\t`), extentLine(), fileLine('a')] },
      'pack list',
    ],
    [
      'with a data set that the manifest does not name',
      { lines: [packLine, extentLine(), fileLine('a', { set: 'other' })] },
      'not one of the backup',
    ],
    ['without a data set that the manifest names', { lines: [], end: [] }, 'does not have data set files'],
    [
      'with other totals than the manifest',
      { lines: [packLine, extentLine(), fileLine('a')], set: { bytes: 1 } },
      'bytes',
    ],
    ['of another backup', { lines: [], header: 'H\t1\t20260101t000000z-aaaaaa\t1\t1' }, 'backup'],
    ['that begins with its second part', { lines: [], header: `H\t1\t${backupID}\t1\t2` }, 'part 2'],
    ['with what is no record', { lines: ['X\thello'] }, 'no known type'],
    [
      'with attributes in the index itself',
      { lines: [packLine, extentLine(), fileLine('a'), 'X\t1\tuser.a\t00'] },
      'no known type',
    ],
    [
      'with a file below a link beside it',
      { lines: [packLine, extentLine(), fileLine('a/b')], attributes: [link('a', '/etc')] },
      'not a directory',
    ],
    [
      'with a file and a link beside it of one path',
      { lines: [packLine, extentLine(), fileLine('a')], attributes: [link('a', '/etc')] },
      'twice',
    ],
    [
      'with a link beside it that is below one',
      { lines: [], attributes: [link('a', '/etc'), link('a/b', 'c', 3)] },
      'not a directory',
    ],
    [
      'with a file beside it',
      { lines: [], attributes: [fileLine('a', { file: 2, bytes: 0 })] },
      'only links',
    ],
    ['with an extent beside it', { lines: [], attributes: [extentLine()] }, 'belongs into the index'],
    [
      'with an attribute of no file',
      { lines: oneFile, attributes: ['X\t7\tuser.a\t00'] },
      'attributes of file 7',
    ],
    [
      'with a file capability',
      { lines: oneFile, attributes: ['X\t1\tsecurity.capability\t00'] },
      'never restored',
    ],
    [
      'with an attribute of trust',
      { lines: oneFile, attributes: ['X\t1\ttrusted.overlay.opaque\t79'] },
      'never restored',
    ],
    ['with a value that is none', { lines: oneFile, attributes: ['X\t1\tuser.a\t0g'] }, 'no value'],
    [
      'with a value that never ends',
      { lines: oneFile, attributes: [`X\t1\tuser.a\t${'00'.repeat(70_000)}`] },
      'too long',
    ],
    [
      'with a name of a file that comes later',
      { lines: oneFile, attributes: ['K\t1\t2'] },
      'after its first name',
    ],
    [
      'with another name of a file that is not there',
      { lines: twoFiles, attributes: ['K\t3\t2'] },
      'no file before it',
    ],
    [
      'with another name of a directory',
      {
        lines: [directoryLine, packLine, extentLine({ file: 2 }), fileLine('a', { file: 2 })],
        attributes: ['K\t2\t1'],
      },
      'no file before it',
    ],
    [
      'with another name of another name',
      { lines: threeFiles, attributes: ['K\t2\t1', 'K\t3\t2'] },
      'no file before it',
    ],
    [
      'with a directory as another name',
      { lines: [...oneFile, fileLine('d', { file: 2, entry: 'd', mode: '755' })], attributes: ['K\t2\t1'] },
      'cannot be another name',
    ],
    ['with a time that is no earlier one', { lines: oneFile, attributes: ['T\t1\t5'] }, 'before 1970'],
    [
      'with attributes of another backup',
      { lines: oneFile, attributes: ['H\t1\t20260101t000000z-aaaaaa\t1\t2'] },
      'header',
    ],
  ];
  test.each(cases)('%s', async (_what, forged, told) => {
    const before = await everything(target);
    const failed: unknown = await runRestore(
      restoreInput(forge(double, forged), target, { onData: 'Replace' }),
    ).catch((error: unknown) => error);
    expect(failed).toMatchObject({ reason: 'BackupInvalid', message: expect.stringContaining(told) });
    expect(await everything(target)).toEqual(before);
  });

  test('of a newer format, by that name', async () => {
    const backup = forge(double, { lines: [], header: `H\t2\t${backupID}\t1\t1` });
    await expect(runRestore(restoreInput(backup, target, { onData: 'Replace' }))).rejects.toMatchObject({
      reason: 'BackupFormatNewer',
    });
  });

  test('that becomes endless when it is decompressed', async () => {
    const backup = forge(double, { lines: [] });
    const bomb = zstdCompressSync(Buffer.alloc(200 * 1024 * 1024));
    const [part] = backup.indexParts;
    double.blobs.set(new URL(part?.url ?? '').pathname.replace('/account/backups/', ''), bomb);
    const indexParts = [
      { url: part?.url ?? '', bytes: bomb.length, sha256: createHash('sha256').update(bomb).digest('hex') },
    ];
    await expect(
      runRestore(restoreInput({ ...backup, indexParts }, target, { onData: 'Replace' })),
    ).rejects.toMatchObject({ reason: 'BackupInvalid' });
    expect(await everything(target)).toEqual(['old.txt']);
  });

  test('that says a chunk is longer than it is', async () => {
    const backup = forge(double, {
      lines: [packLine, extentLine({ length: chunk.length + 1 }), fileLine('a', { bytes: chunk.length + 1 })],
    });
    await expect(runRestore(restoreInput(backup, target, { onData: 'Replace' }))).rejects.toMatchObject({
      reason: 'BackupInvalid',
      message: expect.stringContaining('not what the index says'),
    });
    expect(await everything(target)).toEqual(['old.txt']);
  });
});

describe('what is taken, but not as it is', () => {
  test('are setuid bits: they go', async () => {
    await runRestore(
      restoreInput(
        forge(double, { lines: [packLine, extentLine(), fileLine('a', { mode: '6755' })] }),
        target,
        { onData: 'Replace' },
      ),
    );
    expect((await stat(join(target, 'a'))).mode & 0o7777).toBe(0o755);
  });

  test('are records beside the index that a later format may bring: they are left unread', async () => {
    await runRestore(
      restoreInput(forge(double, { lines: oneFile, attributes: ['Q\t1\tnews'] }), target, {
        onData: 'Replace',
      }),
    );
    expect(await everything(target)).toContain('a');
  });

  test("is this project's own directory: it is left out", async () => {
    await runRestore(
      restoreInput(
        forge(double, { lines: [packLine, extentLine(), fileLine('.jtel-operator/marker.json')] }),
        target,
        { onData: 'Replace' },
      ),
    );
    expect(await picture(target)).toEqual({});
    expect(await everything(target)).toEqual(['.jtel-operator', '.jtel-operator/marker.json']);
  });
});

describe('one byte', () => {
  test('changed in any part of a backup makes it refused, and what was there stays', async () => {
    await tree.fill(9, 30, 500_000);
    const backup = backupToRead(double, await runBackup(double, tree));
    const read = new Set(
      [...backup.indexParts, ...backup.packs].map(({ url }) =>
        new URL(url).pathname.replace('/account/backups/', ''),
      ),
    );
    expect(read.size).toBeGreaterThan(2);
    for (const path of read) {
      const blob = double.blobs.get(path) ?? Buffer.alloc(0);
      for (const at of [0, Math.floor(blob.length / 2), blob.length - 1]) {
        const flipped = Buffer.from(blob);
        flipped[at] = (flipped[at] ?? 0) ^ 4;
        double.blobs.set(path, flipped);
        await expect(
          runRestore(restoreInput(backup, target, { onData: 'Replace' })),
          `byte ${at} of ${path}`,
        ).rejects.toMatchObject({ reason: 'BackupInvalid' });
        expect(Object.keys(await picture(target))).toEqual(['old.txt']);
      }
      double.blobs.set(path, blob);
    }
  });

  test.each([
    ['data sets', { dataSets: [] }],
    ['a pack', { packs: [{ number: 2, url: 'http://x/y', bytes: stored.length, sha256: 'a'.repeat(64) }] }],
    ['an url', { indexParts: [{ url: 'file:///etc/passwd', bytes: 1, sha256: 'a'.repeat(64) }] }],
  ])('wrong in what the operator asks for (%s) is told by the name of the field', (_what, change) => {
    const backup = { ...forge(double, { lines: [] }), ...change };
    expect(() => parseSpec(JSON.stringify(restoreInput(backup, target)))).toThrow(
      expect.objectContaining({ reason: 'SpecInvalid' }),
    );
  });
});
