/**
 * The Azure adapter against Azurite behind the sandbox's double: immutable containers, create-only grants,
 * server-side copies.
 */
import { inspect } from 'node:util';
import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
} from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import type { ContainerRule } from '../../../sandbox/worm/types.ts';
import { blobStoreContract } from '../../contract/blob-store.ts';
import {
  archiveContract,
  copyContract,
  immutabilityContract,
  policyContract,
  sasContract,
  signedContract,
  versionContract,
} from '../../contract/blob-store-policies.ts';
import { locked, startBlobDouble, type TestDouble } from '../../support/blob-double.ts';
import { signedGrant } from '../../support/signed-grant.ts';

const signal = new AbortController().signal;
let double: TestDouble;
beforeAll(async () => {
  double = await startBlobDouble();
});
afterAll(async () => await double?.[Symbol.asyncDispose]());

const none: ContainerRule = { kind: 'None' };

async function storeIn(container: string, rule: ContainerRule = locked, prefix = ''): Promise<BlobStore> {
  return azureBlobStore(
    await double.customer.location(container, { prefix, rule }),
    double.customer.credentials,
  );
}

async function storeWithSAS(
  container: string,
  permissions: string,
  rule: ContainerRule = locked,
): Promise<BlobStore> {
  const location = await double.customer.location(container, { rule });
  const expiresOn = new Date(Date.now() + 3_600_000);
  const values = {
    containerName: container,
    permissions: ContainerSASPermissions.parse(permissions),
    expiresOn,
  };
  return azureBlobStore(location, {
    kind: 'SAS',
    token: generateBlobSASQueryParameters(values, double.customer.sharedKey).toString(),
  });
}

blobStoreContract('Azurite through the double', async () => await storeIn('contract', none));
blobStoreContract(
  'Azurite through the double, immutable, with a prefix',
  async () => await storeIn('contract-worm', locked, 'some/prefix'),
);
signedContract('Azurite through the double', async () => await storeIn('contract', none));
const storeUnder = async (policy: 'Immutable' | 'Mutable'): Promise<BlobStore> =>
  await (policy === 'Immutable' ? storeIn('proof-worm') : storeIn('proof-none', none));
immutabilityContract('Azurite through the double', storeUnder);
policyContract('Azurite through the double', storeUnder);
const days = (policy: 'Protected' | 'Unprotected'): number => (policy === 'Protected' ? 10 : 0);
versionContract('Azurite through the double', (policy) =>
  storeIn(`proof-${policy.toLowerCase()}`, { kind: 'Versions', state: 'Locked', days: days(policy) }),
);
archiveContract('Azurite through the double', async () => {
  const { customer } = double;
  const client = new ContainerClient(`${customer.endpoint}/archived`, customer.sharedKey);
  return {
    store: await storeIn('archived'),
    archive: async (name) => void (await client.getBlobClient(name).setAccessTier('Archive')),
  };
});
sasContract('Azurite through the double', (rights) => storeWithSAS('sas-contract', rights));
copyContract('Azurite through the double', async () => ({
  source: azureBlobStore(await double.vendor.location('releases'), double.vendor.credentials),
  target: await storeIn('copies', locked, 'pre'),
}));

describe('a grant to create', () => {
  it('lets a job create below the prefix, and do nothing else', async () => {
    const store = await storeIn('grants', locked, 'customer/acme');
    const { containerUrl, query, prefix } = await signedGrant(store, 600);
    const put = (body: string): Promise<Response> =>
      fetch(`${containerUrl}/${prefix}packs/1?${query}`, {
        method: 'PUT',
        body,
        headers: { 'x-ms-blob-type': 'BlockBlob', 'if-none-match': '*' },
      });
    expect((await put('pack')).status).toBe(201);
    expect((await store.read('packs/1', 4, signal)).toString()).toBe('pack');
    expect((await put('other')).status).toBe(409);
    expect((await fetch(`${containerUrl}/${prefix}packs/1?${query}`)).status).toBe(403);
    expect((await fetch(`${containerUrl}?restype=container&comp=list&${query}`)).status).toBe(403);
    expect((await fetch(`${containerUrl}/${prefix}packs/1?${query}`, { method: 'DELETE' })).status).toBe(403);
  });

  it('ends', async () => {
    const { containerUrl, query } = await signedGrant(await storeIn('grants'), -60);
    expect(
      (
        await fetch(`${containerUrl}/x?${query}`, {
          method: 'PUT',
          body: 'x',
          headers: { 'x-ms-blob-type': 'BlockBlob' },
        })
      ).status,
    ).toBe(403);
  });

  it('from a store that has only a SAS is that SAS, if it has this right alone', async () => {
    const grant = await signedGrant(await storeWithSAS('sas', 'c'), 600);
    expect(Date.parse(grant.expiresTime)).toBeGreaterThan(Date.now() + 3_000_000);
    expect(
      (
        await fetch(`${grant.containerUrl}/x?${grant.query}`, {
          method: 'PUT',
          body: 'x',
          headers: { 'x-ms-blob-type': 'BlockBlob' },
        })
      ).status,
    ).toBe(201);
  });
});

describe('a proof of immutability', () => {
  it('reaches neither attempt with credentials that may not try, and says so', async () => {
    const writer = await storeIn('unprovable');
    await writer.create('x', Buffer.from('x'), 'text/plain', signal);
    const proof = await (await storeWithSAS('unprovable', 'rlc')).proveImmutable('x', signal);
    expect(proof).toMatchObject({
      overwrite: 'NotTried',
      delete: 'NotTried',
      detail: expect.stringContaining('403 UnauthorizedBlobOverwrite'),
    });
  });

  it('whose delete was allowed (the period is over) leaves the blob written again', async () => {
    const store = await storeIn('deletable', { kind: 'Worm', state: 'Unlocked', days: 1 });
    await store.create('x', Buffer.from('x'), 'text/plain', signal);
    await double.control.clock(2 * 86_400);
    try {
      expect(await store.proveImmutable('x', signal)).toMatchObject({
        overwrite: 'Refused',
        delete: 'Allowed',
        detail: expect.stringContaining('written again'),
      });
    } finally {
      await double.control.clock(0);
    }
    expect((await store.read('x', 1, signal)).toString()).toBe('x');
  });

  it('tries to overwrite before it tries to delete, each once', async () => {
    const store = await storeIn('order');
    await store.create('x', Buffer.from('x'), 'text/plain', signal);
    await store.proveImmutable('x', signal);
    const attempts = await double.control.requests({
      container: 'order',
      operations: ['PutBlob', 'DeleteBlob'],
    });
    expect(attempts.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'PutBlob 201',
      'PutBlob 409',
      'DeleteBlob 409',
    ]);
  });

  it('keeps the question open when the store does not answer it', async () => {
    const store = await storeIn('open-question');
    await store.create('x', Buffer.from('x'), 'text/plain', signal);
    await double.control.faults.add({
      when: { container: 'open-question', operations: ['DeleteBlob'] },
      times: 'Always',
      fault: { kind: 'Status', status: 503 },
    });
    await expect(store.proveImmutable('x', signal)).rejects.toMatchObject({ reason: 'StoreThrottled' });
    await double.control.faults.clear();
  });

  it('takes an overwrite whose answer was lost for what it was: allowed', async () => {
    const store = await storeIn('lost-answer', none);
    await store.create('x', Buffer.from('x'), 'text/plain', signal);
    await double.control.faults.add({
      when: { container: 'lost-answer', operations: ['PutBlob'] },
      fault: { kind: 'Reset', when: 'BeforeResponse' },
    });
    expect(await store.proveImmutable('x', signal)).toMatchObject({
      overwrite: 'Allowed',
      detail: expect.stringContaining('412 ConditionNotMet'),
    });
  });
});

describe('a server-side copy', () => {
  it('keeps content type and metadata, and carries no byte through the caller', async () => {
    const vendor = azureBlobStore(await double.vendor.location('releases'), double.vendor.credentials);
    const target = await storeIn('copies');
    const content = Buffer.alloc(5_000_000, 3);
    await vendor.create('big', content, 'application/zstd', signal);
    const { bytes, md5 = '' } = (await vendor.properties('big', signal)) ?? { bytes: 0 };
    await double.control.forgetRequests();
    await target.copyFrom('big', await vendor.readUrl('big', 600), { bytes, md5 }, signal);
    const own = await double.control.requests({ account: 'customer' });
    expect(own.reduce((sum, each) => sum + each.requestBytes + each.responseBytes, 0)).toBe(0);
    const answer = await fetch(await target.readUrl('big', 600), { method: 'GET' });
    expect(answer.headers.get('content-type')).toBe('application/zstd');
    await answer.arrayBuffer();
  });

  it('with a signature that has expired says that the source refuses, without showing it', async () => {
    const vendor = azureBlobStore(await double.vendor.location('releases'), double.vendor.credentials);
    await vendor.create('expired', Buffer.from('x'), 'text/plain', signal);
    const url = await vendor.readUrl('expired', -60);
    const error: unknown = await (
      await storeIn('copies')
    )
      .copyFrom('expired', url, { bytes: 1, md5: '' }, signal)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      reason: 'StoreCredentialsRefused',
      message: expect.stringContaining('the source refuses'),
    });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/sig=|SharedKey/);
  });
});
