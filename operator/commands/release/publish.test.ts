import { generateKeyPairSync, sign } from 'node:crypto';
import { rm, symlink } from 'node:fs/promises';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import { ReleaseSource } from '../../../controllers/inputs/release-source.ts';
import { startFakeRegistry, type FakeRegistry } from '../../../test/support/registry.ts';
import { aDraft, temporaryRelease, type TemporaryRelease } from '../../../test/support/release-directory.ts';
import { ReleaseInvalidError } from '../../../release/release-invalid-error.ts';
import { CommandError, type Terminal } from '../../../command-line/terminal.ts';
import { listReleases, verifyRelease } from './inspect.ts';
import { publishRelease, type PublishInput, type PublishResult } from './publish.ts';
import { Registry } from './registry.ts';

let registry: FakeRegistry;
let directory: TemporaryRelease;
let store: MemoryBlobStore;
let told: string[];
let terminal: Terminal;
beforeEach(async () => {
  registry = await startFakeRegistry();
  directory = await temporaryRelease(registry);
  store = new MemoryBlobStore();
  told = [];
  terminal = {
    print: () => undefined,
    note: (line) => told.push(line),
    signal: new AbortController().signal,
  };
});
afterEach(async () => {
  await directory[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

const publish = async (fields: Partial<PublishInput> = {}): Promise<PublishResult> =>
  await publishRelease(
    {
      directory: directory.path,
      store,
      openRegistry: () => new Registry(registry),
      dryRun: false,
      ...fields,
    },
    terminal,
  );
/** A refusal that blames this; which sentence says so is the matter of one test. */
const refusalNaming = (culprit: string) =>
  expect.objectContaining({
    name: CommandError.name,
    message: expect.stringContaining(culprit) as unknown,
  });
const load = async (publicKey?: string) =>
  await new ReleaseSource(publicKey === undefined ? {} : { publicKey }).load(store, '3.43.2', {
    namespace: '',
    signal: terminal.signal,
  });

describe('publishing', () => {
  it('makes a release that the operator loads, complete with digests and sizes', async () => {
    const result = await publish();
    const { release, digest } = await load();
    expect(result).toMatchObject({ version: '3.43.2', outcome: 'Published', files: 3, images: 5, digest });
    for (const { image } of release.components) expect(image.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(release.vanilla[0]).toMatchObject({
      bytes: expect.any(Number) as number,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await verifyRelease(store, '3.43.2', {}, terminal)).toMatchObject({ files: 3, digest });
  });

  it('writes the manifest last', async () => {
    await publish();
    expect([...store.blobs.keys()]).toEqual([
      'releases/3.43.2/config/haproxy.cfg.liquid',
      'releases/3.43.2/vanilla/database.sql.zst',
      'releases/3.43.2/vanilla/files.tar.zst',
      'releases/3.43.2/release.json',
    ]);
  });

  it('says how far it is', async () => {
    await publish();
    expect(told).toContain('vanilla/files.tar.zst was read and can be loaded');
    expect(told).toContainEqual(
      expect.stringMatching(/^\[3\/3\] vanilla\/files\.tar\.zst \(19\d\.\d KiB\), 100 % of 19\d\.\d KiB$/),
    );
  });

  it('the same again is a success that writes nothing', async () => {
    const first = await publish();
    const before = [...store.blobs.values()];
    expect(await publish()).toEqual({ ...first, outcome: 'AlreadyPublished' });
    expect([...store.blobs.values()]).toEqual(before);
  });

  it('the same with its fields in another order is the same', async () => {
    await publish();
    const { components, ...rest } = aDraft();
    await directory.change({});
    await directory.write('release.yaml', JSON.stringify({ components, ...rest }));
    expect(await publish()).toMatchObject({ outcome: 'AlreadyPublished' });
  });

  it('another release under the same version is refused, with what differs', async () => {
    await publish();
    await directory.change({ updatableFrom: ['3.42.0'] });
    await expect(publish()).rejects.toThrow(/differs in: updatableFrom\. A published release never changes/);
    await expect(publish({ dryRun: true })).rejects.toThrow(refusalNaming('updatableFrom'));
    expect((await load()).release.updatableFrom).toEqual(['3.43.1']);
  });

  it('another image under the same tag is another release', async () => {
    await publish();
    registry.push('jtel/acd-web', '3.43.2', 'rebuilt');
    await expect(publish()).rejects.toThrow(refusalNaming('components'));
  });

  it('that broke off is carried on with', async () => {
    const { create } = store;
    store.create = async (name, ...rest) => {
      if (name.endsWith('files.tar.zst')) throw new Error('line cut');
      await create.call(store, name, ...rest);
    };
    await expect(publish()).rejects.toThrow('line cut');
    await expect(load()).rejects.toMatchObject({ reason: 'ReleaseNotFound' });
    store.create = create;
    expect(await publish()).toMatchObject({ outcome: 'Published' });
    expect((await load()).release.version).toBe('3.43.2');
  });

  it('that broke off with other content needs a new version', async () => {
    await store.create('releases/3.43.2/vanilla/database.sql.zst', Buffer.from('older'), '', terminal.signal);
    await expect(publish()).rejects.toThrow('give this release a new version');
  });

  it('only for show asks and checks everything and writes nothing', async () => {
    expect(await publish({ dryRun: true })).toMatchObject({ outcome: 'WouldPublish', images: 5 });
    expect(store.blobs.size).toBe(0);
    expect(registry.requests).toHaveLength(5);
  });

  it('can name another registry for the hosts', async () => {
    await publish({ registry: 'registry.customer.example:5000' });
    expect((await load()).release.registry).toBe('registry.customer.example:5000');
  });
});

describe('signing', () => {
  const keys = generateKeyPairSync('ed25519');
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();

  it('makes a release that an operator with the public key accepts', async () => {
    expect(await publish({ signingKey: keys.privateKey })).toMatchObject({ signed: true });
    expect((await load(publicKey)).release.version).toBe('3.43.2');
  });

  it('can be done later', async () => {
    await publish();
    await expect(load(publicKey)).rejects.toMatchObject({ reason: 'ReleaseInvalid' });
    expect(await publish({ signingKey: keys.privateKey })).toMatchObject({ outcome: 'AlreadyPublished' });
    expect((await load(publicKey)).release.version).toBe('3.43.2');
  });

  it('covers every byte of the manifest', async () => {
    await publish({ signingKey: keys.privateKey });
    const manifest = store.blobs.get('releases/3.43.2/release.json');
    const signature = store.blobs.get('releases/3.43.2/release.json.sig');
    expect(signature?.content.toString().trim()).toBe(
      sign(null, manifest?.content ?? Buffer.alloc(0), keys.privateKey).toString('base64'),
    );
  });
});

describe('a directory is refused', () => {
  it('that is not there', async () => {
    await expect(publish({ directory: '/nowhere/at/all' })).rejects.toThrow(
      'cannot open /nowhere/at/all: ENOENT',
    );
  });

  it('whose manifest is no YAML, has a key twice, or is not valid', async () => {
    await directory.write('release.yaml', 'a: [');
    await expect(publish()).rejects.toThrow('is not YAML');
    await directory.write('release.yaml', 'a: 1\na: 2\n');
    await expect(publish()).rejects.toThrow(refusalNaming('release.yaml'));
    await directory.write('release.yaml', 'version: 1\n');
    await expect(publish()).rejects.toBeInstanceOf(ReleaseInvalidError);
  });

  it('that lacks a file', async () => {
    await rm(`${directory.path}/vanilla/files.tar.zst`);
    await expect(publish()).rejects.toThrow(
      'the release names vanilla/files.tar.zst, but it cannot be opened: ENOENT',
    );
  });

  it('with a link that leads out, as the file or on the way to it', async () => {
    await rm(`${directory.path}/vanilla/files.tar.zst`);
    await symlink('/etc/passwd', `${directory.path}/vanilla/files.tar.zst`);
    await expect(publish()).rejects.toThrow('symbolic link');
    await rm(`${directory.path}/vanilla`, { recursive: true });
    await symlink('/etc', `${directory.path}/vanilla`);
    await directory.change({ vanilla: [{ kind: 'Database', path: 'vanilla/passwd' }] });
    await expect(publish()).rejects.toThrow(refusalNaming('vanilla/passwd'));
    expect(store.blobs.size).toBe(0);
  });

  it('with a template that no stack could use', async () => {
    await directory.write('config/haproxy.cfg.liquid', '{{ network.fqnd }}');
    await expect(publish()).rejects.toThrow(
      refusalNaming('size Small: acd-haproxy: template config/haproxy.cfg.liquid'),
    );
  });

  it('with a template that is not text', async () => {
    await directory.write('config/haproxy.cfg.liquid', Buffer.from([0xff, 0xfe]));
    await expect(publish()).rejects.toThrow('not UTF-8');
  });

  it('with data that no stack could load', async () => {
    await directory.write('vanilla/files.tar.zst', 'no archive');
    await expect(publish({ dryRun: true })).rejects.toThrow(
      'vanilla/files.tar.zst cannot be published, because no stack could load it',
    );
    await directory.write('vanilla/files.tar.zst', zstdCompressSync(Buffer.alloc(10_240)));
    await expect(publish()).rejects.toThrow(refusalNaming('vanilla/files.tar.zst'));
    await directory.write('vanilla/database.sql.zst', zstdCompressSync('CREATE TABLE a (id INT);\n'));
    await expect(publish()).rejects.toThrow(refusalNaming('vanilla/database.sql.zst'));
    expect(store.blobs.size).toBe(0);
  });

  it('whose image is not in the registry', async () => {
    await directory.change({
      components: aDraft().components.map((component) => ({
        ...component,
        image: { repository: 'jtel/none', tag: '1' },
      })),
    });
    await expect(publish()).rejects.toThrow(refusalNaming('jtel/none:1'));
    expect(store.blobs.size).toBe(0);
  });
});

describe('verifying', () => {
  it('finds a data set that is not what was published', async () => {
    await publish();
    const name = 'releases/3.43.2/vanilla/database.sql.zst';
    const { length } = store.blobs.get(name)?.content ?? [];
    store.blobs.set(name, { content: Buffer.alloc(length, 'other'), contentType: '', createdTime: '' });
    await expect(verifyRelease(store, '3.43.2', {}, terminal)).rejects.toThrow(
      'vanilla/database.sql.zst is not what the manifest says',
    );
  });
});

it('lists releases by version, not by text', async () => {
  for (const version of ['3.43.10', '3.43.9', '3.43.2']) {
    await directory.change({ version, updatableFrom: [] });
    await publish();
  }
  expect((await listReleases(store, terminal.signal)).map((release) => release.version)).toEqual([
    '3.43.2',
    '3.43.9',
    '3.43.10',
  ]);
});
