/**
 * `kubectl jtel doctor` and `jtel-operator check` with a real API server, vendor's store and hosts: one that is
 * as it should be, and one where much is wrong. Neither leaves anything behind.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { restrictEndpoints } from '../../../blob-store/endpoint-rules.ts';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import {
  stackKind,
  storeKind,
  type JtelBackupStore,
  type JtelStackSpec,
  type ResourceKind,
} from '../../../crds/index.ts';
import { runOperatorCommand } from '../../../operator/commands/program.ts';
import { callApi } from '../../../runtime/client/transport.ts';
import { kubeconfigAccess } from '../../../runtime/client/kubeconfig.ts';
import { configMaps, leases, secrets, type KubernetesObject } from '../../../runtime/index.ts';
import { startAzurite, type Azurite } from '../../support/azurite.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { driverSandbox, type DriverSandbox } from '../../support/driver-sandbox.ts';
import { kubectlJtel, type PluginRun } from '../../support/plugin.ts';
import { aRelease, storeRelease } from '../../support/release-builder.ts';

interface Report {
  readonly verdict: string;
  readonly checks: readonly {
    readonly check: string;
    readonly verdict: string;
    readonly subject?: string;
    readonly seen: string;
    readonly next?: string;
  }[];
}

// Names of customers are asked of no name server from here.
const names = vi.hoisted(() => new Map<string, string>());
vi.mock('node:dns/promises', () => ({
  lookup: (name: string) => {
    const address = names.get(name);
    return address === undefined
      ? Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }))
      : Promise.resolve([{ address }]);
  },
}));

let cluster: TestCluster;
let azurite: Azurite;
let sandbox: DriverSandbox;
let folder: string;
/** Of one who may do nothing. */
let nobody: string;

beforeAll(async () => {
  [cluster, azurite, sandbox, folder] = await Promise.all([
    openCluster('doctor'),
    startAzurite(),
    driverSandbox('doctor', [{ name: 'good' }, { name: 'bad', kind: 'bare' }]),
    mkdtemp(join(tmpdir(), 'jtel-doctor-')),
  ]);
  await installCRDs(cluster.client);
  const { endpoint, accountName, accountKey } = azurite;
  await storeSecret('azure', { endpoint, accountName, accountKey });
  await storeSecret('ssh', { 'ssh-privatekey': sandbox.target('good').privateKey });
  await storeSecret('ssh-bad', { 'ssh-privatekey': sandbox.target('bad').privateKey });
  const releases = await makeStore('vendor', 'Vendor');
  const least = { cores: 1, memoryMiB: 128, diskGiB: 1 };
  await storeRelease(
    azureBlobStore(releases, azurite.credentials),
    aRelease({
      minimumHost: { Small: least, Medium: { ...least, cores: 512 }, Large: { ...least, cores: 1024 } },
    }),
  );
  await makeStore('backups', 'Customer');
  names.set('acme.jtel.example', sandbox.target('good').address);
  await breakHost();
  nobody = await kubeconfigOfNobody();
});
afterAll(async () => {
  await azurite?.[Symbol.asyncDispose]();
  await cluster?.close();
  await sandbox?.sandbox.down();
  await rm(folder, { recursive: true, force: true });
});

async function storeSecret(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
  await cluster.client.create(
    secrets,
    { metadata: { namespace: cluster.namespace, name }, stringData },
    call(),
  );
}

async function makeStore(
  name: string,
  tier: 'Vendor' | 'Customer',
): Promise<{ endpoint: string; container: string }> {
  const { endpoint, container } = await azurite.location(name);
  const spec = {
    tier,
    accessMode: tier === 'Vendor' ? 'ReadOnly' : 'ReadWrite',
    azure: { endpoint, container, credentialsSecretRef: { name: 'azure' } },
    immutability: tier === 'Vendor' ? { policy: 'None' } : { policy: 'Required' },
  };
  const metadata = { namespace: cluster.namespace, name };
  await cluster.client.create(storeKind, { metadata, spec } as unknown as JtelBackupStore, call());
  return { endpoint, container };
}

/** No sudo, somebody on port 443, and a clock that is 15 minutes ahead. Docker is not there at all. */
async function breakHost(): Promise<void> {
  await sandbox.onHost(
    'bad',
    `rm -f /etc/sudoers.d/*; deluser jtel sudo >/dev/null 2>&1
     printf '#!/bin/sh\\n[ "$1" = +%%s ] || exec /bin/date "$@"\\necho $(($(/bin/date +%%s) + 900))\\n' >/usr/local/bin/date
     chmod 0755 /usr/local/bin/date
     perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 443, Listen => 1, Proto => "tcp") or die; if (fork) { exit } close STDOUT; close STDERR; close STDIN; sleep 3600'`,
  );
}

async function kubeconfigOfNobody(): Promise<string> {
  const { client, connection, namespace } = cluster;
  const accounts: ResourceKind<KubernetesObject> = {
    group: '',
    version: 'v1',
    plural: 'serviceaccounts',
    kind: 'ServiceAccount',
    namespaced: true,
  };
  await client.create(accounts, { metadata: { namespace, name: 'nobody' } }, call());
  const answer = (await callApi(
    connection,
    {
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/nobody/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      purpose: 'get a token',
    },
    call(),
  )) as { readonly status: { readonly token: string } };
  const { cluster: server } = kubeconfigAccess([cluster.kubeconfig]);
  const file = join(folder, 'nobody.kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'it', cluster: server }],
    users: [{ name: 'nobody', user: { token: answer.status.token } }],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'nobody', namespace } }],
    'current-context': 'it',
  };
  await writeFile(file, stringify(config), { mode: 0o600 });
  return file;
}

function specOn(host: 'good' | 'bad', change: Partial<JtelStackSpec> = {}): JtelStackSpec {
  const { address, port, user, hostKeyFingerprints } = sandbox.target(host);
  return aStack({
    host: {
      address,
      port,
      user,
      hostKeyFingerprints,
      sshSecretRef: { name: host === 'good' ? 'ssh' : 'ssh-bad' },
      bootstrap: host === 'good' ? 'Managed' : 'Preinstalled',
    },
    backup: { storeRef: { name: 'backups' } } as NonNullable<JtelStackSpec['backup']>,
    ...change,
  }).spec;
}

async function manifest(name: string, spec: JtelStackSpec): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  await writeFile(
    file,
    stringify({ apiVersion: 'jtel.de/v1alpha1', kind: 'JtelStack', metadata: { name }, spec }),
  );
  return file;
}

async function doctor(argv: readonly string[], kubeconfig = cluster.kubeconfig): Promise<PluginRun> {
  return await kubectlJtel(['doctor', ...argv], { kubeconfig, namespace: cluster.namespace });
}

async function verdicts(
  argv: readonly string[],
  kubeconfig = cluster.kubeconfig,
): Promise<Record<string, string>> {
  const { out, err } = await doctor([...argv, '-o', 'json'], kubeconfig);
  if (out === '') throw new Error(err);
  const report = JSON.parse(out) as Report;
  return Object.fromEntries(report.checks.map(({ check, verdict }) => [check, verdict]));
}

/** Everything that looking could have left behind. */
async function picture(): Promise<unknown> {
  const { client, namespace } = cluster;
  const kinds: readonly ResourceKind<KubernetesObject>[] = [stackKind, storeKind, secrets, configMaps];
  const all = await Promise.all(kinds.map((kind) => client.list(kind, { namespace }, call())));
  const blobs = await Promise.all(
    ['vendor', 'backups'].map(async (name) => {
      const store = azureBlobStore(await azurite.location(name), azurite.credentials);
      const found = [];
      for await (const blob of store.list('', call().signal)) found.push(blob);
      return found;
    }),
  );
  const files =
    'find /etc /opt /home /usr/local /var/lib/dpkg -xdev -type f -exec sha256sum {} + | sort | sha256sum; ls -R /opt; docker ps -aq; docker volume ls -q; docker images -q';
  return {
    objects: all.flat().map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`),
    blobs,
    hosts: await Promise.all(
      ['good', 'bad'].map((name) => sandbox.onHost(name, `(${files}) 2>/dev/null; true`)),
    ),
  };
}

describe('doctor', () => {
  it('finds nothing wrong with what is right, before it is applied, and changes nothing', async () => {
    const file = await manifest('fresh', specOn('good'));
    const before = await picture();
    const found = await verdicts(['-f', file]);
    expect(found).toMatchObject({
      'api-server': 'Ok',
      crds: 'Ok',
      'crd-fields': 'Ok',
      rights: 'Ok',
      manifest: 'Ok',
      secrets: 'Ok',
      'release-store': 'Ok',
      release: 'Ok',
      'backup-store': 'Ok',
      'host-reachable': 'Ok',
      'host-key': 'Ok',
      'host-login': 'Ok',
      'host-owner': 'Ok',
      'operating-system': 'Ok',
      sudo: 'Ok',
      docker: 'Ok',
      compose: 'Ok',
      clock: 'Ok',
      capacity: 'Ok',
      ports: 'Ok',
      dns: 'Ok',
      certificate: 'Ok',
    });
    // This store keeps nothing from being changed, and nobody tried.
    expect(found['immutability']).toBe('Failed');
    expect(await picture()).toEqual(before);
  });

  it('finds what is wrong with a host, says what to do, and changes nothing', async () => {
    const file = await manifest('sick', specOn('bad', { network: { fqdn: 'nowhere.invalid' } }));
    const before = await picture();
    const found = await verdicts(['-f', file]);
    expect(found).toMatchObject({
      'host-login': 'Ok',
      sudo: 'Warning',
      docker: 'Failed',
      compose: 'Failed',
      clock: 'Failed',
      ports: 'Failed',
      dns: 'Warning',
    });
    const { code, out } = await doctor(['-f', file]);
    expect(code).toBe(1);
    expect(out).toMatch(/failed {3}docker: No Docker answers jtel\.\n +→ Install Docker 20\.10/);
    expect(out).toMatch(/failed {3}ports: In use on the host: 443\/tcp\. The stack needs 443\/tcp\./);
    expect(out).toMatch(/failed {3}clock: The host’s clock is (89\d|90\d) s ahead of the one here/);
    expect(await picture()).toEqual(before);
  });

  it('goes no further than a wrong host key, release or manifest lets it', async () => {
    const { address, port, user } = sandbox.target('good');
    const host = {
      address,
      port,
      user,
      hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
      sshSecretRef: { name: 'ssh' },
      bootstrap: 'Managed',
    } as const;
    const stranger = await manifest('stranger', specOn('good', { host, version: '3.99.0', size: 'Large' }));
    expect(await verdicts(['-f', stranger])).toMatchObject({
      'release-store': 'Ok',
      release: 'Failed',
      'host-reachable': 'Ok',
      'host-key': 'Failed',
      'host-login': 'Skipped',
      sudo: 'Skipped',
    });
    const invalid = await manifest('invalid', specOn('good', { size: 'Huge' as 'Large' }));
    expect(await verdicts(['-f', invalid])).toMatchObject({
      manifest: 'Failed',
      release: 'Skipped',
      docker: 'Skipped',
    });
    const closed = await manifest('closed', specOn('good', { host: { ...host, port: 1 } }));
    const { out } = await doctor(['-f', closed]);
    expect(out).toMatch(
      /failed {3}host-reachable: [^]*→ See that the service runs and listens there: [^ ]+:1 refuses/,
    );
  });

  it('of one who may do nothing tells that from what is wrong, and takes the key from a file', async () => {
    const file = await manifest('hidden', specOn('good'));
    const found = await verdicts(['-f', file], nobody);
    expect(found).toMatchObject({
      'api-server': 'Ok',
      crds: 'Ok',
      rights: 'Failed',
      'operator-rights': 'Skipped',
      operator: 'Skipped',
      manifest: 'Skipped',
      'release-store': 'Skipped',
      'host-login': 'Skipped',
    });
    const key = join(folder, 'key');
    await writeFile(key, sandbox.target('good').privateKey, { mode: 0o600 });
    expect(await verdicts(['-f', file, '--ssh-key', key], nobody)).toMatchObject({
      'host-login': 'Ok',
      sudo: 'Ok',
    });
  });

  it('without a stack looks at cluster and operator, whose missing rights it names', async () => {
    const { code, out } = await doctor(['--operator-name', 'not-there']);
    expect(code).toBe(1);
    expect(out).toMatch(
      /operator-rights \(namespace doctor-[^]*none of the \d+ rights[^]*get jtelstacks\.jtel\.de/,
    );
    expect(out).toMatch(/operator: There is no Lease jtel-system\/not-there/);
    expect(out).not.toContain('\nHost\n');
  });
});

/** As the operator of the namespace. */
async function operatorCheck(kubeconfig: string): Promise<Report & { readonly code: number }> {
  const printed: string[] = [];
  const told: string[] = [];
  const { signal } = new AbortController();
  // The store of these tests is one that an operator is told to allow.
  const endpoints = ['--allow-http-stores', '--allow-endpoint-range', '127.0.0.0/8'];
  const { namespace } = cluster;
  const places = ['--namespace', namespace, '--lease-namespace', namespace];
  const argv = ['check', '-o', 'json', '--kubeconfig', kubeconfig, ...places, ...endpoints];
  const code = await runOperatorCommand(argv, {
    print: (line) => printed.push(line),
    note: (line) => told.push(line),
    signal,
  });
  if (printed.length === 0) throw new Error(told.join('\n'));
  return { code, ...(JSON.parse(printed.join('\n')) as Report) };
}

describe('jtel-operator check', () => {
  afterEach(() => restrictEndpoints(undefined));

  it('names each right that its account lacks, and asks every store of its namespaces', async () => {
    const { namespace } = cluster;
    const denied = await operatorCheck(nobody);
    expect(denied.code).toBe(1);
    expect(denied.checks.filter(({ check: name }) => name === 'operator-rights')).toMatchObject([
      { verdict: 'Failed', subject: `namespace ${namespace}` },
      { verdict: 'Failed', seen: expect.stringContaining('leases.coordination.k8s.io') },
      { verdict: 'Failed', seen: expect.stringContaining('get namespaces kube-system') },
    ]);
    const lease = {
      metadata: { namespace, name: 'jtel-operator' },
      spec: {
        holderIdentity: 'operator-1',
        leaseDurationSeconds: 15,
        renewTime: new Date().toISOString().replace('Z', '000Z'),
      },
    };
    await cluster.client.create(leases, lease, call());
    const before = await picture();
    const admin = await operatorCheck(cluster.kubeconfig);
    expect(admin.checks.find(({ check: name }) => name === 'operator')).toMatchObject({ verdict: 'Ok' });
    expect(
      admin.checks.filter(({ check: name }) => name === 'operator-rights').map(({ verdict }) => verdict),
    ).toEqual(['Ok', 'Ok', 'Ok']);
    expect(admin.checks.filter(({ check: name }) => name.endsWith('-store'))).toMatchObject([
      { verdict: 'Ok', subject: `JtelBackupStore ${namespace}/vendor` },
      { verdict: 'Ok', subject: `JtelBackupStore ${namespace}/backups` },
    ]);
    expect(await picture()).toEqual(before);
  });
});
