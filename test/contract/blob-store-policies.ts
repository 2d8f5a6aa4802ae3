/**
 * What a {@link BlobStore} must do that depends on the container's policy, and between two stores; the real
 * one and the fake.
 */
import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  allowsChanges,
  refusesChanges,
  type BlobStore,
  type ExpectedContent,
} from '../../blob-store/blob-store.ts';
import { signedGrant } from '../support/signed-grant.ts';

const signal = new AbortController().signal;
const text = 'text/plain';

export function immutabilityContract(
  kind: string,
  makeStore: (policy: 'Immutable' | 'Mutable') => BlobStore | Promise<BlobStore>,
): void {
  describe(`a proof of immutability (${kind})`, () => {
    it('is found in a container with a policy, and leaves the blob as it was', async () => {
      const store = await makeStore('Immutable');
      const name = `${randomUUID()}/probe`;
      await store.create(name, Buffer.from('probe'), text, signal);
      const before = await store.properties(name, signal);
      expect(await store.proveImmutable(name, signal)).toMatchObject({
        overwrite: 'Refused',
        delete: 'Refused',
        detail: expect.stringContaining('refused'),
      });
      expect(await store.properties(name, signal)).toEqual(before);
    });

    it('is not found in a container without one, where the blob is not deleted either', async () => {
      const store = await makeStore('Mutable');
      const name = `${randomUUID()}/probe`;
      await store.create(name, Buffer.from('probe'), text, signal);
      expect(await store.proveImmutable(name, signal)).toMatchObject({
        overwrite: 'Allowed',
        delete: 'NotTried',
        detail: expect.stringContaining('allowed'),
      });
      expect((await store.read(name, 5, signal)).toString()).toBe('probe');
    });

    it('is not tried with a blob that is not there, and makes none', async () => {
      const store = await makeStore('Mutable');
      const name = randomUUID();
      await expect(store.proveImmutable(name, signal)).rejects.toMatchObject({ reason: 'BlobNotFound' });
      expect(await store.properties(name, signal)).toBeUndefined();
    });
  });
}

/** What a store knows of the policy of its container. */
export function policyContract(
  kind: string,
  makeStore: (policy: 'Immutable' | 'Mutable') => BlobStore | Promise<BlobStore>,
): void {
  describe(`the policy of a container (${kind})`, () => {
    it.each([
      ['Immutable', true],
      ['Mutable', false],
    ] as const)('%s is told', async (policy, hasImmutabilityPolicy) => {
      const store = await makeStore(policy);
      expect(await store.policy(signal)).toEqual({ hasImmutabilityPolicy, versioning: false });
    });
  });
}

/** In a container that keeps versions, with each version under a time-based policy. */
export function versionContract(
  kind: string,
  makeStore: (policy: 'Protected' | 'Unprotected') => BlobStore | Promise<BlobStore>,
): void {
  describe(`a proof of immutability in a container that keeps versions (${kind})`, () => {
    it('is found where the earlier version cannot be deleted, and leaves the bytes as they were', async () => {
      const store = await makeStore('Protected');
      const name = `${randomUUID()}/probe`;
      await store.create(name, Buffer.from('probe'), text, signal);
      const proof = await store.proveImmutable(name, signal);
      expect(proof).toMatchObject({
        overwrite: 'NewVersion',
        delete: 'Refused',
        retention: { kind: 'TimeBased', isLocked: true },
        detail: expect.stringContaining('kept the earlier one'),
      });
      expect([refusesChanges(proof), allowsChanges(proof)]).toEqual([true, false]);
      expect((await store.read(name, 5, signal)).toString()).toBe('probe');
      expect((await store.policy(signal))?.versioning).toBe(true);
    });

    it('is not found where it can, and leaves the bytes all the same', async () => {
      const store = await makeStore('Unprotected');
      const name = `${randomUUID()}/probe`;
      await store.create(name, Buffer.from('probe'), text, signal);
      const proof = await store.proveImmutable(name, signal);
      expect(proof).toMatchObject({ overwrite: 'Allowed', delete: 'Allowed' });
      expect([refusesChanges(proof), allowsChanges(proof)]).toEqual([false, true]);
      expect((await store.read(name, 5, signal)).toString()).toBe('probe');
    });
  });
}

/** @param archive moves a blob of the store to the archive tier, as somebody else would */
export function archiveContract(
  kind: string,
  make: () => Promise<{ readonly store: BlobStore; readonly archive: (name: string) => Promise<void> }>,
): void {
  describe(`a blob in the archive tier (${kind})`, () => {
    it('is seen in the listing and by itself, and cannot be read', async () => {
      const { store, archive } = await make();
      const folder = `${randomUUID()}/`;
      for (const name of ['cold', 'warm'])
        await store.create(`${folder}${name}`, Buffer.from(name), text, signal);
      await archive(`${folder}cold`);
      const listed: (string | undefined)[] = [];
      for await (const blob of store.list(folder, signal)) listed.push(blob.archive);
      expect(listed).toEqual(['Archived', undefined]);
      expect(await store.properties(`${folder}cold`, signal)).toMatchObject({
        bytes: 4,
        archive: 'Archived',
      });
      expect(await store.properties(`${folder}warm`, signal)).not.toHaveProperty('archive');
      await expect(store.read(`${folder}cold`, 4, signal)).rejects.toMatchObject({
        reason: 'BlobArchived',
        message: expect.stringContaining('rehydrate it'),
      });
      await expect(store.readRange(`${folder}cold`, 0, 2, signal)).rejects.toMatchObject({
        reason: 'BlobArchived',
      });
    });
  });
}

/** A store that signs what a job may do, with an account key. */
export function signedContract(kind: string, makeStore: () => BlobStore | Promise<BlobStore>): void {
  describe(`a store that signs (${kind})`, () => {
    it('grants the right to create, until a time, for names below its prefix', async () => {
      const grant = await signedGrant(await makeStore(), 600);
      expect(grant.containerUrl).toMatch(/[^/?]$/);
      expect(grant.prefix).toMatch(/^$|[^/]\/$/);
      expect(new URLSearchParams(grant.query).get('sp')).toBe('c');
      expect(new URLSearchParams(grant.query).has('st')).toBe(false);
      expect(Math.abs(Date.parse(grant.expiresTime) - Date.now() - 600_000)).toBeLessThan(60_000);
    });
  });
}

/**
 * What a store answers a job on a host when its only credential is a SAS with these rights, in Azure's order
 * of letters.
 */
export function sasContract(
  kind: string,
  makeStore: (rights: string) => BlobStore | Promise<BlobStore>,
): void {
  describe(`a store that has only a SAS (${kind})`, () => {
    it.each(['rcl', 'c', 'rwl', 'rd'])(
      'with %s lets no job read with it, and says what to do',
      async (rights) => {
        const reading = (await makeStore(rights)).readUrl('a/b', 600);
        await expect(reading).rejects.toMatchObject({
          name: 'BlobError',
          reason: 'StoreCannotSign',
          message: expect.stringContaining(`(${rights})`),
        });
        await expect(reading).rejects.toThrow(
          'give the account key, or for a store that is only read a SAS token with rl alone',
        );
      },
    );

    it.each(['rcl', 'rl', 'cw', 'r'])(
      'with %s lets no job create with it, and says what to do',
      async (rights) => {
        const creating = (await makeStore(rights)).createGrant(600);
        await expect(creating).rejects.toMatchObject({
          name: 'BlobError',
          reason: 'StoreCannotSign',
          message: expect.stringContaining(`(${rights})`),
        });
        await expect(creating).rejects.toThrow('give the account key');
        await expect(creating).rejects.not.toThrow('sig=');
      },
    );

    it.each(['rl', 'r'])('with %s lets a job read', async (rights) => {
      expect(await (await makeStore(rights)).readUrl('a/b', 600)).toContain('/a/b?');
    });

    it('with c alone lets a job create', async () => {
      const { query, expiresTime } = await signedGrant(await makeStore('c'), 600);
      expect(new URLSearchParams(query).get('sp')).toBe('c');
      expect(Date.parse(expiresTime)).toBeGreaterThan(Date.now());
    });
  });
}

export interface Pair {
  readonly source: BlobStore;
  readonly target: BlobStore;
}

const md5 = (content: Buffer): string => createHash('md5').update(content).digest('hex');

async function aSource(
  store: BlobStore,
  content = Buffer.from('vanilla'),
): Promise<{ url: string; expected: ExpectedContent }> {
  const name = `source/${randomUUID()}`;
  await store.create(name, content, text, signal);
  return { url: await store.readUrl(name, 600), expected: { bytes: content.length, md5: md5(content) } };
}

export function copyContract(kind: string, makePair: () => Pair | Promise<Pair>): void {
  describe(`a copy from another store (${kind})`, () => {
    it('arrives whole, and a second time is no other', async () => {
      const { source, target } = await makePair();
      const { url, expected } = await aSource(source);
      const name = `target/${randomUUID()}`;
      await target.copyFrom(name, url, expected, signal);
      await target.copyFrom(name, url, expected, signal);
      expect((await target.read(name, 100, signal)).toString()).toBe('vanilla');
      expect(await target.properties(name, signal)).toMatchObject(expected);
    });

    it('never replaces another object', async () => {
      const { source, target } = await makePair();
      const { url, expected } = await aSource(source);
      const name = `target/${randomUUID()}`;
      await target.create(name, Buffer.from('another'), text, signal);
      await expect(target.copyFrom(name, url, expected, signal)).rejects.toMatchObject({
        reason: 'BlobExists',
      });
      expect((await target.read(name, 100, signal)).toString()).toBe('another');
    });

    it.each([
      ['of another content', { bytes: 7, md5: md5(Buffer.from('another')) }],
      ['of another length', { bytes: 8, md5: md5(Buffer.from('vanilla')) }],
    ])('%s than expected is told', async (_, wrong) => {
      const { source, target } = await makePair();
      const { url } = await aSource(source);
      await expect(target.copyFrom(`target/${randomUUID()}`, url, wrong, signal)).rejects.toMatchObject({
        reason: 'DigestMismatch',
      });
    });

    it('of something that is not there is told, without the URL', async () => {
      const { source, target } = await makePair();
      const url = await source.readUrl(`source/${randomUUID()}`, 600);
      const name = `target/${randomUUID()}`;
      const copying = target.copyFrom(name, url, { bytes: 7, md5: md5(Buffer.from('vanilla')) }, signal);
      await expect(copying).rejects.toMatchObject({
        reason: 'BlobNotFound',
        message: expect.stringContaining(name),
      });
      await expect(copying).rejects.not.toThrow(/sig=|lifetime=/);
      expect(await target.properties(name, signal)).toBeUndefined();
    });
  });
}
