/** What every {@link BlobStore} must do, the real one and the fake; each test gets names of its own. */
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { read } from '../../backup-format/schema.ts';
import type { BlobStore, StreamedContent } from '../../blob-store/blob-store.ts';
import { createGrant } from '../../jobs/grant.ts';

const signal = new AbortController().signal;
const text = 'text/plain';
const md5 = (content: Buffer): string => createHash('md5').update(content).digest('hex');

function streamed(content: Buffer): StreamedContent {
  return {
    bytes: content.length,
    md5: md5(content),
    open: () => Readable.from([content.subarray(0, 3), content.subarray(3)]),
  };
}

async function namesOf(store: BlobStore, prefix: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix, signal)) names.push(name);
  return names;
}

export function blobStoreContract(kind: string, makeStore: () => BlobStore | Promise<BlobStore>): void {
  describe(`a blob store (${kind})`, () => {
    it('gives back what was created', async () => {
      const store = await makeStore();
      const name = `${randomUUID()}/a.bin`;
      const content = Buffer.from([0, 255, 10, 13, 7]);
      await store.create(name, content, text, signal);
      expect(await store.read(name, 5, signal)).toEqual(content);
    });

    it('knows length, MD5 and time of a blob', async () => {
      const store = await makeStore();
      const name = randomUUID();
      const content = Buffer.from('hello');
      await store.create(name, content, text, signal);
      const found = await store.properties(name, signal);
      expect(found).toMatchObject({ name, bytes: 5, md5: md5(content) });
      expect(Math.abs(Date.now() - Date.parse(found?.createdTime ?? ''))).toBeLessThan(60_000);
    });

    it('takes an empty blob', async () => {
      const store = await makeStore();
      const name = randomUUID();
      await store.create(name, Buffer.alloc(0), text, signal);
      expect(await store.read(name, 0, signal)).toHaveLength(0);
    });

    it('takes a stream, and refuses one that does not match its MD5', async () => {
      const store = await makeStore();
      const [good, bad] = [randomUUID(), randomUUID()];
      const content = Buffer.from('streamed content');
      await store.create(good, streamed(content), text, signal);
      expect(await store.read(good, 100, signal)).toEqual(content);
      const damaged = { ...streamed(content), md5: md5(Buffer.from('other')) };
      await expect(store.create(bad, damaged, text, signal)).rejects.toMatchObject({
        reason: 'DigestMismatch',
      });
      expect(await store.properties(bad, signal)).toBeUndefined();
    });

    it('takes the same content twice, and refuses to overwrite it with another', async () => {
      const store = await makeStore();
      const name = randomUUID();
      await store.create(name, Buffer.from('first'), text, signal);
      await store.create(name, Buffer.from('first'), text, signal);
      const overwriting = store.create(name, Buffer.from('secnd'), text, signal);
      await expect(overwriting).rejects.toMatchObject({ name: 'BlobError', reason: 'BlobExists' });
      await expect(overwriting).rejects.toThrow(name);
      expect((await store.read(name, 5, signal)).toString()).toBe('first');
    });

    it('says what is missing', async () => {
      const store = await makeStore();
      const name = randomUUID();
      expect(await store.properties(name, signal)).toBeUndefined();
      const reading = store.read(name, 10, signal);
      await expect(reading).rejects.toMatchObject({ reason: 'BlobNotFound' });
      await expect(reading).rejects.toThrow(store.description);
    });

    it('does not read more than it may', async () => {
      const store = await makeStore();
      const name = randomUUID();
      await store.create(name, Buffer.alloc(100_000), text, signal);
      await expect(store.read(name, 99_999, signal)).rejects.toMatchObject({ reason: 'DigestMismatch' });
    });

    it('reads a range, up to the end and no further', async () => {
      const store = await makeStore();
      const name = randomUUID();
      await store.create(name, Buffer.from('0123456789'), text, signal);
      expect((await store.readRange(name, 3, 4, signal)).toString()).toBe('3456');
      expect((await store.readRange(name, 8, 100, signal)).toString()).toBe('89');
      await expect(store.readRange(name, 10, 1, signal)).rejects.toMatchObject({ reason: 'DigestMismatch' });
      await expect(store.readRange(randomUUID(), 0, 1, signal)).rejects.toMatchObject({
        reason: 'BlobNotFound',
      });
    });

    it('grants the right to create in a form that jobs take', async () => {
      const grant = await (await makeStore()).createGrant(600);
      expect(read(createGrant, JSON.parse(JSON.stringify(grant)), 'grant')).toEqual(grant);
    });

    it('lists by name and prefix, with names that read takes', async () => {
      const store = await makeStore();
      const folder = randomUUID();
      for (const name of ['b', 'a/2', 'a/1', 'ab'])
        await store.create(`${folder}/${name}`, Buffer.from(name), text, signal);
      expect(await namesOf(store, `${folder}/a`)).toEqual([`${folder}/a/1`, `${folder}/a/2`, `${folder}/ab`]);
      expect(await namesOf(store, `${folder}/a/`)).toEqual([`${folder}/a/1`, `${folder}/a/2`]);
      expect(await namesOf(store, `${folder}/none`)).toEqual([]);
      const [first = ''] = await namesOf(store, folder);
      expect((await store.read(first, 10, signal)).toString()).toBe('a/1');
    });

    it.each([
      '../up',
      'a/../../b',
      '/a',
      'a//b',
      '',
      '.',
      'a\\b',
      'a?sig=x',
      'a#b',
      'a%2e%2e',
      'a b',
      'a\n',
      'x'.repeat(600),
    ])('refuses the name %j before anything is sent', async (name) => {
      const store = await makeStore();
      await expect(store.create(name, Buffer.alloc(0), text, signal)).rejects.toThrow(RangeError);
      await expect(store.read(name, 1, signal)).rejects.toThrow(RangeError);
      await expect(store.properties(name, signal)).rejects.toThrow(RangeError);
      await expect(store.readUrl(name, 1)).rejects.toThrow(RangeError);
      await expect(store.readRange(name, 0, 1, signal)).rejects.toThrow(RangeError);
      await expect(store.proveImmutable(name, signal)).rejects.toThrow(RangeError);
      await expect(store.copyFrom(name, 'http://127.0.0.1/x', { bytes: 0, md5: '' }, signal)).rejects.toThrow(
        RangeError,
      );
    });

    it('stops when it is told to, with the reason it was given', async () => {
      const store = await makeStore();
      const reason = new Error('told to stop');
      const aborted = AbortSignal.abort(reason);
      await expect(store.create(randomUUID(), Buffer.alloc(1), text, aborted)).rejects.toBe(reason);
      await expect(store.read('a', 1, aborted)).rejects.toBe(reason);
      await expect(store.properties('a', aborted)).rejects.toBe(reason);
      await expect(store.policy(aborted)).rejects.toBe(reason);
      await expect(store.proveImmutable('a', aborted)).rejects.toBe(reason);
      await expect(store.copyFrom('a', 'http://127.0.0.1/x', { bytes: 0, md5: '' }, aborted)).rejects.toBe(
        reason,
      );
      await expect(store.list('', aborted)[Symbol.asyncIterator]().next()).rejects.toBe(reason);
    });
  });
}
