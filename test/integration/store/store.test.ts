/**
 * The store controller against a real API server and a real blob server: what a person reads in `kubectl get
 * jbs`.
 */
import { SigningKeys } from '../../../controllers/stores/signing-keys.ts';
import {
  generateBlobSASQueryParameters,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AddressRules } from '../../../base/address-rules.ts';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import { restrictEndpoints } from '../../../blob-store/endpoint-rules.ts';
import { storeReconciler } from '../../../controllers/store/index.ts';
import {
  storeKind,
  type Condition,
  type JtelBackupStore,
  type JtelBackupStoreSpec,
} from '../../../crds/index.ts';
import { findCondition, secrets, silentLogger, type EventDetails } from '../../../runtime/index.ts';
import { freePort } from '../../support/azurite.ts';
import { startBlobDouble, type TestAccount, type TestDouble } from '../../support/blob-double.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';

let cluster: TestCluster;
let double: TestDouble;
let azurite: TestAccount;
beforeAll(async () => {
  cluster = await openCluster('store');
  await installCRDs(cluster.client);
  double = await startBlobDouble();
  azurite = double.vendor;
});
afterAll(async () => {
  await double?.[Symbol.asyncDispose]();
  await cluster?.close();
});

const told: EventDetails[] = [];
let now = new Date('2026-03-01T03:00:00Z');

async function reconcile(name: string): Promise<JtelBackupStore> {
  const events = {
    record: (_kind: unknown, _object: unknown, details: EventDetails): void => void told.push(details),
  };
  const reconciler = storeReconciler({
    cluster: cluster.client,
    events,
    clock: () => now,
    random: () => 0,
    signing: new SigningKeys(cluster.client, cluster.namespace),
  });
  const key = { namespace: cluster.namespace, name };
  await reconciler.reconcile(key, { ...call(), logger: silentLogger });
  return cluster.client.get(storeKind, key, call());
}

async function aSecret(name: string, values: Record<string, string>): Promise<void> {
  await cluster.client.apply(
    secrets,
    { metadata: { namespace: cluster.namespace, name }, stringData: values },
    call(),
  );
}

/** A store of its own in a container of its own. `azure` changes where it says that it is. */
async function aStore(
  name: string,
  azure: Partial<JtelBackupStoreSpec['azure']> = {},
  spec: Partial<JtelBackupStoreSpec> = {},
): Promise<void> {
  const { endpoint, container } = await azurite.location(name);
  const { accountName, accountKey } = azurite;
  await aSecret(name, { endpoint: azure.endpoint ?? endpoint, accountName, accountKey });
  const manifest = {
    metadata: { namespace: cluster.namespace, name },
    spec: {
      tier: 'Customer',
      azure: { endpoint, container, credentialsSecretRef: { name }, ...azure },
      ...spec,
    },
  };
  await cluster.client.apply(storeKind, manifest as JtelBackupStore, call());
}

function sasFor(container: string, permissions: string): string {
  const key = new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey);
  const expiresOn = new Date(Date.now() + 3_600_000);
  return generateBlobSASQueryParameters(
    { containerName: container, permissions: ContainerSASPermissions.parse(permissions), expiresOn },
    key,
  ).toString();
}

async function blobsIn(container: string): Promise<string[]> {
  const found: string[] = [];
  const store = azureBlobStore({ endpoint: azurite.endpoint, container }, azurite.credentials);
  for await (const { name } of store.list('', call().signal)) found.push(name);
  return found;
}

const available = (store: JtelBackupStore): Condition | undefined =>
  findCondition(store.status?.conditions, 'Available');

test('a good store becomes Available, keeps one probe a day, and says that it could be changed', async () => {
  await aStore('good');
  expect(available(await reconcile('good'))).toMatchObject({ status: 'True', reason: 'StoreReachable' });
  now = new Date(now.getTime() + 3_600_000);
  const later = await reconcile('good');
  expect(later.status).toMatchObject({
    observedGeneration: 1,
    lastProbeTime: '2026-03-01T04:00:00Z',
    lastValidationTime: '2026-03-01T04:00:00Z',
    message: '',
  });
  // Azurite enforces nothing. blob-store/azure.test.ts shows what a container with a policy answers.
  expect(findCondition(later.status?.conditions, 'Immutable')).toMatchObject({
    status: 'False',
    reason: 'NotImmutable',
  });
  expect(later.status?.lastProofTime).toBe('2026-03-01T04:00:00Z');
  expect(await blobsIn('good')).toEqual([expect.stringMatching(/^\.jtel-probe\/2026-03-01-/)]);
  now = new Date(now.getTime() + 86_400_000);
  await reconcile('good');
  expect(await blobsIn('good')).toHaveLength(2);
});

test('a store with a prefix is not touched outside of it', async () => {
  await aStore('prefixed', { prefix: 'jtel/acme' });
  expect(available(await reconcile('prefixed'))?.status).toBe('True');
  expect(await blobsIn('prefixed')).toEqual([expect.stringMatching(/^jtel\/acme\/\.jtel-probe\//)]);
});

test('a vendor store is only read, and counts its releases', async () => {
  await aStore('vendor', {}, { tier: 'Vendor', accessMode: 'ReadOnly' });
  const blobs = azureBlobStore({ endpoint: azurite.endpoint, container: 'vendor' }, azurite.credentials);
  for (const name of [
    'releases/3.43.1/release.json',
    'releases/3.43.1/vanilla/x',
    'releases/3.43.2/vanilla/x',
  ]) {
    await blobs.create(name, Buffer.from('x'), 'text/plain', call().signal);
  }
  const store = await reconcile('vendor');
  expect(available(store)).toMatchObject({ status: 'True' });
  expect(store.status?.backups).toBe(1);
  expect(await blobsIn('vendor')).toHaveLength(3);
});

test.each([
  [
    'a SAS token that may read, list and create',
    'sas-rlc',
    (container: string) => ({ endpoint: azurite.endpoint, sasToken: sasFor(container, 'rlc') }),
  ],
  [
    'a connection string',
    'connection',
    () => ({
      connectionString: `AccountName=${azurite.accountName};AccountKey=${azurite.accountKey};BlobEndpoint=${azurite.endpoint}`,
    }),
  ],
] as const)('%s is enough', async (_, name, values) => {
  await aStore(name, { credentialsSecretRef: { name: `${name}-credentials` } });
  await aSecret(`${name}-credentials`, values(name));
  expect(available(await reconcile(name))).toMatchObject({ status: 'True' });
});

test('a SAS token that may not create is told apart from one that may do nothing', async () => {
  await aStore('sas-rl', { credentialsSecretRef: { name: 'sas-rl-credentials' } });
  await aSecret('sas-rl-credentials', {
    endpoint: azurite.endpoint,
    sasToken: sasFor('sas-rl', 'rl'),
  });
  const refused = available(await reconcile('sas-rl'));
  expect(refused).toMatchObject({ status: 'False', reason: 'StoreCredentialsRefused' });
  expect(refused?.message).toContain('set spec.accessMode to ReadOnly');
});

test.each([
  [
    'whose Secret does not exist',
    'no-secret',
    { credentialsSecretRef: { name: 'nobody' } },
    'SecretNotFound',
    'nobody',
  ],
  [
    'whose container does not exist',
    'no-container',
    { container: 'nowhere' },
    'ContainerNotFound',
    'nowhere',
  ],
] as const)('a store %s says so', async (_, name, azure, reason, names) => {
  await aStore(name, azure);
  const store = await reconcile(name);
  expect(available(store)).toMatchObject({ status: 'False', reason });
  expect(store.status?.message).toContain(names);
});

test('a store that does not answer says so', { timeout: 90_000 }, async () => {
  await aStore('away', { endpoint: `http://127.0.0.1:${await freePort()}/${azurite.accountName}` });
  expect(available(await reconcile('away'))).toMatchObject({ status: 'False', reason: 'StoreUnreachable' });
});

describe('an operator that restricts endpoints', () => {
  afterEach(() => restrictEndpoints(undefined));

  test.each([
    ['by http', false, ['127.0.0.0/8'], '127.0.0.1', '--allow-http-stores'],
    ['on the machine itself', true, [], '127.0.0.1', 'an address of the machine itself'],
    ['whose name leads there', true, [], 'localhost', 'localhost ('],
    ['whose server has that address for the cloud', true, [], '169.254.169.254', 'link-local'],
  ])('sends nothing to a store %s', async (_what, allowsHTTP, allowed, host, said) => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(request.url ?? '');
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    restrictEndpoints({ allowsHTTP, addresses: new AddressRules({ allowed, cluster: [] }) });
    const name = `restricted-${randomUUID().slice(0, 8)}`;
    await aStore(name, { endpoint: `http://${host}:${port}/${azurite.accountName}` });
    const found = available(await reconcile(name));
    server.close();
    expect(found).toMatchObject({ status: 'False', reason: 'EndpointRefused' });
    expect(found?.message).toContain(said);
    expect(seen).toEqual([]);
  });

  test('reaches what its configuration allows', async () => {
    restrictEndpoints({ allowsHTTP: true, addresses: new AddressRules({ allowed: ['127.0.0.0/8'] }) });
    await aStore('allowed');
    expect(available(await reconcile('allowed'))).toMatchObject({ status: 'True' });
  });
});

test('a Secret without a usable key says which keys it may have, and a wrong key is refused without being shown', async () => {
  const wrongKey = Buffer.from('this is not the key of the account').toString('base64');
  await aStore('wrong', { credentialsSecretRef: { name: 'wrong-credentials' } });
  await aSecret('wrong-credentials', { password: 'x' });
  const invalid = available(await reconcile('wrong'));
  expect(invalid).toMatchObject({ status: 'False', reason: 'SecretInvalid' });
  expect(invalid?.message).toContain('sasToken');
  const { endpoint, accountName, accountKey } = azurite;
  await aSecret('wrong-credentials', { accountName, accountKey });
  const unbound = available(await reconcile('wrong'));
  expect(unbound).toMatchObject({ status: 'False', reason: 'SecretInvalid' });
  expect(unbound?.message).toContain(`add the key endpoint (${endpoint})`);
  await aSecret('wrong-credentials', { endpoint, accountName, accountKey: wrongKey });
  const refused = await reconcile('wrong');
  expect(available(refused)).toMatchObject({ status: 'False', reason: 'StoreCredentialsRefused' });
  expect(JSON.stringify(refused)).not.toContain(wrongKey);
});

test('each change of availability is told once', async () => {
  await aStore('story', { container: 'nowhere-yet' });
  told.length = 0;
  await reconcile('story');
  await reconcile('story');
  await azurite.location('nowhere-yet');
  await reconcile('story');
  await reconcile('story');
  expect(told.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    'Warning ContainerNotFound',
    'Normal StoreReachable',
    'Warning NotImmutable',
  ]);
});

test('a store that is gone needs nothing', async () => {
  const reconciler = storeReconciler({
    cluster: cluster.client,
    events: { record: () => undefined },
    clock: () => now,
    random: () => 0,
    signing: new SigningKeys(cluster.client, cluster.namespace),
  });
  expect(
    await reconciler.reconcile(
      { namespace: cluster.namespace, name: 'gone' },
      { ...call(), logger: silentLogger },
    ),
  ).toBeUndefined();
});
