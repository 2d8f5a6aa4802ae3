/** Archives of real tools, in the dialects that people use: read exactly, or refused. */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkArchive } from '../../../release/archive/read-archive.ts';
import type { ArchiveContent } from '../../../release/archive/read-archive.ts';
import { setAttribute } from '../../support/backup/attributes.ts';
import { needTools } from '../../support/tools.ts';

const run = promisify(execFile);
let directory: string;
beforeAll(() => needTools('zstd', 'pzstd', 'bsdtar'));
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-'));
  await mkdir(at('tree/sub'), { recursive: true });
  for (const name of ['a', 'sub/b']) await writeFile(at(`tree/${name}`), `${name}\n`.repeat(70_000));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const at = (name: string): string => join(directory, name);
const whole: ArchiveContent = { files: 2, bytes: 140_000 + 420_000 };

/** Packs the tree, compresses it, and reads the result. */
async function through(
  tar: readonly string[],
  zstd: readonly string[] = ['zstd', '-q'],
): Promise<ArchiveContent> {
  const [program = '', ...options] = tar;
  const [compressor = '', ...how] = zstd;
  await run(program, [...options, '-cf', at('archive.tar'), '-C', at('tree'), '.']);
  await run(compressor, [...how, '-f', '-o', at('archive.zst'), at('archive.tar')]);
  return await checkArchive(createReadStream(at('archive.zst')), new AbortController().signal);
}

describe('is read as it was packed', () => {
  test.each([
    ['zstd', '-q', '-19', '--check'],
    ['zstd', '-q', '-1', '--no-check', '--no-content-size'],
    ['zstd', '-q', '--ultra', '-20', '--long=27'],
    ['pzstd', '-q', '-p', '2'],
  ])('what %s %s %s made', async (...zstd) => {
    expect(await through(['tar'], zstd)).toEqual(whole);
  });

  test.each([
    ['tar', '--format=gnu'],
    ['tar', '--format=posix'],
    ['tar', '--format=ustar'],
    ['bsdtar'],
    ['bsdtar', '--format=pax'],
  ])('what %s %s made', async (...tar) => {
    expect(await through(tar.filter((word) => word !== undefined))).toEqual(whole);
  });
});

describe('is refused', () => {
  test.each([
    ['tar', '--sparse', '--format=gnu'],
    ['tar', '--sparse', '--format=posix'],
    ['tar', '--sparse', '--format=posix', '--sparse-version=0.0'],
    ['tar', '--sparse', '--format=posix', '--sparse-version=0.1'],
    ['bsdtar', '--read-sparse'],
  ])('a sparse file of %s %s %s', async (...tar) => {
    const file = await open(at('tree/a'), 'r+');
    await file.write('behind a hole', 3_000_000);
    await file.close();
    await truncate(at('tree/a'), 5_000_000);
    await expect(through(tar)).rejects.toThrow('sparse');
    const plain = tar.filter((word) => !word.includes('sparse'));
    expect(await through(tar[0] === 'bsdtar' ? ['bsdtar', '--no-read-sparse'] : plain)).toMatchObject({
      bytes: 5_000_000 + 420_000,
    });
  });

  test.each([['bsdtar'], ['tar', '--xattrs', '--format=posix']])(
    'an extended attribute of %s',
    async (...tar) => {
      setAttribute(at('tree/a'), { name: 'user.mark', value: Buffer.from('x') });
      await expect(through(tar)).rejects.toThrow('xattr');
    },
  );

  test('a name that is not UTF-8', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${at('tree')}/`), Buffer.from([0x66, 0xff])]), '');
    await expect(through(['tar', '--format=posix'])).rejects.toThrow('not UTF-8');
  });

  test('a window that no job has the memory for', async () => {
    const file = await open(at('tree/a'), 'w');
    await file.close();
    await truncate(at('tree/a'), 300_000_000);
    await expect(through(['tar'], ['zstd', '-q', '-1', '--long=31', '--no-content-size'])).rejects.toThrow(
      'cannot be decompressed',
    );
  });
});
