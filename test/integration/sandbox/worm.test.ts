/**
 * The blob double against what Microsoft documents for Azure's Blob service, through the official client and
 * through plain HTTP. The pages:
 * - WORM: "Container-level WORM policies for immutable blob data", section Scenarios
 *   https://learn.microsoft.com/azure/storage/blobs/immutable-container-level-worm-policies
 * - OVERVIEW: "Store business-critical blob data with immutable storage", sections Time-based retention
 *   policies and Access tiers https://learn.microsoft.com/azure/storage/blobs/immutable-storage-overview
 * - CODES: "Azure Blob Storage error codes"
 *   https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
 * - ERRORS: "Status and error codes"
 *   https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2
 * - SAS: "Create a service SAS", section Specify permissions
 *   https://learn.microsoft.com/rest/api/storageservices/create-service-sas
 */
import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  RestError,
  type BlockBlobClient,
} from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { locked, startBlobDouble, type TestDouble } from '../../support/blob-double.ts';

let double: TestDouble;
beforeAll(async () => {
  double = await startBlobDouble();
});
afterAll(async () => await double?.[Symbol.asyncDispose]());

const immutable = { statusCode: 409, code: 'BlobImmutableDueToPolicy' };

async function aContainer(name: string, rule = locked): Promise<ContainerClient> {
  const { endpoint } = await double.customer.location(name, { rule });
  return new ContainerClient(`${endpoint}/${name}`, double.customer.sharedKey, {
    retryOptions: { maxTries: 1 },
  });
}

async function aBlob(container: ContainerClient, name = 'a/b'): Promise<BlockBlobClient> {
  const blob = container.getBlockBlobClient(name);
  await blob.upload('first', 5);
  return blob;
}

function sas(container: string, permissions: string): string {
  const expiresOn = new Date(Date.now() + 3_600_000);
  return generateBlobSASQueryParameters(
    { containerName: container, permissions: ContainerSASPermissions.parse(permissions), expiresOn },
    double.customer.sharedKey,
  ).toString();
}

/**
 * [WORM] "Prohibited operations" while the retention period runs; Put Blob, Put Block and Put Block List only
 * for a blob that exists.
 */
const prohibited: readonly (readonly [
  string,
  (blob: BlockBlobClient, source: string) => Promise<unknown>,
])[] = [
  ['Put Blob', (blob) => blob.upload('secnd', 5)],
  ['Put Blob with the same content', (blob) => blob.upload('first', 5)],
  ['Put Block', (blob) => blob.stageBlock(Buffer.from('1').toString('base64'), 'x', 1)],
  ['Put Block List', (blob) => blob.commitBlockList([])],
  ['Put Blob From URL', (blob, source) => blob.syncUploadFromURL(source)],
  ['Copy Blob', (blob, source) => blob.beginCopyFromURL(source)],
  ['Copy Blob From URL', (blob, source) => blob.syncCopyFromURL(source)],
  ['Set Blob Metadata', (blob) => blob.setMetadata({ a: 'b' })],
  ['Set Blob Properties', (blob) => blob.setHTTPHeaders({ blobContentType: 'text/html' })],
  ['Snapshot Blob', (blob) => blob.createSnapshot()],
];

describe.each(['Locked', 'Unlocked'] as const)('a container with a retention policy (%s)', (state) => {
  const name = `worm-${state.toLowerCase()}`;
  const rule = { kind: 'Worm', state, days: 10 } as const;

  it('lets blobs be created, read and listed', async () => {
    const container = await aContainer(name, rule);
    const blob = await aBlob(container, 'new');
    expect((await blob.downloadToBuffer()).toString()).toBe('first');
    const staged = container.getBlockBlobClient('staged');
    const block = Buffer.from('1').toString('base64');
    await staged.stageBlock(block, 'first', 5);
    await staged.commitBlockList([block]);
    expect((await staged.downloadToBuffer()).toString()).toBe('first');
  });

  it.each([...prohibited, ['Delete Blob', (blob: BlockBlobClient) => blob.delete()] as const])(
    'refuses %s for a blob that exists',
    async (operation, attempt) => {
      const container = await aContainer(name, rule);
      const blob = await aBlob(container, `refused/${operation.replaceAll(' ', '-')}`);
      const other = await aBlob(container, `source/${operation.replaceAll(' ', '-')}`);
      await expect(attempt(blob, `${other.url}?${sas(name, 'r')}`)).rejects.toMatchObject(immutable);
      expect((await blob.downloadToBuffer()).toString()).toBe('first');
      expect(await blob.getProperties()).toMatchObject({
        leaseState: 'available',
        contentType: 'application/octet-stream',
        metadata: {},
      });
    },
  );

  it('lets the access tier be changed, as the overview says', async () => {
    const blob = await aBlob(await aContainer(name, rule), 'tiered');
    await blob.setAccessTier('Cool');
    expect(await blob.getProperties()).toMatchObject({ accessTier: 'Cool' });
  });

  it('refuses to be deleted through the data plane', async () => {
    await expect((await aContainer(name, rule)).delete()).rejects.toMatchObject({
      statusCode: 409,
      code: 'ContainerImmutabilityPolicyLocked',
    });
  });

  it('says in its properties that there is a policy', async () => {
    expect(await (await aContainer(name, rule)).getProperties()).toMatchObject({
      hasImmutabilityPolicy: true,
    });
    await double.customer.location('plain');
    const plain = new ContainerClient(`${double.customer.endpoint}/plain`, double.customer.sharedKey);
    expect(await plain.getProperties()).toMatchObject({ hasImmutabilityPolicy: false });
  });
});

describe('after the retention period', () => {
  it('a blob can be deleted, but still not be overwritten [OVERVIEW]', async () => {
    const container = await aContainer('expired', { kind: 'Worm', state: 'Locked', days: 10 });
    const blob = await aBlob(container);
    await double.control.clock(10 * 86_400 - 60);
    await expect(blob.delete()).rejects.toMatchObject(immutable);
    await double.control.clock(10 * 86_400 + 60);
    try {
      await expect(blob.upload('secnd', 5)).rejects.toMatchObject(immutable);
      await blob.delete();
      expect(await blob.exists()).toBe(false);
    } finally {
      await double.control.clock(0);
    }
  });
});

describe('the answer to a prohibited operation', () => {
  it('is XML with code and message, and has the code in a header [ERRORS, CODES]', async () => {
    const blob = await aBlob(await aContainer('answers'), 'x');
    const answer = await fetch(`${blob.url}?${sas('answers', 'w')}`, {
      method: 'PUT',
      body: 'secnd',
      headers: { 'x-ms-blob-type': 'BlockBlob' },
    });
    expect(answer.status).toBe(409);
    expect(answer.headers.get('x-ms-error-code')).toBe('BlobImmutableDueToPolicy');
    expect(answer.headers.get('content-type')).toBe('application/xml');
    expect(await answer.text()).toMatch(
      /^<\?xml version="1\.0" encoding="utf-8"\?><Error><Code>BlobImmutableDueToPolicy<\/Code><Message>This operation is not permitted as the blob is immutable due to a policy\.\nRequestId:[0-9a-f-]+\nTime:[^<]+<\/Message><\/Error>$/,
    );
  });

  it('comes only to those who may ask: a wrong key and a SAS without the right get 403', async () => {
    const container = await aContainer('authorization');
    const blob = await aBlob(container);
    const put = (query: string): Promise<Response> =>
      fetch(`${blob.url}?${query}`, {
        method: 'PUT',
        body: 'secnd',
        headers: { 'x-ms-blob-type': 'BlockBlob' },
      });
    expect((await put(sas('authorization', 'w').replace(/sig=[^&]+/, 'sig=AAAA'))).status).toBe(403);
    expect((await put(sas('authorization', 'r'))).headers.get('x-ms-error-code')).toBe(
      'AuthorizationPermissionMismatch',
    );
    expect((await fetch(`${blob.url}?${sas('authorization', 'c')}`, { method: 'DELETE' })).status).toBe(403);
  });

  it('gives way to a condition that is not met', async () => {
    const blob = await aBlob(await aContainer('conditions'));
    await expect(blob.upload('secnd', 5, { conditions: { ifNoneMatch: '*' } })).rejects.toMatchObject({
      statusCode: 409,
      code: 'BlobAlreadyExists',
    });
    await expect(blob.delete({ conditions: { ifMatch: '"other"' } })).rejects.toMatchObject({
      statusCode: 412,
      code: 'ConditionNotMet',
    });
  });

  it('cannot be got around by a lease of one’s own, nor by a batch', async () => {
    const container = await aContainer('ways-around');
    const blob = await aBlob(container);
    const lease = blob.getBlobLeaseClient('11111111-1111-1111-1111-111111111111');
    await lease.acquireLease(-1);
    await expect(blob.upload('secnd', 5, { conditions: { leaseId: lease.leaseId } })).rejects.toMatchObject(
      immutable,
    );
    await expect(blob.delete({ conditions: { leaseId: lease.leaseId } })).rejects.toMatchObject(immutable);
    const batch = await fetch(`${container.url}?restype=container&comp=batch&${sas('ways-around', 'rwdl')}`, {
      method: 'POST',
      body: '',
    });
    expect(batch.status).toBe(501);
  });

  it('holds when many try to create the same blob at once: exactly one does', async () => {
    const container = await aContainer('race');
    const bodies = Array.from({ length: 12 }, (_, index) => `body ${String(index).padStart(2, '0')}`);
    const results = await Promise.allSettled(
      bodies.map((body) => container.getBlockBlobClient('one').upload(body, body.length)),
    );
    const winners = bodies.filter((_, index) => results[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect((await container.getBlockBlobClient('one').downloadToBuffer()).toString()).toBe(winners[0]);
  });
});

describe('a SAS that may only create (sp=c) [SAS]', () => {
  const put = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url, { method: 'PUT', body: 'hello', headers: { 'x-ms-blob-type': 'BlockBlob', ...headers } });

  it.each(['worm', 'none'] as const)('creates, and does not overwrite (container with %s)', async (kind) => {
    const container = await aContainer(`create-${kind}`, kind === 'worm' ? locked : { kind: 'None' });
    const url = `${container.getBlobClient('x').url}?${sas(container.containerName, 'c')}`;
    expect((await put(url, { 'if-none-match': '*' })).status).toBe(201);
    const again = await put(url);
    expect([again.status, again.headers.get('x-ms-error-code')]).toEqual([403, 'UnauthorizedBlobOverwrite']);
    const conditional = await put(url, { 'if-none-match': '*' });
    expect([conditional.status, conditional.headers.get('x-ms-error-code')]).toEqual([
      409,
      'BlobAlreadyExists',
    ]);
  });

  it('creates from a URL, too, and does not overwrite with it', async () => {
    const container = await aContainer('create-from-url');
    const source = await aBlob(container, 'source');
    const url = `${container.getBlobClient('copy').url}?${sas('create-from-url', 'c')}`;
    const copy = (): Promise<Response> =>
      fetch(url, {
        method: 'PUT',
        headers: {
          'x-ms-blob-type': 'BlockBlob',
          'x-ms-copy-source': `${source.url}?${sas('create-from-url', 'r')}`,
        },
      });
    expect((await copy()).status).toBe(201);
    expect((await container.getBlobClient('copy').downloadToBuffer()).toString()).toBe('first');
    const again = await copy();
    expect([again.status, again.headers.get('x-ms-error-code')]).toEqual([403, 'UnauthorizedBlobOverwrite']);
  });

  it('neither reads, lists, stages, nor deletes', async () => {
    const container = await aContainer('create-only');
    const blob = await aBlob(container, 'x');
    const query = sas('create-only', 'c');
    const block = Buffer.from('1').toString('base64');
    const requests = [
      fetch(`${blob.url}?${query}`),
      fetch(`${blob.url}?${query}`, { method: 'HEAD' }),
      fetch(`${container.url}?restype=container&comp=list&${query}`),
      fetch(`${container.url}/new?comp=block&blockid=${encodeURIComponent(block)}&${query}`, {
        method: 'PUT',
        body: 'x',
      }),
      fetch(`${container.url}/new?comp=blocklist&${query}`, {
        method: 'PUT',
        body: '<BlockList></BlockList>',
      }),
      fetch(`${blob.url}?${query}`, { method: 'DELETE' }),
    ];
    for (const answer of await Promise.all(requests)) {
      expect([answer.status, answer.headers.get('x-ms-error-code')]).toEqual([
        403,
        'AuthorizationPermissionMismatch',
      ]);
    }
  });
});

describe('accounts', () => {
  it('are apart from each other, and can be added while the double runs', async () => {
    const first = await aBlob(await aContainer('kept'), 'x');
    const acme = await double.addAccount('acme2');
    const { endpoint } = await acme.location('kept', { rule: { kind: 'None' } });
    const own = new ContainerClient(`${endpoint}/kept`, acme.sharedKey).getBlockBlobClient('x');
    expect(await own.exists()).toBe(false);
    await own.upload('first', 5);
    await own.upload('secnd', 5);
    await expect(first.upload('secnd', 5)).rejects.toMatchObject(immutable);
    expect((await first.downloadToBuffer()).toString()).toBe('first');
    const foreign = new ContainerClient(`${endpoint}/kept`, double.customer.sharedKey, {
      retryOptions: { maxTries: 1 },
    });
    await expect(foreign.getProperties()).rejects.toBeInstanceOf(RestError);
  });
});
