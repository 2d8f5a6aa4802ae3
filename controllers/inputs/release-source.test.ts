import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import { manifestPath, signaturePath } from '../../release/layout.ts';
import { sha256, signManifest } from '../../release/manifest.ts';
import { aRelease, haproxyTemplate, storeRelease } from '../../test/support/release-builder.ts';
import { ReleaseSource } from './release-source.ts';

const { signal } = new AbortController();
const template = 'releases/3.43.2/config/haproxy.cfg.liquid';
let store: MemoryBlobStore;
let manifest: Buffer;
beforeEach(async () => {
  store = new MemoryBlobStore();
  manifest = await storeRelease(store);
});

/** Changes a stored object, which nobody may who can only create: the test needs a damaged one. */
function spoil(name: string, content: string | Buffer): void {
  store.blobs.set(name, { content: Buffer.from(content), contentType: '', createdTime: '' });
}

describe('a release', () => {
  it('is loaded with its templates and the digest of its manifest', async () => {
    const loaded = await new ReleaseSource().load(store, '3.43.2', signal);
    expect(loaded.release.components).toEqual(aRelease().components);
    expect(loaded.templates).toEqual(new Map([['config/haproxy.cfg.liquid', haproxyTemplate]]));
    expect(loaded.digest).toBe(sha256(manifest));
  });

  it('is read once, because it never changes', async () => {
    const source = new ReleaseSource();
    const first = await source.load(store, '3.43.2', signal);
    store.blobs.clear();
    expect(await source.load(store, '3.43.2', signal)).toBe(first);
  });

  it('that was read with one store’s credentials is not given for another’s', async () => {
    const source = new ReleaseSource();
    await source.load(store, '3.43.2', signal);
    await expect(source.load(new MemoryBlobStore('memory://other'), '3.43.2', signal)).rejects.toMatchObject({
      reason: 'ReleaseNotFound',
    });
  });

  it('that could not be read is tried again', async () => {
    const source = new ReleaseSource();
    const content = store.blobs.get(template)?.content ?? '';
    store.blobs.delete(template);
    await expect(source.load(store, '3.43.2', signal)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
      message: expect.stringContaining('haproxy.cfg.liquid is missing'),
    });
    spoil(template, content);
    expect((await source.load(store, '3.43.2', signal)).release.version).toBe('3.43.2');
  });

  it('that does not exist: the error says which do', async () => {
    const loading = new ReleaseSource().load(store, '3.43.9', signal);
    await expect(loading).rejects.toMatchObject({
      reason: 'ReleaseNotFound',
      message: expect.stringContaining('the store has 3.43.2'),
    });
    await expect(loading).rejects.toThrow('release 3.43.9 in memory://store/container does not exist');
  });
});

describe('a damaged release is refused', () => {
  it.each([
    ['manifest that is not JSON', manifestPath('3.43.2'), 'no json', 'not JSON'],
    ['manifest of another shape', manifestPath('3.43.2'), '{"formatVersion":1}', 'is missing'],
    ['template of another content', template, haproxyTemplate.replace('server', 'serves'), 'sha256 differs'],
    ['template cut short', template, 'x', 'sha256 differs'],
  ])('%s', async (_, name, content, message) => {
    spoil(name, content);
    const loading = new ReleaseSource().load(store, '3.43.2', signal);
    await expect(loading).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
      message: expect.stringContaining(message),
    });
  });

  it('a manifest under another version’s name', async () => {
    spoil(manifestPath('3.43.3'), manifest);
    await expect(new ReleaseSource().load(store, '3.43.3', signal)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
    });
  });

  it('a manifest bigger than any manifest', async () => {
    spoil(manifestPath('3.43.2'), Buffer.alloc(2 * 1024 * 1024));
    await expect(new ReleaseSource().load(store, '3.43.2', signal)).rejects.toMatchObject({
      reason: 'DigestMismatch',
    });
  });
});

describe('with a public key', () => {
  const vendor = generateKeyPairSync('ed25519');
  const publicKey = vendor.publicKey.export({ type: 'spki', format: 'pem' }).toString();

  it('a signed release is loaded', async () => {
    spoil(signaturePath('3.43.2'), signManifest(manifest, vendor.privateKey));
    expect((await new ReleaseSource({ publicKey }).load(store, '3.43.2', signal)).digest).toBe(
      sha256(manifest),
    );
  });

  it('an unsigned one is refused', async () => {
    await expect(new ReleaseSource({ publicKey }).load(store, '3.43.2', signal)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
      message: expect.stringContaining('not signed'),
    });
  });

  it.each(['', 'AAAA', 'not base64 at all', Buffer.alloc(64).toString('base64')])(
    'a signature like %j is refused',
    async (signature) => {
      spoil(signaturePath('3.43.2'), signature);
      await expect(new ReleaseSource({ publicKey }).load(store, '3.43.2', signal)).rejects.toMatchObject({
        reason: 'ReleaseInvalid',
      });
    },
  );

  it('somebody else’s signature is refused', async () => {
    spoil(signaturePath('3.43.2'), signManifest(manifest, generateKeyPairSync('ed25519').privateKey));
    await expect(new ReleaseSource({ publicKey }).load(store, '3.43.2', signal)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
    });
  });

  it('a signature of other bytes is refused', async () => {
    spoil(
      signaturePath('3.43.2'),
      signManifest(Buffer.concat([manifest, Buffer.from(' ')]), vendor.privateKey),
    );
    await expect(new ReleaseSource({ publicKey }).load(store, '3.43.2', signal)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
    });
  });

  it.each([
    '',
    'no pem',
    generateKeyPairSync('rsa', { modulusLength: 2048 })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString(),
  ])('that is no ed25519 key, nothing starts', (pem) => {
    expect(() => new ReleaseSource({ publicKey: pem })).toThrow('ed25519');
  });
});
