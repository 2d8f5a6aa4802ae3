/** A store on a share of a real Samba, through rclone: the contract of all stores, and what befalls a share. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import type { ShareAccess } from '../../../jobs/share.ts';
import { findCommand, installPackages } from '../../../kit/packages.ts';
import { silentProgress } from '../../../kit/progress.ts';
import type { ShareFiles } from '../../../toolbox/share/files.ts';
import { ShareUploads } from '../../../toolbox/share/share-uploads.ts';
import { SMBShare } from '../../../toolbox/share/smb.ts';
import { blobStoreContract } from '../../contract/blob-store.ts';
import { copyContract, immutabilityContract } from '../../contract/blob-store-policies.ts';
import { atOnce } from '../../support/pauses.ts';
import { Samba } from '../../support/samba.ts';
import { serveBlobs } from '../../support/served-blobs.ts';
import { shareStoreOver } from '../../support/share-store.ts';

vi.setConfig({ testTimeout: 60_000 });

const signal = new AbortController().signal;
const text = 'text/plain';
const graceSeconds = 1;
const opened: SMBShare[] = [];
let samba: Samba;
let access: Extract<ShareAccess, { kind: 'SMB' }>;

beforeAll(async () => {
  if ((await findCommand('rclone')) === undefined)
    await installPackages(['rclone'], 'to reach a share as jobs do', silentProgress);
  samba = await Samba.start('share-store', { graceSeconds, plainBytes: 32 * 1024 * 1024 });
  const { username, password } = samba;
  access = { kind: 'SMB', server: await samba.address(), share: 'plain', username, password };
});
afterAll(async () => {
  for (const share of opened) await share[Symbol.asyncDispose]();
  await samba[Symbol.asyncDispose]();
});

async function opening(fields: Partial<typeof access>): Promise<SMBShare> {
  const share = await SMBShare.open({ ...access, ...fields }, signal);
  opened.push(share);
  return share;
}

async function storeWith(fields: Partial<typeof access>): Promise<BlobStore> {
  return shareStoreOver(await opening(fields), { ...access, ...fields });
}

/** A WORM share refuses to change what is older than its grace period. */
function patient(files: ShareFiles): ShareFiles {
  return {
    create: files.create.bind(files),
    open: files.open.bind(files),
    look: files.look.bind(files),
    list: files.list.bind(files),
    remove: files.remove.bind(files),
    rename: async (from, to, stop) => {
      await samba.olderThan(`/srv/worm/proof/${from}`, graceSeconds);
      return await files.rename(from, to, stop);
    },
    [Symbol.asyncDispose]: files[Symbol.asyncDispose].bind(files),
  };
}

let inFolder: Promise<BlobStore> | undefined;
blobStoreContract('a share of Samba', async () => {
  inFolder ??= storeWith({ folder: 'some/folder' });
  return await inFolder;
});
immutabilityContract('a share of Samba', async (policy) => {
  if (policy === 'Mutable') return await storeWith({ folder: 'proof' });
  const worm = { share: 'worm', folder: 'proof' };
  return shareStoreOver(patient(await opening(worm)), { ...access, ...worm });
});
copyContract('a share of Samba', async () => ({ source: await serveBlobs(), target: await storeWith({}) }));

describe('a share of Samba', () => {
  it('takes one of two files that get the same name at once', async () => {
    const store = await storeWith({ folder: 'race' });
    const ended = await Promise.allSettled(
      ['one', 'two'].map((content) => store.create('name', Buffer.from(content), text, signal)),
    );
    expect(ended.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const winner = ended.findIndex(({ status }) => status === 'fulfilled');
    expect((await store.read('name', 3, signal)).toString()).toBe(['one', 'two'][winner]);
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'StoreCredentialsRefused'],
    ['a share that is not there', { share: 'none' }, 'ContainerNotFound'],
    ['a server that is not there', { server: '127.0.0.1' }, 'StoreUnreachable'],
  ])('says that it is %s, without a password', async (_, fields, reason) => {
    const reading = (await storeWith(fields)).read('a', 1, signal);
    await expect(reading).rejects.toMatchObject({ name: 'BlobError', reason });
    await expect(reading).rejects.not.toThrow(access.password);
  });

  it('says that it is full, and keeps no part of the file', async () => {
    const store = await storeWith({ folder: 'full' });
    for (const name of ['1', '2', '3', '4'])
      await store.create(name, Buffer.alloc(7 * 1024 * 1024, name), text, signal);
    await expect(store.create('5', Buffer.alloc(7 * 1024 * 1024), text, signal)).rejects.toThrow('make room');
    expect(await store.properties('5', signal)).toBeUndefined();
    await samba.docker.exec(samba.container, ['sh', '-c', 'rm -r /srv/plain/full']);
  });

  it('is used again after its server was restarted', async () => {
    const store = await storeWith({ folder: 'restart' });
    await store.create('a', Buffer.from('x'), text, signal);
    await samba.restart();
    expect(await samba.address()).toBe(access.server);
    await store.create('b', Buffer.from('y'), text, signal);
    expect((await store.read('b', 1, signal)).toString()).toBe('y');
  });

  it('takes the packs of a job, and tells a job what is there already', async () => {
    const store = await storeWith({ folder: 'job' });
    const uploads = new ShareUploads({ ...access, folder: 'job' }, signal, atOnce);
    try {
      const md5 = 'CY9rzUYh03PK3k6DJie09g=='; // of "test"
      expect(await uploads.put('packs/1', Buffer.from('test'), md5)).toBe('Created');
      expect(await uploads.put('packs/1', Buffer.from('test'), md5)).toBe('Existed');
      expect((await store.read('packs/1', 4, signal)).toString()).toBe('test');
      await store.create('packs/2', Buffer.from('other'), text, signal);
      await expect(uploads.put('packs/2', Buffer.from('test'), md5)).rejects.toMatchObject({
        reason: 'UploadConflict',
      });
    } finally {
      uploads.close();
    }
  });
});
