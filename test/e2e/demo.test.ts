/**
 * `make demo` on a cluster that is there already, as a person with kind has one: its API server listens at 127.0.0.1 and is not of
 * the sandbox. The demo must use it, leave its own control plane out, and show what runs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { repositoryDirectory } from '../../kit/paths.ts';
import { run } from '../../kit/process.ts';
import { Sandbox, silentProgress } from '../../sandbox/index.ts';
import { Kubectl } from '../../sandbox/installation/kubectl.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { sandboxName } from './setup.ts';

const name = `${sandboxName}-demo`;
let cluster: Sandbox;
let proxy: TcpProxy;

beforeAll(async () => {
  cluster = await Sandbox.up({ name: `${name}-cluster`, only: ['control-plane'], progress: silentProgress });
  const { hostname, port } = new URL(cluster.controlPlane.server);
  proxy = await TcpProxy.to({ host: hostname, port: Number(port) });
});

afterAll(async () => {
  await Sandbox.remove(name);
  await proxy.close();
  await cluster.down();
});

it('brings a stack to Ready on an existing cluster, and shows what runs', async () => {
  const kubeconfig = join(cluster.directory, 'as-kind');
  const config = parse(await readFile(cluster.kubeconfigPath, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
  };
  const server = `https://127.0.0.1:${proxy.port}`;
  for (const each of config.clusters) Object.assign(each.cluster, { server });
  await writeFile(kubeconfig, stringify(config), { mode: 0o600 });

  const told = await run([process.execPath, 'sandbox/demo.ts', '--name', name], {
    cwd: repositoryDirectory,
    env: { ...process.env, JTEL_SANDBOX_KUBECONFIG: kubeconfig },
    timeoutSeconds: 600,
  });
  const { address } = (await Sandbox.attach(name)).host('host-1');
  expect(told).toContain(`Kubernetes API  ${server}   (your cluster)`);
  expect(told).toContain(`jtel@${address}`);
  expect(told).toMatch(/stack demo\/acme: \d+ containers, https:\/\/acme\./);
  const stacks = await (await Kubectl.find(cluster.kubeconfigPath)).run(['get', 'jtelstacks', '-n', 'demo']);
  expect(stacks).toMatch(/acme .*Ready/);
  // README.md shows this table.
  const readme = await readFile(join(repositoryDirectory, 'README.md'), 'utf8');
  const [shown] = /^NAMESPACE .*$/m.exec(readme) ?? [];
  expect(shown?.split(/\s+/)).toEqual(['NAMESPACE', ...(stacks.split('\n')[0]?.trim().split(/\s+/) ?? [])]);
});
