import { describe, expect, it } from 'vitest';
import { AzureCredentialsError, azureCredentials } from './credentials.ts';

const location = { endpoint: 'https://acme.blob.core.windows.net', container: 'backups' };
const accountKey = Buffer.from('a key that nobody may see').toString('base64');

describe('credentials', () => {
  it('are an account key', () => {
    expect(azureCredentials({ accountName: 'acme', accountKey: `${accountKey}\n` }, location)).toEqual({
      kind: 'AccountKey',
      accountName: 'acme',
      accountKey,
    });
  });

  it('are a SAS token, with or without its question mark', () => {
    const { endpoint } = location;
    expect(azureCredentials({ endpoint, sasToken: '?sp=rl&sig=abc%3D' }, location)).toEqual({
      kind: 'SAS',
      token: 'sp=rl&sig=abc%3D',
    });
  });

  it('are a connection string, with an endpoint or the customary one', () => {
    const account = `DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${accountKey}`;
    const expected = { kind: 'AccountKey', accountName: 'acme', accountKey };
    expect(
      azureCredentials({ connectionString: `${account};EndpointSuffix=core.windows.net` }, location),
    ).toEqual(expected);
    expect(
      azureCredentials(
        { connectionString: `${account};BlobEndpoint=https://acme.blob.core.windows.net/` },
        location,
      ),
    ).toEqual(expected);
  });

  it('of another endpoint are refused, so that no endpoint sees another one’s key', () => {
    const evil = { ...location, endpoint: 'https://evil.example' };
    const { endpoint } = location;
    for (const values of [
      { connectionString: `AccountName=acme;AccountKey=${accountKey}` },
      { endpoint, sasToken: 'sig=geheim' },
      { endpoint, accountName: 'acme', accountKey },
    ])
      expect(() => azureCredentials(values, evil)).toThrow('another endpoint');
  });

  it.each([
    'https://acme.blob.core.windows.net',
    'https://acme.blob.core.windows.net/',
    'https://acme-secondary.blob.core.windows.net',
    'https://acme.z12.blob.storage.azure.net',
    'https://acme.blob.core.chinacloudapi.cn',
    'https://acme.blob.core.usgovcloudapi.net',
  ])('with an account key are for %s without being told', (endpoint) => {
    expect(azureCredentials({ accountName: 'acme', accountKey }, { ...location, endpoint })).toMatchObject({
      kind: 'AccountKey',
    });
  });

  it.each([
    'https://store.example',
    'https://store.example/acme',
    'https://other.blob.core.windows.net',
    'https://acme.blob.core.windows.net.evil.example',
    'https://acmeXblob.core.windows.net',
    'https://acme.example.blob.core.windows.net',
    'http://acme.blob.core.windows.net',
    'https://acme.blob.core.windows.net:8443',
    'https://acme.blob.core.windows.net/acme',
  ])('with an account key are for %s only if the Secret says so', (endpoint) => {
    const values = { accountName: 'acme', accountKey };
    expect(() => azureCredentials(values, { ...location, endpoint })).toThrow(AzureCredentialsError);
    expect(() => azureCredentials(values, { ...location, endpoint })).toThrow(
      `add the key endpoint (${endpoint})`,
    );
    expect(azureCredentials({ ...values, endpoint }, { ...location, endpoint })).toMatchObject(values);
  });

  it.each([
    ['nothing', {}, 'exactly one'],
    ['only empty values', { sasToken: ' ' }, 'none found'],
    ['two of them', { sasToken: 'sig=a', connectionString: 'x' }, '2 of them'],
    ['a key without its account', { accountKey }, 'accountName is missing'],
    ['a key that is not base64', { accountName: 'acme', accountKey: 'geheim geheim geheim' }, 'not base64'],
    ['a whole URL as SAS', { ...location, sasToken: 'https://acme.example/?sig=geheim' }, 'not a SAS token'],
    ['a SAS without signature', { ...location, sasToken: 'sp=rl' }, 'not a SAS token'],
    ['a SAS for whatever endpoint', { sasToken: 'sig=geheim' }, 'add the key endpoint'],
  ])('%s is refused, and the message keeps the value to itself', (_, values, message) => {
    expect(() => azureCredentials(values, location)).toThrow(AzureCredentialsError);
    expect(() => azureCredentials(values, location)).toThrow(message);
    expect(() => azureCredentials(values, location)).not.toThrow('geheim');
  });
});
