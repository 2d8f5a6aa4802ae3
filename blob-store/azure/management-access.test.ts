import { describe, expect, it } from 'vitest';
import { managementAccess } from './management-access.ts';

const secret = {
  tenantID: '11111111-2222-3333-4444-555555555555',
  clientID: '66666666-7777-8888-9999-000000000000',
  clientSecret: ' s3cret ',
};
const subscriptionID = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const id = `/subscriptions/${subscriptionID}/resourceGroups/rg_1.(x)/providers/Microsoft.Storage/storageAccounts/acme`;

describe('access to the management plane', () => {
  it.each([
    'https://acme.blob.core.windows.net',
    'https://acme.blob.core.chinacloudapi.cn/',
    'http://10.0.0.1:10000/acme',
    'https://backups.acme.example',
  ])('for the account of %s', (endpoint) => {
    expect(managementAccess(id, endpoint, secret)).toEqual({
      ...secret,
      clientSecret: 's3cret',
      subscriptionID,
      resourceGroup: 'rg_1.(x)',
      account: 'acme',
    });
  });

  it.each([
    [
      'of another account',
      id.replace('/acme', '/other'),
      {},
      /storage account other, but the endpoint is that of acme/,
    ],
    ['that is no resource ID', 'acme', {}, /az storage account show/],
    [
      'of something else than a storage account',
      id.replace('storageAccounts', 'queues'),
      {},
      /az storage account show/,
    ],
    ['that leaves its place', `${id}/../other`, {}, /az storage account show/],
    ['without a tenant', id, { tenantID: '' }, /tenantID/],
    ['with a tenant that is a path', id, { tenantID: '../common' }, /tenantID/],
    ['without a client', id, { clientID: undefined }, /clientID/],
    ['without a client secret', id, { clientSecret: ' ' }, /clientSecret/],
  ])('%s is refused', (_, resourceID, values, message) => {
    expect(() =>
      managementAccess(resourceID, 'https://acme.blob.core.windows.net', { ...secret, ...values }),
    ).toThrow(message);
  });
});
