/** The check refuses what the operator refuses: it has the same rights, and runs in the same network. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { restrictEndpoints } from '../../../blob-store/endpoint-rules.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import { startTestingServer } from '../../../host-driver/ssh/testing-server.ts';
import { runOperatorCommand } from '../program.ts';

interface Report {
  readonly checks: readonly { readonly check: string; readonly verdict: string; readonly seen: string }[];
}

let objects: Record<string, object>;
let server: Server;
let folder: string;

/** A cluster that has nothing but these objects. */
beforeEach(async () => {
  objects = {};
  server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const found = objects[path];
    response.statusCode = found === undefined ? 404 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(found ?? { kind: 'Status', code: 404, reason: 'NotFound', message: path }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  folder = await mkdtemp(join(tmpdir(), 'jtel-check-'));
  const { port } = server.address() as AddressInfo;
  const config = {
    clusters: [{ name: 'it', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'it', user: {} }],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    'current-context': 'it',
  };
  await writeFile(join(folder, 'config'), JSON.stringify(config));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  restrictEndpoints(undefined);
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

/** @returns what was seen of that check */
async function seenOf(check: string, ...argv: readonly string[]): Promise<string> {
  const printed: string[] = [];
  const told: string[] = [];
  await runOperatorCommand(
    ['check', '-o', 'json', '--kubeconfig', join(folder, 'config'), '--namespace', 'acme', ...argv],
    {
      print: (line) => printed.push(line),
      note: (line) => told.push(line),
      signal: new AbortController().signal,
    },
  );
  if (printed.length === 0) throw new Error(told.join('\n'));
  const { checks } = JSON.parse(printed.join('\n')) as Report;
  return checks.flatMap((one) => (one.check === check ? `${one.verdict}: ${one.seen}` : [])).join('\n');
}

function secret(name: string, values: Readonly<Record<string, string>>): void {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const metadata = { namespace: 'acme', name, uid: name, resourceVersion: '1' };
  objects[`/api/v1/namespaces/acme/secrets/${name}`] = { metadata, data };
}

it('asks no store by http, and none at an address that the operator refuses', async () => {
  const { port } = server.address() as AddressInfo;
  const storeAt = (endpoint: string): void => {
    const azure = { endpoint, container: 'releases', credentialsSecretRef: { name: 'azure' } };
    const store = { metadata: { namespace: 'acme', name: 'vendor' }, spec: { tier: 'Vendor', azure } };
    objects['/apis/jtel.de/v1alpha1/namespaces/acme/jtelbackupstores'] = { metadata: {}, items: [store] };
    const accountKey = Buffer.alloc(64, 1).toString('base64');
    secret('azure', { endpoint, accountName: 'acme', accountKey });
  };
  storeAt(`http://127.0.0.1:${port}/acme`);
  expect(await seenOf('release-store')).toMatch(/^Failed: .*--allow-http-stores/);
  expect(await seenOf('release-store', '--allow-http-stores')).toMatch(
    /^Failed: .*127\.0\.0\.1.*--allow-endpoint-range/,
  );
  const allowed = await seenOf(
    'release-store',
    '--allow-http-stores',
    '--allow-endpoint-range',
    '127.0.0.0/8',
  );
  expect(allowed).not.toMatch(/--allow/);
  storeAt('https://10.96.1.1/acme');
  expect(await seenOf('release-store', '--cluster-range', '10.96.0.0/12')).toMatch(
    /^Failed: .*an address of the cluster/,
  );
});

it('connects to no host at an address that the operator refuses', async () => {
  await using ssh = await startTestingServer({ refuses: true });
  const { address, port, user, hostKeyFingerprints, privateKey } = ssh.target;
  secret('ssh', { 'ssh-privatekey': privateKey });
  const host = {
    address,
    port,
    user,
    hostKeyFingerprints,
    sshSecretRef: { name: 'ssh' },
    bootstrap: 'Managed',
  } as const;
  const stack = aStack({ host });
  objects[`/apis/jtel.de/v1alpha1/namespaces/acme/jtelstacks/${stack.metadata.name}`] = stack;
  const argv = ['--stack', `acme/${stack.metadata.name}`];
  expect(await seenOf('host-reachable', ...argv)).toMatch(
    /^Failed: .*the operator does not connect to 127\.0\.0\.1/,
  );
  expect(await seenOf('host-reachable', ...argv, '--allow-endpoint-range', '127.0.0.0/8')).toMatch(/^Ok: /);
});

it('refuses a range that is none, and takes an API server that pods know by a name', async () => {
  await expect(seenOf('crds', '--cluster-range', 'here')).rejects.toThrow('--cluster-range');
  vi.stubEnv('KUBERNETES_SERVICE_HOST', 'acme.hcp.example.com');
  expect(await seenOf('crds')).toMatch(/^Failed: /);
});
