import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobStoreContract } from '../../test/contract/blob-store.ts';
import { copyContract, immutabilityContract } from '../../test/contract/blob-store-policies.ts';
import { serveBlobs } from '../../test/support/served-blobs.ts';
import { shareStoreOver } from '../../test/support/share-store.ts';
import { PathShare } from '../../toolbox/share/path.ts';
import type { BlobStore } from '../blob-store.ts';

const signal = new AbortController().signal;
const text = 'text/plain';
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'share-store-'));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

async function storeIn(folder: string, pageSize?: number): Promise<BlobStore> {
  const path = join(directory, folder);
  await mkdir(path, { recursive: true });
  return shareStoreOver(
    new PathShare(path),
    { kind: 'Path', path },
    pageSize === undefined ? {} : { pageSize },
  );
}

/** A file server that keeps what it has: it refuses what the job tries. */
class WORMShare extends PathShare {
  override async rename(): Promise<'Refused'> {
    return 'Refused';
  }

  override async remove(): Promise<'Refused'> {
    return 'Refused';
  }
}

blobStoreContract('a share that the host has mounted', async () => await storeIn('contract'));
blobStoreContract('a share, one file in each answer', async () => await storeIn('pages', 1));
immutabilityContract('a share that the host has mounted', async (policy) => {
  const path = join(directory, policy);
  await mkdir(path, { recursive: true });
  const files = policy === 'Immutable' ? new WORMShare(path) : new PathShare(path);
  return shareStoreOver(files, { kind: 'Path', path });
});
copyContract('a share that the host has mounted', async () => ({
  source: await serveBlobs(),
  target: await storeIn('copies'),
}));

describe('a share that the host has mounted', () => {
  it('keeps nothing of what did not become whole', async () => {
    const store = await storeIn('whole');
    await store.create('a/b', Buffer.from('x'), text, signal);
    expect(await readdir(join(directory, 'whole/.jtel-upload'))).toEqual([]);
    expect(await readdir(join(directory, 'whole/a'))).toEqual(['b']);
  });

  it('hands jobs its access, and no URL that anybody could use', async () => {
    const store = await storeIn('grants');
    const access = { kind: 'Path', path: join(directory, 'grants') };
    expect(await store.createGrant(60)).toEqual({ kind: 'Share', access });
    expect(await store.readUrl('a/b', 60)).toBe('share://store/a/b');
    expect(await store.policy(signal)).toBeUndefined();
  });

  it('follows no link that somebody laid there', async () => {
    const store = await storeIn('links');
    await writeFile(join(directory, 'secret'), 'secret');
    await symlink(join(directory, 'secret'), join(directory, 'links/manifest'));
    await expect(store.read('manifest', 100, signal)).rejects.toMatchObject({ name: 'BlobError' });
    expect(await store.properties('manifest', signal)).toBeUndefined();
  });

  it('leaves files of other people alone', async () => {
    const store = await storeIn('others');
    await writeFile(join(directory, 'others/Thumbs and more.db'), 'x');
    await store.create('ours', Buffer.from('x'), text, signal);
    const names: string[] = [];
    for await (const { name } of store.list('', signal)) names.push(name);
    expect(names).toEqual(['ours']);
    expect(await readFile(join(directory, 'others/Thumbs and more.db'), 'utf8')).toBe('x');
  });
});
