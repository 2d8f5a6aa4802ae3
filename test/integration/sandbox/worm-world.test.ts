/**
 * The blob double imitates storage accounts that others set up: network rules, the archive tier,
 * version-level immutability. It is held to what Microsoft documents:
 * - NETWORK: https://learn.microsoft.com/azure/storage/common/storage-network-security
 * - SAS: "Shared access signature error codes"
 *   https://learn.microsoft.com/rest/api/storageservices/sas-error-codes
 * - ARCHIVE: "Blob rehydration from the archive tier"
 *   https://learn.microsoft.com/azure/storage/blobs/archive-rehydrate-overview
 * - VERSIONS: "Version-level WORM policies for immutable blob data", sections Version dependency and
 *   Scenarios https://learn.microsoft.com/azure/storage/blobs/immutable-version-level-worm-policies
 */
import {
  BlobServiceClient,
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  type BlockBlobClient,
} from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerRule } from '../../../sandbox/worm/types.ts';
import { startBlobDouble, type TestDouble } from '../../support/blob-double.ts';
import { optional } from '../../../base/optional.ts';

const once = { retryOptions: { maxTries: 1 } };
const day = 86_400;
let double: TestDouble;
beforeAll(async () => {
  double = await startBlobDouble();
});
afterEach(async () => {
  await double.control.clock(0);
  await double.control.network('customer', { allow: 'All' });
});
afterAll(async () => await double?.[Symbol.asyncDispose]());

async function aContainer(name: string, rule?: ContainerRule): Promise<ContainerClient> {
  const { endpoint } = await double.customer.location(name, rule === undefined ? {} : { rule });
  return new ContainerClient(`${endpoint}/${name}`, double.customer.sharedKey, once);
}

async function aBlob(container: ContainerClient, name: string, content = 'first'): Promise<BlockBlobClient> {
  const blob = container.getBlockBlobClient(name);
  await blob.upload(content, content.length);
  return blob;
}

async function archivedBlob(container: ContainerClient, name: string): Promise<BlockBlobClient> {
  const blob = await aBlob(container, name);
  await blob.setAccessTier('Archive');
  return blob;
}

function sas(
  containerName: string,
  permissions: string,
  addresses?: { readonly start: string; readonly end?: string },
): string {
  const expiresOn = new Date(Date.now() + 3_600_000);
  const values = {
    containerName,
    permissions: ContainerSASPermissions.parse(permissions),
    expiresOn,
    ...optional({ ipRange: addresses }),
  };
  return generateBlobSASQueryParameters(values, double.customer.sharedKey).toString();
}

describe('network rules of an account', () => {
  it('refuse whoever is not let in, whatever the key is, and the other account stays open [NETWORK]', async () => {
    const container = await aContainer('network');
    const blob = await aBlob(container, 'x');
    await double.control.network('customer', { allow: ['192.0.2.1'] });
    const refused = { statusCode: 403, code: 'AuthorizationFailure' };
    await expect(blob.download()).rejects.toMatchObject(refused);
    await expect(blob.upload('x', 1)).rejects.toMatchObject(refused);
    await expect(container.listBlobsFlat().next()).rejects.toMatchObject(refused);
    await expect(
      new BlobServiceClient(double.vendor.endpoint, double.vendor.sharedKey, once).listContainers().next(),
    ).resolves.toMatchObject({ done: expect.any(Boolean) });
    await double.control.network('customer', { allow: ['127.0.0.1'] });
    expect((await blob.downloadToBuffer()).toString()).toBe('first');
  });

  it('are another thing than the addresses of a SAS, which says what it saw [SAS]', async () => {
    const blob = await aBlob(await aContainer('sas-addresses'), 'x');
    const elsewhere = new ContainerClient(
      `${double.customer.endpoint}/sas-addresses?${sas('sas-addresses', 'r', { start: '198.51.100.1', end: '198.51.100.9' })}`,
      undefined,
      once,
    );
    await expect(elsewhere.getBlobClient('x').download()).rejects.toMatchObject({
      statusCode: 403,
      code: 'AuthorizationSourceIPMismatch',
      message: expect.stringContaining('using this source IP 127.0.0.1.'),
    });
    const here = await fetch(`${blob.url}?${sas('sas-addresses', 'r', { start: '127.0.0.1' })}`);
    expect(await here.text()).toBe('first');
  });
});

describe('a blob in the archive tier', () => {
  it('is listed, and cannot be read [ARCHIVE]', async () => {
    const container = await aContainer('archive', { kind: 'Worm', state: 'Locked', days: 10 });
    const blob = await archivedBlob(container, 'listed');
    await expect(blob.download()).rejects.toMatchObject({ statusCode: 409, code: 'BlobArchived' });
    expect(await blob.getProperties()).toMatchObject({ accessTier: 'Archive', contentLength: 5 });
    expect((await container.listBlobsFlat().next()).value).toMatchObject({
      name: 'listed',
      properties: { accessTier: 'Archive', contentLength: 5 },
    });
  });

  it('takes 15 hours to come back, and says so meanwhile [ARCHIVE]', async () => {
    const container = await aContainer('rehydrate');
    const [blob] = [await archivedBlob(container, 'a&b/c'), await archivedBlob(container, 'other')];
    await blob.setAccessTier('Cool');
    const pending = { accessTier: 'Archive', archiveStatus: 'rehydrate-pending-to-cool' };
    expect(await blob.getProperties()).toMatchObject(pending);
    const listed: [string, string | undefined][] = [];
    for await (const { name, properties } of container.listBlobsFlat())
      listed.push([name, properties.archiveStatus]);
    expect(listed).toEqual([
      ['a&b/c', 'rehydrate-pending-to-cool'],
      ['other', undefined],
    ]);
    await expect(blob.downloadToBuffer()).rejects.toMatchObject({ statusCode: 409 });
    await expect(blob.setAccessTier('Hot')).rejects.toMatchObject({
      statusCode: 409,
      code: 'BlobBeingRehydrated',
    });
    await double.control.clock(15 * 3600 + 1);
    expect((await blob.downloadToBuffer()).toString()).toBe('first');
    expect(await blob.getProperties()).toMatchObject({ accessTier: 'Cool' });
  });
});

describe('a container with version-level immutability', () => {
  const rule: ContainerRule = { kind: 'Versions', state: 'Locked', days: 10 };
  const immutable = { statusCode: 409, code: 'BlobImmutableDueToPolicy' };

  it('says so, of itself and of each blob [VERSIONS]', async () => {
    const container = await aContainer('versions', rule);
    const blob = await aBlob(container, 'x');
    expect(await container.getProperties()).toMatchObject({ isImmutableStorageWithVersioningEnabled: true });
    const { immutabilityPolicyMode, immutabilityPolicyExpiresOn, createdOn, versionId, isCurrentVersion } =
      await blob.getProperties();
    expect({ immutabilityPolicyMode, isCurrentVersion }).toEqual({
      immutabilityPolicyMode: 'locked',
      isCurrentVersion: true,
    });
    expect(immutabilityPolicyExpiresOn?.getTime()).toBe((createdOn?.getTime() ?? 0) + 10 * day * 1000);
    expect(versionId).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  });

  it('keeps what is overwritten as an earlier version, which cannot be deleted before its time [VERSIONS]', async () => {
    const container = await aContainer('versions', rule);
    const blob = await aBlob(container, 'overwritten');
    const { versionId: first = '' } = await blob.getProperties();
    const { versionId: second } = await blob.upload('second', 6);
    expect(second).not.toBe(first);
    expect((await blob.downloadToBuffer()).toString()).toBe('second');
    const earlier = blob.withVersion(first);
    expect((await earlier.downloadToBuffer()).toString()).toBe('first');
    await expect(earlier.delete()).rejects.toMatchObject(immutable);
    await double.control.clock(11 * day);
    await earlier.delete();
    await expect(earlier.downloadToBuffer()).rejects.toMatchObject({ statusCode: 404 });
    expect((await blob.downloadToBuffer()).toString()).toBe('second');
  });

  it('keeps what is deleted as an earlier version [VERSIONS]', async () => {
    const blob = await aBlob(await aContainer('versions', rule), 'deleted');
    const { versionId = '' } = await blob.getProperties();
    await blob.delete();
    await expect(blob.downloadToBuffer()).rejects.toMatchObject({ statusCode: 404 });
    expect((await blob.withVersion(versionId).downloadToBuffer()).toString()).toBe('first');
    await expect(blob.withVersion(versionId).delete()).rejects.toMatchObject(immutable);
  });

  it('still creates nothing over another blob that it was asked not to, and refuses metadata [VERSIONS]', async () => {
    const blob = await aBlob(await aContainer('versions', rule), 'once');
    await expect(blob.upload('second', 6, { conditions: { ifNoneMatch: '*' } })).rejects.toMatchObject({
      statusCode: 409,
      code: 'BlobAlreadyExists',
    });
    await expect(blob.setMetadata({ a: 'b' })).rejects.toMatchObject(immutable);
    expect((await blob.downloadToBuffer()).toString()).toBe('first');
  });

  it('lets a version be deleted only with the right for it, and a good signature', async () => {
    const container = await aContainer('versions', rule);
    const blob = await aBlob(container, 'rights');
    const { versionId = '' } = await blob.getProperties();
    await blob.upload('second', 6);
    const attempt = async (query: string): Promise<[number, string | null]> => {
      const response = await fetch(`${blob.url}?versionid=${encodeURIComponent(versionId)}&${query}`, {
        method: 'DELETE',
        headers: { 'x-ms-version': '2021-12-02' },
      });
      return [response.status, response.headers.get('x-ms-error-code')];
    };
    expect(await attempt(sas('versions', 'rd'))).toEqual([403, 'AuthorizationPermissionMismatch']);
    expect(await attempt(sas('versions', 'rdx').replace(/sig=[^&]*/, 'sig=forged'))).toEqual([
      403,
      'AuthenticationFailed',
    ]);
    expect(await attempt(sas('versions', 'rdx'))).toEqual([409, 'BlobImmutableDueToPolicy']);
  });
});
