import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { atOnce } from '../../test/support/pauses.ts';
import { ShareError } from './files.ts';
import { PathShare } from './path.ts';
import { ShareUploads } from './share-uploads.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'share-uploads-'));
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

const body = Buffer.from('a pack');
const md5 = createHash('md5').update(body).digest('base64');
const signal = new AbortController().signal;

/** A share that fails so often before it works. */
function failing(
  times: number,
  error: ShareError,
): { readonly uploads: ShareUploads; readonly tries: () => number } {
  let tries = 0;
  class Failing extends PathShare {
    override async create(...args: Parameters<PathShare['create']>): Promise<'Created' | 'Existed'> {
      tries += 1;
      if (tries <= times) throw error;
      return await super.create(...args);
    }
  }
  const open = (): Promise<PathShare> => Promise.resolve(new Failing(directory));
  const uploads = new ShareUploads({ kind: 'Path', path: directory }, signal, atOnce, open);
  return { uploads, tries: () => tries };
}

test('an upload to a share that was away goes on', async () => {
  const { uploads } = failing(3, new ShareError('StoreUnreachable', 'away'));
  expect(await uploads.put('packs/1', body, md5)).toBe('Created');
  expect(await readFile(join(directory, 'packs/1'))).toEqual(body);
});

test('one that stays away is given up', async () => {
  const { uploads, tries } = failing(100, new ShareError('StoreUnreachable', 'away'));
  await expect(uploads.put('packs/1', body, md5)).rejects.toMatchObject({
    reason: 'UploadFailed',
    message: 'uploading packs/1: away',
  });
  expect(tries()).toBe(9);
});

test.each([
  ['StoreCredentialsRefused', 'StoreCredentialsRefused'],
  ['ContainerNotFound', 'UploadFailed'],
] as const)('%s is not tried again', async (reason, told) => {
  const { uploads, tries } = failing(100, new ShareError(reason, 'no'));
  await expect(uploads.put('packs/1', body, md5)).rejects.toMatchObject({ reason: told });
  expect(tries()).toBe(1);
});
