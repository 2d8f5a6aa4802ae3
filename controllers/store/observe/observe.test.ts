import { describe, expect, test } from 'vitest';
import { BlobError, type BlobProperties } from '../../../blob-store/blob-store.ts';
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import { InputError } from '../../inputs/input-error.ts';
import { execute } from '../act/execute.ts';
import { observe } from './observe.ts';
import { plan } from '../plan/plan.ts';
import { aStore, now } from '../testing.ts';

const { signal } = new AbortController();
function failing(error: Error): () => Promise<never> {
  return async () => {
    throw error;
  };
}

async function storeWith(...names: string[]): Promise<MemoryBlobStore> {
  const blobs = new MemoryBlobStore();
  for (const name of names) await blobs.create(name, Buffer.from(name), 'text/plain', signal);
  return blobs;
}

describe('observing', () => {
  test('counts the releases of a vendor store by what is written last', async () => {
    const blobs = await storeWith(
      'releases/3.43.1/release.json',
      'releases/3.43.1/vanilla/a',
      'releases/3.43.2/vanilla/a',
      'releases/a/b/release.json',
    );
    const { observed } = await observe(aStore({ tier: 'Vendor' }), async () => blobs, signal);
    expect(observed).toMatchObject({
      kind: 'Listed',
      contents: { count: 1, newestTime: blobs.blobs.get('releases/3.43.1/release.json')?.createdTime },
    });
  });

  test('finds an empty vendor store listable, with no release', async () => {
    const { observed } = await observe(aStore({ tier: 'Vendor' }), async () => new MemoryBlobStore(), signal);
    expect(observed).toMatchObject({ kind: 'Listed', contents: { count: 0 } });
  });

  test('reads no more of a customer store than it must', async () => {
    let read = 0;
    class Endless extends MemoryBlobStore {
      override async *list(): AsyncIterable<BlobProperties> {
        for (; ; read += 1) yield { name: `packs/${read}`, bytes: 1, createdTime: '2026-01-01T00:00:00Z' };
      }
    }
    const { observed } = await observe(aStore(), async () => new Endless(), signal);
    expect([observed.kind, read]).toEqual(['Listed', 0]);
  });

  test('counts the backups of the stacks that use a customer store by their manifests', async () => {
    const blobs = await storeWith(
      'acme.main/packs/20260101/a',
      'acme.main/backups/b/manifest.json',
      'acme.main/backups/c/index-1-1.zst',
      'other/backups/d/manifest.json',
    );
    const { observed } = await observe(aStore(), async () => blobs, signal, ['acme.main', 'acme.main']);
    expect(observed).toMatchObject({
      kind: 'Listed',
      contents: { count: 1 },
      policy: { hasImmutabilityPolicy: true },
    });
  });

  test.each([
    [
      'a customer’s store with a SAS that reads, lists and creates',
      {},
      'rlc',
      'No backup can be made, and none restored',
    ],
    [
      'a customer’s store that is only read, with the same',
      { accessMode: 'ReadOnly' },
      'rlc',
      'No backup can be restored',
    ],
    ['a vendor’s store with the same', { tier: 'Vendor' }, 'rlc', 'No first data can be loaded'],
  ] as const)('%s: what jobs could not do is told', async (_, spec, sasRights, told) => {
    const { observed } = await observe(
      aStore(spec),
      async () => new MemoryBlobStore('memory://store', { sasRights }),
      signal,
    );
    expect(observed).toMatchObject({ kind: 'Listed', cannotSign: expect.stringContaining(told) });
  });

  test.each([
    [
      'a vendor’s store with a SAS that only reads',
      aStore({ tier: 'Vendor', accessMode: 'ReadOnly' }),
      new MemoryBlobStore('memory://store', { sasRights: 'rl' }),
    ],
    ['a customer’s store with an account key', aStore(), new MemoryBlobStore()],
  ])('%s: there is nothing to tell', async (_, store, blobs) => {
    expect((await observe(store, async () => blobs, signal)).observed).not.toHaveProperty('cannotSign');
  });

  test('a container that may not be asked about its policy is listed all the same', async () => {
    class BlobsOnly extends MemoryBlobStore {
      override async policy(): Promise<never> {
        throw new BlobError('StoreCredentialsRefused', 'refused');
      }
    }
    const { observed } = await observe(aStore(), async () => new BlobsOnly(), signal);
    expect(observed).toEqual({ kind: 'Listed', contents: undefined });
  });

  test('gives up counting a vendor store that is no vendor store', async () => {
    class Endless extends MemoryBlobStore {
      override async *list(): AsyncIterable<BlobProperties> {
        for (let index = 0; ; index += 1)
          yield { name: `releases/${index}/release.json`, bytes: 1, createdTime: '2026-01-01T00:00:00Z' };
      }
    }
    const { observed } = await observe(aStore({ tier: 'Vendor' }), async () => new Endless(), signal);
    expect(observed).toMatchObject({ kind: 'Listed', contents: undefined });
  });

  test.each([
    ['the store', new BlobError('ContainerNotFound', 'no such container'), 'ContainerNotFound'],
    ['the Secret', new InputError('SecretInvalid', 'no accountKey'), 'SecretInvalid'],
    ['the address', new RangeError('"A" is not the name of a container'), 'SpecInvalid'],
  ])('an error that speaks of %s becomes what was observed', async (_, error, reason) => {
    const { observed, blobs } = await observe(aStore(), failing(error), signal);
    expect(observed).toMatchObject({ kind: 'Unusable', problem: { reason } });
    expect(blobs).toBeUndefined();
  });

  test('an error that says nothing about the store is none of its problems', async () => {
    await expect(observe(aStore(), failing(new Error('API server away')), signal)).rejects.toThrow(
      'API server away',
    );
  });
});

describe('probing', () => {
  const actions = plan(aStore(), { kind: 'Listed', contents: undefined }, now);

  test('leaves one object, however often it is repeated on a day', async () => {
    const blobs = new MemoryBlobStore();
    const written = { kind: 'Written', proof: { overwrite: 'Refused', delete: 'Refused' } };
    expect(await execute(actions, aStore(), blobs, signal)).toMatchObject(written);
    expect(await execute(actions, aStore(), blobs, signal)).toMatchObject(written);
    expect([...blobs.blobs.keys()]).toEqual([actions[0]?.name]);
  });

  test('notices a store that gives back something else', async () => {
    class Spoiling extends MemoryBlobStore {
      override async read(): Promise<Buffer> {
        return Buffer.from('something else');
      }
    }
    expect(await execute(actions, aStore(), new Spoiling(), signal)).toMatchObject({
      kind: 'Failed',
      problem: { reason: 'DigestMismatch' },
    });
  });

  test('says what to do about credentials that can only read', async () => {
    class ReadOnly extends MemoryBlobStore {
      override async create(): Promise<never> {
        throw new BlobError('StoreCredentialsRefused', 'refused.');
      }
    }
    const probed = await execute(actions, aStore(), new ReadOnly(), signal);
    expect(probed).toMatchObject({
      kind: 'Failed',
      problem: {
        reason: 'StoreCredentialsRefused',
        message: expect.stringContaining('set spec.accessMode to ReadOnly'),
      },
    });
  });
});
