import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { inspect } from 'node:util';
import {
  generateBlobSASQueryParameters,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { blobStoreContract } from '../../contract/blob-store.ts';
import { signedContract } from '../../contract/blob-store-policies.ts';
import { freePort, startAzurite, type Azurite } from '../../support/azurite.ts';
import { startBlobDouble } from '../../support/blob-double.ts';

const signal = new AbortController().signal;
let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(async () => await azurite[Symbol.asyncDispose]());

const storeIn = async (container: string, prefix?: string): Promise<BlobStore> =>
  azureBlobStore(await azurite.location(container, prefix), azurite.credentials);

blobStoreContract('Azurite', async () => await storeIn('contract'));
blobStoreContract('Azurite, with a prefix', async () => await storeIn('contract', 'some/prefix'));
signedContract('Azurite', async () => await storeIn('contract'));
signedContract('Azurite, with a prefix', async () => await storeIn('contract', 'some/prefix'));

function containerSAS(container: string, permissions: string): string {
  const key = new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey);
  const expiresOn = new Date(Date.now() + 3_600_000);
  return generateBlobSASQueryParameters(
    { containerName: container, permissions: ContainerSASPermissions.parse(permissions), expiresOn },
    key,
  ).toString();
}

describe('an Azure store', () => {
  it('lists more than one page', async () => {
    const store = azureBlobStore(await azurite.location('pages'), azurite.credentials, { pageSize: 2 });
    const names = ['p/1', 'p/2', 'p/3', 'p/4', 'p/5'];
    for (const name of names) await store.create(name, Buffer.from(name), 'text/plain', signal);
    const found: string[] = [];
    for await (const { name } of store.list('p/', signal)) found.push(name);
    expect(found).toEqual(names);
  });

  it('gives a URL that reads this blob, without any further credential, and nothing else', async () => {
    const store = await storeIn('urls', 'pre');
    await store.create('a/b', Buffer.from('hello'), 'text/plain', signal);
    await store.create('a/c', Buffer.from('other'), 'text/plain', signal);
    const url = await store.readUrl('a/b', 600);
    expect(await (await fetch(url)).text()).toBe('hello');
    expect(new URL(url).searchParams.has('st')).toBe(false);
    expect((await fetch(url.replace('a/b', 'a/c'))).status).toBe(403);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
  });

  it('gives a URL that expires', async () => {
    const store = await storeIn('urls');
    await store.create('x', Buffer.from('hello'), 'text/plain', signal);
    expect((await fetch(await store.readUrl('x', -60))).status).toBe(403);
  });

  it('works with a SAS token, and hands a reading one to hosts but no other', async () => {
    const location = await azurite.location('sas');
    await (await storeIn('sas')).create('x', Buffer.from('hello'), 'text/plain', signal);
    const reading = azureBlobStore(location, { kind: 'SAS', token: containerSAS('sas', 'rl') });
    expect((await reading.read('x', 10, signal)).toString()).toBe('hello');
    expect(await (await fetch(await reading.readUrl('x', 60))).text()).toBe('hello');
    const writing = azureBlobStore(location, { kind: 'SAS', token: containerSAS('sas', 'rwl') });
    await expect(writing.readUrl('x', 60)).rejects.toMatchObject({ reason: 'StoreCannotSign' });
  });

  it('creates with a token that may do nothing else, but cannot settle a conflict with it', async () => {
    const location = await azurite.location('create-only');
    const store = azureBlobStore(location, { kind: 'SAS', token: containerSAS('create-only', 'c') });
    await store.create('x', Buffer.from('hello'), 'text/plain', signal);
    await expect(store.create('x', Buffer.from('hello'), 'text/plain', signal)).rejects.toMatchObject({
      name: 'BlobError',
    });
    expect((await (await storeIn('create-only')).read('x', 10, signal)).toString()).toBe('hello');
  });
});

describe('errors of an Azure store', () => {
  it('name a container that is missing', async () => {
    const store = azureBlobStore({ endpoint: azurite.endpoint, container: 'missing' }, azurite.credentials);
    const message = 'container missing does not exist';
    await expect(store.read('x', 1, signal)).rejects.toMatchObject({
      reason: 'ContainerNotFound',
      message: expect.stringContaining(message),
    });
    await expect(store.properties('x', signal)).rejects.toMatchObject({ reason: 'ContainerNotFound' });
    await expect(store.create('x', Buffer.alloc(1), 'a/b', signal)).rejects.toMatchObject({
      reason: 'ContainerNotFound',
    });
    await expect(store.list('', signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      reason: 'ContainerNotFound',
    });
  });

  it('tell a wrong key from a wrong network, and show neither key nor signature', async () => {
    // For a wrong key, Azurite answers what Azure answers for a wrong network.
    await using double = await startBlobDouble();
    const secret = Buffer.from('another key, also for tests').toString('base64');
    const location = await double.vendor.location('errors');
    const refused = azureBlobStore(location, {
      kind: 'AccountKey',
      accountName: double.vendor.accountName,
      accountKey: secret,
    });
    const signed = azureBlobStore(location, {
      kind: 'SAS',
      token: containerSAS('errors', 'rl').replace(/sig=[^&]+/, 'sig=geheim%3D'),
    });
    for (const store of [refused, signed]) {
      for (const attempt of [
        store.read('x', 1, signal),
        store.list('', signal)[Symbol.asyncIterator]().next(),
      ]) {
        const error: unknown = await attempt.catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ reason: 'StoreCredentialsRefused' });
        expect(`${inspect(error, { depth: 10, showHidden: true })}${JSON.stringify(error)}`).not.toMatch(
          /geheim|sig=|SharedKey/,
        );
      }
    }
  });

  it('come within seconds when nobody listens', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}/vendor`;
    const store = azureBlobStore({ endpoint, container: 'any' }, azurite.credentials);
    await expect(store.read('x', 1, signal)).rejects.toMatchObject({
      reason: 'StoreUnreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  describe('of a server that misbehaves', () => {
    let server: Server;
    interface Answer {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string | number>>;
      readonly body?: string;
    }
    let answer: (count: number) => Answer | undefined;
    let requests = 0;
    beforeAll(async () => {
      server = createServer((request, response) => {
        request.resume();
        requests += 1;
        const { status, headers, body } = answer(requests) ?? {};
        if (status === undefined) return; // never answers
        response.writeHead(status, headers).end(body);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });

    const misbehaving = (timeoutSeconds = 20): BlobStore => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      return azureBlobStore(
        { endpoint: `http://127.0.0.1:${port}/vendor`, container: 'any' },
        azurite.credentials,
        { timeoutSeconds },
      );
    };

    it('are StoreUnreachable when it never answers', async () => {
      answer = () => undefined;
      await expect(misbehaving(1).read('x', 1, signal)).rejects.toMatchObject({
        reason: 'StoreUnreachable',
        message: expect.stringContaining('within 2 s'),
      });
    });

    it('are the caller’s own when the caller gives up meanwhile', async () => {
      answer = () => undefined;
      const controller = new AbortController();
      const reading = misbehaving().read('x', 1, controller.signal);
      controller.abort(new Error('given up'));
      await expect(reading).rejects.toThrow('given up');
    });

    it('are DigestMismatch when the bytes are not those of the MD5', async () => {
      const md5 = createHash('md5').update('something else').digest('base64');
      answer = () => ({
        status: 200,
        headers: { 'content-md5': md5, 'content-length': 5, etag: '"1"' },
        body: 'hello',
      });
      await expect(misbehaving().read('x', 10, signal)).rejects.toMatchObject({ reason: 'DigestMismatch' });
    });

    it.each([
      [503, 'ServerBusy', 'StoreThrottled', 3],
      [500, 'InternalError', 'StoreUnreachable', 3],
      [403, 'AuthorizationPermissionMismatch', 'StoreCredentialsRefused', 1],
      [409, 'BlobImmutableDueToPolicy', 'BlobImmutable', 2],
      [403, 'UnauthorizedBlobOverwrite', 'BlobExists', 2],
    ])('%i %s is %s after %i requests', async (status, code, reason, expected) => {
      const before = requests;
      // After a conflict the client looks at what is there. Here it finds nothing.
      const failing = { status, headers: { 'x-ms-error-code': code } };
      answer = (count) =>
        count - before > 1 && [409, 403].includes(status)
          ? { status: 404, headers: { 'x-ms-error-code': 'BlobNotFound' } }
          : failing;
      await expect(misbehaving().create('x', Buffer.alloc(1), 'a/b', signal)).rejects.toMatchObject({
        reason,
      });
      expect(requests - before).toBe(expected);
    });
  });
});

describe('a location', () => {
  it.each(['ftp://a', 'https://user:pass@a', 'https://a?sig=x', 'https://a#b', 'not a url'])(
    'with the endpoint %j is refused',
    (endpoint) => {
      expect(() => azureBlobStore({ endpoint, container: 'abc' }, azurite.credentials)).toThrow(RangeError);
    },
  );
  it.each(['UPPER', 'a', '../x', 'a--b', 'a b'])('with the container %j is refused', (container) => {
    expect(() => azureBlobStore({ endpoint: azurite.endpoint, container }, azurite.credentials)).toThrow(
      RangeError,
    );
  });
});
