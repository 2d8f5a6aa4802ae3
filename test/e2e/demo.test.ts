/**
 * `make demo` on a cluster that is there already, as a person with kind has one: its API server listens at 127.0.0.1 and is not of
 * the sandbox. The demo must use it, leave its own control plane out, and show what runs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { repositoryDirectory } from '../../kit/paths.ts';
import { run, tryRun } from '../../kit/process.ts';
import { Sandbox, silentProgress } from '../../sandbox/index.ts';
import { Kubectl } from '../../sandbox/installation/kubectl.ts';
import { operatorNamespace } from '../../sandbox/installation/operator.ts';
import { missingLine, readStart } from '../docs/howto.ts';
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
  expect(told).toContain(`Kubernetes API   ${server} (your cluster)`);
  expect(told).toContain(`jtel@${address}`);
  expect(told).toMatch(/stack demo\/acme: \d+ containers\n.*https:\/\/acme\./);
  const heading = told.indexOf('What runs now:');
  expect(heading).toBeGreaterThan(0);
  const picture = told.slice(heading).split('\n');
  // The address of the stack has the length that its owner gave it.
  expect(picture.filter((line) => line.length > 80 && !line.includes('curl'))).toEqual([]);
  const stacks = await (await Kubectl.find(cluster.kubeconfigPath)).run(['get', 'jtelstacks', '-n', 'demo']);
  expect(stacks).toMatch(/acme .*Ready/);
  // README.md shows this table.
  const readme = await readFile(join(repositoryDirectory, 'README.md'), 'utf8');
  const [shown] = /^NAMESPACE .*$/m.exec(readme) ?? [];
  expect(shown?.split(/\s+/)).toEqual(['NAMESPACE', ...(stacks.split('\n')[0]?.trim().split(/\s+/) ?? [])]);
});

it('goes on as docs/start.md tells the reader to type', async () => {
  const start = await readStart();
  const here = (text: string): string =>
    text
      .replaceAll('jtel-sandbox-demo-', `jtel-sandbox-${name}-`)
      .replaceAll('.sandbox/demo/', `.sandbox/${name}/`);
  const [environment, ...blocks] = start.run;
  expect(environment?.script).toBe('. .sandbox/demo/env\n');
  expect(blocks).toHaveLength(7);
  for (const block of blocks) {
    const script = here(`${environment?.script}${block.script}`);
    const { code, stdout, stderr } = await tryRun(['bash', '-euo', 'pipefail', '-c', script], {
      cwd: repositoryDirectory,
      env: { ...process.env, NO_COLOR: '1' },
      timeoutSeconds: 600,
    });
    const said = `${stdout}${stderr}`;
    expect(code, `${block.script}\n${said}`).toBe(0);
    expect(missingLine(said, block.expected), `${block.script}\n${said}`).toBeUndefined();
  }
});

it('knows the version of the operator, although no Deployment is in the cluster', async () => {
  const said = await (await Kubectl.find(cluster.kubeconfigPath)).jtel(['version']);
  expect(said).toContain(`which holds the Lease ${operatorNamespace}/jtel-operator`);
  expect(said).toContain('They fit together.');
});
