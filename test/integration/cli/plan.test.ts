/**
 * `kubectl jtel plan` with a real API server, vendor's store and host: it tells what would be done, and does
 * none of it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import { CredentialStore } from '../../../controllers/inputs/credentials.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import {
  annotations,
  stackKind,
  storeKind,
  type JtelBackupStore,
  type JtelStack,
  type JtelStackSpec,
  type ResourceKind,
} from '../../../crds/index.ts';
import { configMaps, controllerRevisions, secrets, type KubernetesObject } from '../../../runtime/index.ts';
import { startAzurite, type Azurite } from '../../support/azurite.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { driverSandbox, type DriverSandbox } from '../../support/driver-sandbox.ts';
import { kubectlJtel, type PluginOptions, type PluginRun } from '../../support/plugin.ts';
import { aRelease, storeRelease } from '../../support/release-builder.ts';

let cluster: TestCluster;
let azurite: Azurite;
let sandbox: DriverSandbox;

beforeAll(async () => {
  [cluster, azurite, sandbox] = await Promise.all([
    openCluster('plugin-plan'),
    startAzurite(),
    driverSandbox('plan', [{ name: 'host-1' }]),
  ]);
  await installCRDs(cluster.client);
  const { client, namespace } = cluster;
  const { endpoint, container } = await azurite.location('releases');
  await client.create(
    secrets,
    {
      metadata: { namespace, name: 'vendor' },
      stringData: { endpoint, accountName: azurite.accountName, accountKey: azurite.accountKey },
    },
    call(),
  );
  const spec = {
    tier: 'Vendor',
    accessMode: 'ReadOnly',
    azure: { endpoint, container, credentialsSecretRef: { name: 'vendor' } },
    immutability: { policy: 'None' },
  };
  await client.create(
    storeKind,
    { metadata: { namespace, name: 'vendor' }, spec } as unknown as JtelBackupStore,
    call(),
  );
  const small = { cores: 1, memoryMiB: 128, diskGiB: 1 };
  await storeRelease(
    azureBlobStore({ endpoint, container }, azurite.credentials),
    aRelease({
      minimumHost: { Small: small, Medium: { ...small, cores: 512 }, Large: { ...small, cores: 1024 } },
    }),
  );
  await client.create(
    secrets,
    {
      metadata: { namespace, name: 'ssh' },
      stringData: { 'ssh-privatekey': sandbox.target('host-1').privateKey },
    },
    call(),
  );
});
afterAll(async () => {
  await azurite?.[Symbol.asyncDispose]();
  await cluster?.close();
  await sandbox?.sandbox.down();
});

function jtel(argv: readonly string[], options: PluginOptions = {}): Promise<PluginRun> {
  return kubectlJtel(argv, { kubeconfig: cluster.kubeconfig, namespace: cluster.namespace, ...options });
}

function specWith(change: Partial<JtelStackSpec> = {}): JtelStackSpec {
  const { address, port, user, hostKeyFingerprints } = sandbox.target('host-1');
  return aStack({
    host: { address, port, user, hostKeyFingerprints, sshSecretRef: { name: 'ssh' }, bootstrap: 'Managed' },
    ...change,
  }).spec;
}

async function store(name: string, change: Partial<JtelStackSpec> = {}): Promise<JtelStack> {
  const { apiVersion, kind } = aStack();
  const metadata = { namespace: cluster.namespace, name };
  return await cluster.client.create(
    stackKind,
    { apiVersion, kind, metadata, spec: specWith(change) } as JtelStack,
    call(),
  );
}

/** Everything that planning could have left behind. */
async function picture(): Promise<unknown> {
  const { client, namespace } = cluster;
  const kinds: readonly ResourceKind<KubernetesObject>[] = [
    stackKind,
    secrets,
    configMaps,
    controllerRevisions,
  ];
  const all = await Promise.all(kinds.map((kind) => client.list(kind, { namespace }, call())));
  const objects = all.flat().map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`);
  return {
    objects,
    host: await sandbox.onHost('host-1', 'ls -R /opt/jtel 2>/dev/null; docker ps -aq; docker volume ls -q'),
  };
}

describe('a plan', () => {
  it('of a new stack begins with what is missing, and leaves nothing behind', async () => {
    await store('fresh');
    const before = await picture();
    const { code, out } = await jtel(['plan', 'fresh']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /nothing runs yet, the spec wants 3\.43\.2[^]*1\. recording the spec as revision 1[^]*2\. creating the stack's generated credentials[^]*because the release wants credentials that are not there[^]*Nothing was changed/,
    );
    expect(await picture()).toEqual(before);
  });

  it('goes on where the stack stands, and names the containers to come', async () => {
    const stack = await store('further');
    const generate = [{ name: 'database-root-password', length: 32 }];
    await new CredentialStore(cluster.client).ensure(stack, { generate, selfSigned: true }, call().signal);
    const before = await picture();
    const { out } = await jtel(['plan', 'further', '-o', 'json']);
    const forecast = JSON.parse(out) as {
      kind: string;
      actions: { type: string }[];
      changes: { service: string; change: string }[];
      setUp: boolean;
    };
    expect(forecast).toMatchObject({ kind: 'Act', setUp: true });
    expect(forecast.actions.map(({ type }) => type)).toEqual(['RecordRevision', 'ClaimHost', 'SetUpHost']);
    expect(forecast.changes.map(({ service }) => service)).toContain('acd-web-2');
    expect(out).not.toContain(
      (await cluster.client.getSecret(cluster.namespace, 'further-credentials', call())).get(
        'database-root-password',
      ),
    );
    expect(await picture()).toEqual(before);
  });

  it('of a manifest that is not applied yet is for what it would be', async () => {
    await store('changed');
    const manifest = (change: Partial<JtelStackSpec>): string =>
      stringify({
        apiVersion: 'jtel.de/v1alpha1',
        kind: 'JtelStack',
        metadata: { name: 'changed' },
        spec: specWith(change),
      });
    const before = await picture();
    const missing = await jtel(['plan', 'changed', '-f', '-'], { input: manifest({ version: '3.99.0' }) });
    expect(missing.out).toMatch(/cannot continue \(ReleaseNotFound\)[^]*3\.43\.2/);
    const small = await jtel(['plan', 'changed', '-f', '-'], { input: manifest({ size: 'Large' }) });
    expect(small.out).toContain('HostTooSmall');
    const refused = await jtel(['plan', 'changed', '-f', '-'], {
      input: manifest({ size: 'Huge' as 'Large' }),
    });
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('Unsupported value: "Huge"') });
    expect(await jtel(['plan', 'other', '-f', '-'], { input: manifest({}) })).toMatchObject({
      code: 2,
      err: expect.stringContaining('has no JtelStack'),
    });
    expect(await picture()).toEqual(before);
  });

  it('of a stack that does not exist is that of its installation', async () => {
    const input = stringify({
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelStack',
      metadata: { name: 'unborn' },
      spec: specWith(),
    });
    expect((await jtel(['plan', 'unborn', '-f', '-'], { input })).out).toContain('creating the stack');
    expect(
      await cluster.client.find(stackKind, { namespace: cluster.namespace, name: 'unborn' }, call()),
    ).toBeUndefined();
  });

  it('says what keeps the operator from going on', async () => {
    const { address, port, user } = sandbox.target('host-1');
    await store('stranger', {
      host: {
        address,
        port,
        user,
        hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
        sshSecretRef: { name: 'ssh' },
        bootstrap: 'Managed',
      },
    });
    const generate = [{ name: 'database-root-password', length: 32 }];
    const stack = await cluster.client.get(
      stackKind,
      { namespace: cluster.namespace, name: 'stranger' },
      call(),
    );
    await new CredentialStore(cluster.client).ensure(stack, { generate, selfSigned: true }, call().signal);
    expect((await jtel(['plan', 'stranger'])).out).toMatch(/cannot continue \(HostKeyMismatch\)/);
  });

  it('stands before the consent to a spec that is older than the host', async () => {
    const { client, namespace } = cluster;
    const stack = await store('older');
    const [none, unknown] = [
      { number: 1 },
      { kind: 'Configured', time: '2026-03-01T03:00:00.000Z' } as const,
    ];
    expect((await jtel(['consent', 'older'])).err).toContain('nothing to consent to');
    const status = { ...stack.status, hostChange: { ...none, unknown } } as NonNullable<JtelStack['status']>;
    await client.applyStatus(stackKind, { namespace, name: 'older' }, status, {}, call());
    const given = async (): Promise<string | undefined> =>
      (await client.get(stackKind, { namespace, name: 'older' }, call())).metadata.annotations?.[
        annotations.acceptOlderStatus
      ];
    const shown = await jtel(['consent', 'older', '--dry-run']);
    expect(shown.out).toContain("creating the stack's generated credentials");
    expect((await jtel(['consent', 'older'], { answer: 'n' })).code).toBe(1);
    expect(await given()).toBeUndefined();
    expect((await jtel(['consent', 'older'], { answer: 'y' })).code).toBe(0);
    expect(await given()).toBe(unknown.time);
  });

  it('of a suspended stack says that none of it is done', async () => {
    await store('asleep', { suspend: true });
    expect((await jtel(['plan', 'asleep'])).out).toContain(
      'spec.suspend is true: the operator does none of this',
    );
  });
});
