/**
 * What the blob double can make go wrong, seen by a plain client: each fault does what it says, once, and is
 * written down.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { ContainerClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import type { Fault } from '../../../sandbox/worm/types.ts';
import { locked, startBlobDouble, type TestDouble } from '../../support/blob-double.ts';
import { signedGrant } from '../../support/signed-grant.ts';

const signal = new AbortController().signal;
let double: TestDouble;
let store: BlobStore;
beforeAll(async () => {
  double = await startBlobDouble();
  store = azureBlobStore(await double.customer.location('faults'), double.customer.credentials);
});
afterAll(async () => await double?.[Symbol.asyncDispose]());
afterEach(async () => await double.control.faults.clear());

const content = Buffer.from('0123456789abcdef'.repeat(1024));

/** A blob and a URL that reads it. */
async function aBlob(): Promise<{ name: string; url: string }> {
  const name = randomUUID();
  await store.create(name, content, 'text/plain', signal);
  return { name, url: await store.readUrl(name, 600) };
}

async function upload(name: string): Promise<Response> {
  const { containerUrl, query } = await signedGrant(store, 600);
  return await fetch(`${containerUrl}/${name}?${query}`, {
    method: 'PUT',
    body: content,
    headers: { 'x-ms-blob-type': 'BlockBlob' },
  });
}

const inject = (blob: string, fault: Fault, nth = 1): Promise<string> =>
  double.control.faults.add({ when: { blob, operations: ['GetBlob', 'PutBlob'] }, nth, fault });

describe('an answer instead of the store’s', () => {
  it.each([
    [401, 'InvalidAuthenticationInfo'],
    [403, 'AuthenticationFailed'],
    [404, 'BlobNotFound'],
    [409, 'BlobImmutableDueToPolicy'],
    [412, 'ConditionNotMet'],
    [500, 'InternalError'],
    [503, 'ServerBusy'],
  ])('%i comes with Azure’s code %s and its XML', async (status, code) => {
    const { name, url } = await aBlob();
    await inject(name, { kind: 'Status', status });
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('x-ms-error-code')]).toEqual([status, code]);
    expect(await answer.text()).toContain(`<Code>${code}</Code>`);
    expect((await fetch(url)).status).toBe(200);
  });

  it('429 says when to come again', async () => {
    const { name, url } = await aBlob();
    await inject(name, { kind: 'Status', status: 429, retryAfterSeconds: 7 });
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('can have any code, and can hide that the blob was written', async () => {
    const [refused, written] = [randomUUID(), randomUUID()];
    await inject(refused, { kind: 'Status', status: 409, code: 'BlobAlreadyExists' });
    await inject(written, { kind: 'StatusAfter', status: 500 });
    expect((await upload(refused)).headers.get('x-ms-error-code')).toBe('BlobAlreadyExists');
    expect((await upload(written)).status).toBe(500);
    expect(await store.properties(refused, signal)).toBeUndefined();
    expect(await store.properties(written, signal)).toMatchObject({ bytes: content.length });
  });
});

describe('a reset connection', () => {
  it.each([
    ['BeforeRequest', false],
    ['DuringRequest', false],
    ['BeforeResponse', true],
  ] as const)('%s of an upload: the blob is there: %s', async (when, isThere) => {
    const name = randomUUID();
    await inject(name, { kind: 'Reset', when });
    await expect(upload(name)).rejects.toThrow('fetch failed');
    expect((await store.properties(name, signal)) !== undefined).toBe(isThere);
    expect(await double.control.requests({ blob: name, operations: ['PutBlob'] })).toMatchObject([
      { status: 0, storeStatus: isThere ? 201 : 0, fault: 'Reset' },
    ]);
  });

  it('in the middle of an answer leaves the client with a part of it', async () => {
    const { name, url } = await aBlob();
    await inject(name, { kind: 'Reset', when: 'DuringResponse', afterBytes: 100 });
    const answer = await fetch(url);
    expect(answer.headers.get('content-length')).toBe(String(content.length));
    await expect(answer.arrayBuffer()).rejects.toThrow('terminated');
    expect(await double.control.requests({ blob: name, operations: ['GetBlob'] })).toMatchObject([
      { status: 200, fault: 'Reset', responseBytes: 100 },
    ]);
  });
});

describe('a spoiled answer', () => {
  const digest = createHash('md5').update(content).digest('base64');

  it('can be too short and look whole, but for its MD5', async () => {
    const { name, url } = await aBlob();
    await inject(name, { kind: 'Truncate', bytes: 1000 });
    const answer = await fetch(url);
    expect(answer.headers.get('content-md5')).toBe(digest);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(content.subarray(0, 1000));
  });

  it.each([
    ['whole', {}, 5_000],
    ['a range', { range: 'bytes=4096-8191' }, 5_000 - 4_096],
  ])('can have one flipped bit (%s)', async (_, headers, at) => {
    const { name, url } = await aBlob();
    await inject(name, { kind: 'Flip', offset: 5_000 });
    const spoiled = Buffer.from(await (await fetch(url, { headers })).arrayBuffer());
    const sound = Buffer.from(await (await fetch(url, { headers })).arrayBuffer());
    const differing = [...spoiled.keys()].filter((index) => spoiled[index] !== sound[index]);
    expect(spoiled).toHaveLength(sound.length);
    expect(differing).toEqual([at]);
  });
});

describe('a slow store', () => {
  it.each([
    ['answers after a while', { kind: 'Delay', seconds: 0.5 }],
    ['sends slowly', { kind: 'Slow', direction: 'Response', bytesPerSecond: content.length * 2 }],
  ] as const)('%s, and whole', async (_, fault) => {
    const { name, url } = await aBlob();
    await inject(name, fault);
    const start = performance.now();
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(content);
    // Checks only that it is held back. How long it takes beyond that depends on the machine.
    expect(performance.now() - start).toBeGreaterThan(400);
  });

  it('takes an upload slowly, and whole', async () => {
    const name = randomUUID();
    await inject(name, { kind: 'Slow', direction: 'Request', bytesPerSecond: content.length * 2 });
    const start = performance.now();
    expect((await upload(name)).status).toBe(201);
    expect(performance.now() - start).toBeGreaterThan(400);
    expect(await store.read(name, content.length, signal)).toEqual(content);
  });
});

describe('a rule', () => {
  it('hits from the nth request that it matches, as often as it says, and tells how often', async () => {
    const { name, url } = await aBlob();
    const other = await aBlob();
    await double.control.faults.add({
      when: { blob: `^${name}$`, operations: ['GetBlob'], account: 'customer' },
      nth: 2,
      times: 2,
      fault: { kind: 'Status', status: 503 },
    });
    const statuses: number[] = [];
    for (let count = 0; count < 5; count += 1)
      statuses.push((await fetch(url)).status, (await fetch(other.url)).status);
    expect(statuses).toEqual([200, 200, 503, 200, 503, 200, 200, 200, 200, 200]);
    expect(await double.control.faults.list()).toMatchObject([{ matched: 5, hit: 2 }]);
  });

  it('can hold always, until it is taken away', async () => {
    const { name, url } = await aBlob();
    const id = await double.control.faults.add({
      when: { blob: name, methods: ['GET'] },
      times: 'Always',
      fault: { kind: 'Status', status: 500 },
    });
    expect([(await fetch(url)).status, (await fetch(url)).status]).toEqual([500, 500]);
    await double.control.faults.remove(id);
    expect((await fetch(url)).status).toBe(200);
  });

  it('that is no regular expression is refused', async () => {
    await expect(
      double.control.faults.add({ when: { blob: '(' }, fault: { kind: 'Status', status: 500 } }),
    ).rejects.toThrow('POST /faults');
  });
});

describe('a sink', () => {
  it('takes what is put there, tells its length and MD5, and keeps only what is small', async () => {
    const location = await double.customer.location('sink', { rule: { kind: 'Sink' } });
    const sink = azureBlobStore(location, double.customer.credentials);
    const big = Buffer.alloc(3 * 1024 * 1024, 7);
    await sink.create('a/small', content, 'text/plain', signal);
    await sink.create('a/big', big, 'text/plain', signal);
    const listed: unknown[] = [];
    for await (const found of sink.list('a/', signal)) listed.push(found);
    expect(listed).toMatchObject([
      { name: 'a/big', bytes: big.length, md5: createHash('md5').update(big).digest('hex') },
      { name: 'a/small', bytes: content.length },
    ]);
    expect(await sink.properties('a/big', signal)).toMatchObject({ bytes: big.length });
    expect(await sink.read('a/small', content.length, signal)).toEqual(content);
    await expect(sink.read('a/big', big.length, signal)).rejects.toMatchObject({
      reason: 'StoreUnreachable',
    });
    await expect(sink.create('a/small', big, 'text/plain', signal)).rejects.toMatchObject({
      reason: 'BlobExists',
    });
  });

  it('computes the MD5 that a client does not give', async () => {
    const { endpoint } = await double.customer.location('sink2', { rule: { kind: 'Sink' } });
    const client = new ContainerClient(`${endpoint}/sink2`, double.customer.sharedKey).getBlockBlobClient(
      'x',
    );
    await client.upload(content, content.length);
    expect(Buffer.from((await client.getProperties()).contentMD5 ?? [])).toEqual(
      createHash('md5').update(content).digest(),
    );
  });
});

describe('a large body', () => {
  it('that is refused before it was read leaves the connection free for the next request', async () => {
    const refused = await double.customer.location('refused', { rule: locked });
    const worm = azureBlobStore(refused, double.customer.credentials);
    const big = Buffer.alloc(8 * 1024 * 1024, 1);
    await worm.create('x', big, 'text/plain', signal);
    const { containerUrl, query } = await signedGrant(worm, 600);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-length': big.length };
    const put = (name: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const sending = httpRequest(
          `${containerUrl}/${name}?${query}`,
          { method: 'PUT', agent, headers, timeout: 20_000 },
          (answer) => {
            answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
          },
        );
        sending.once('timeout', () => sending.destroy(new Error('the request never ended')));
        sending.once('error', reject);
        sending.end(big);
      });
    expect([await put('x'), await put('x'), await put('y')]).toEqual([403, 403, 201]);
    agent.destroy();
  });

  it('passes through without being held in memory', async () => {
    const bytes = 192 * 1024 * 1024;
    const before = process.memoryUsage().rss;
    let most = 0;
    const { containerUrl, query } = await signedGrant(store, 600);
    const piece = Buffer.alloc(1024 * 1024, 1);
    let left = bytes / piece.length;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        most = Math.max(most, process.memoryUsage().rss - before);
        if (left === 0) return controller.close();
        left -= 1;
        controller.enqueue(piece);
      },
    });
    const name = randomUUID();
    const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-length': String(bytes) };
    const answer = await fetch(`${containerUrl}/${name}?${query}`, {
      method: 'PUT',
      body,
      headers,
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(201);
    expect(await double.control.requests({ blob: name })).toMatchObject([
      { requestBytes: bytes, status: 201 },
    ]);
    expect(most).toBeLessThan(bytes / 2);
  });
});
