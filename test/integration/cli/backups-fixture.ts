/**
 * A stack with two backups in a real blob server, and ways to change both. The tests of `backup` and of
 * `restore` are in files of their own and both begin there.
 */
import { afterAll, beforeAll } from 'vitest';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import {
  backupKind,
  stackKind,
  storeKind,
  type JtelBackup,
  type JtelBackupStatus,
  type JtelBackupStore,
  type JtelStack,
} from '../../../crds/index.ts';
import { secrets } from '../../../runtime/index.ts';
import { startAzurite, type Azurite } from '../../support/azurite.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { kubectlJtel, type PluginOptions, type PluginRun } from '../../support/plugin.ts';
import { testSigner } from '../../support/signing.ts';
import { storeBackup, type BackupOptions } from '../../support/stored-backup.ts';

export const [older, newer] = ['20260301t020000z-00000a', '20260302t020000z-00000b'];
/** Belongs to the file that called {@link withBackups}, as do the others. */
export let cluster: TestCluster;
export let azurite: Azurite;
export let identity: string;

/**
 * Gives the tests of a file a namespace whose name begins with `purpose`. The stack `acme` is in it, with its
 * backups.
 */
export function withBackups(purpose: string): void {
  beforeAll(async () => {
    [cluster, azurite] = await Promise.all([openCluster(purpose), startAzurite()]);
    await installCRDs(cluster.client);
    identity = `${cluster.namespace}.acme`;
    await storeFor('customer');
    await put('customer', { backupID: older, version: '3.43.1' });
    await put('customer', { backupID: newer, content: 'more', packs: 3 });
    await stack('acme', 'customer');
  });
  afterAll(async () => {
    await azurite?.[Symbol.asyncDispose]();
    await cluster?.close();
  });
}

export function jtel(argv: readonly string[], options: PluginOptions = {}): Promise<PluginRun> {
  return kubectlJtel(argv, { kubeconfig: cluster.kubeconfig, namespace: cluster.namespace, ...options });
}

export async function storeFor(name: string): Promise<void> {
  const { endpoint, container } = await azurite.location(name);
  const { client, namespace } = cluster;
  const stringData = { endpoint, accountName: azurite.accountName, accountKey: azurite.accountKey };
  await client.apply(secrets, { metadata: { namespace, name }, stringData }, call());
  const trustedKeys = [testSigner.publicKey];
  const spec = {
    tier: 'Customer',
    trustedKeys,
    azure: { endpoint, container, credentialsSecretRef: { name } },
  };
  await client.apply(
    storeKind,
    { metadata: { namespace, name }, spec } as unknown as JtelBackupStore,
    call(),
  );
}

export async function stack(name: string, store: string): Promise<void> {
  const { apiVersion, kind, spec } = aStack();
  const backup = {
    storeRef: { name: store },
    schedule: '0 2 * * *',
    timeZone: 'Europe/Berlin',
    historyLimit: 10,
  };
  await cluster.client.create(
    stackKind,
    {
      apiVersion,
      kind,
      metadata: { namespace: cluster.namespace, name },
      spec: { ...spec, backup },
    } as unknown as JtelStack,
    call(),
  );
}

/** A whole backup, as a job would write it. */
export async function put(container: string, options: BackupOptions): Promise<readonly string[]> {
  const memory = new MemoryBlobStore();
  const { names } = storeBackup(memory, { identity, ...options });
  const { endpoint } = await azurite.location(container);
  const blobs = azureBlobStore({ endpoint, container }, azurite.credentials);
  for (const name of names)
    await blobs.create(
      name,
      memory.blobs.get(name)?.content ?? Buffer.alloc(0),
      'application/octet-stream',
      call().signal,
    );
  return names;
}

export async function object(name: string, status: JtelBackupStatus): Promise<void> {
  const { client, namespace } = cluster;
  const spec = { stackRef: { name: 'acme' }, trigger: 'Manual' };
  await client.create(backupKind, { metadata: { namespace, name }, spec } as unknown as JtelBackup, call());
  await client.applyStatus(backupKind, { namespace, name }, status, {}, call());
}
