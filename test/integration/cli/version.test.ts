/** `kubectl jtel version` in a real cluster, for people with all, few and no rights. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { annotations, holderVersion, labels } from '../../../crds/index.ts';
import { run, tryRun, type RunResult } from '../../../kit/process.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { Kubectl, pluginDirectory } from '../../../sandbox/installation/kubectl.ts';
import { openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';

let cluster: TestCluster;
let directory: string;
let kubectl: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  cluster = await openCluster('version');
  directory = await mkdtemp(join(tmpdir(), 'version-'));
  await installCRDs(cluster.client);
  kubectl = (await Kubectl.find(cluster.kubeconfig)).binary;
  env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
});
afterAll(async () => {
  await cluster?.close();
  await rm(directory, { recursive: true, force: true });
});

function version(...words: readonly string[]): Promise<RunResult> {
  return tryRun([join(pluginDirectory, 'kubectl-jtel'), 'version', ...words], { env });
}

async function apply(file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(join(repositoryDirectory, file), 'utf8');
  await run([kubectl, 'apply', '--server-side', '--force-conflicts', '-f', '-'], {
    env,
    input: change(text),
  });
}

const inNamespace = (text: string): string =>
  text.replaceAll('namespace: jtel-system', `namespace: ${cluster.namespace}`);

it('without an operator: says so, and how to install one', async () => {
  const { code, stdout } = await version('-n', cluster.namespace);
  expect(code).toBe(1);
  expect(stdout).toContain('operator     none');
  expect(stdout).toContain('docs/install.md');
});

it('with an operator outside the cluster: knows it by the Lease that it holds', async () => {
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'outside',
      namespace: cluster.namespace,
      labels: { [labels.partOf]: 'jtel' },
      annotations: { [annotations.holderVersion]: holderVersion(manifest.version, 'machine-1') },
    },
    spec: {
      holderIdentity: 'machine-1',
      leaseDurationSeconds: 15,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    },
  };
  await run([kubectl, 'apply', '-f', '-'], { env, input: JSON.stringify(lease) });
  const { stdout, code } = await version('-n', cluster.namespace);
  await run([kubectl, 'delete', 'lease', 'outside', '-n', cluster.namespace], { env });
  expect([code, stdout]).toEqual([0, expect.stringContaining('They fit together.')]);
  expect(stdout).toContain(`operator     ${manifest.version} (machine-1, which holds the Lease `);
});

it('with the operator of deploy/: compares all three, for people and for programs', async () => {
  await apply('deploy/operator.yaml', inNamespace);
  const { stdout, code } = await version('-n', cluster.namespace);
  expect(stdout).toContain(`operator     ${manifest.version} (${cluster.namespace}/jtel-operator, `);
  expect(stdout).toContain(`CRDs         ${manifest.version} (serve v1alpha1)`);
  // Nobody runs its pods here.
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/✗ no replica of .* is ready\n.*describe deployment/),
  ]);
  const answer = JSON.parse((await version('-n', cluster.namespace, '-o', 'json')).stdout) as object;
  expect(answer).toMatchObject({ fits: false, findings: [{ reason: 'OperatorNotReady' }] });
});

it('with an older image: the tag counts, not the label of the chart', async () => {
  await apply('deploy/operator.yaml', (text) =>
    inNamespace(text)
      .replaceAll(`jtel-operator:${manifest.version}`, 'jtel-operator:9.0.0')
      .replace('replicas: 2', 'replicas: 0'),
  );
  const { code, stdout } = await version('-n', cluster.namespace, '-o', 'json');
  expect(code).toBe(1);
  const { findings } = JSON.parse(stdout) as { findings: { reason: string }[] };
  expect(findings.map(({ reason }) => reason)).toEqual(['PluginOlder', 'CRDsOlder']);
});

it('without rights: compares what may be seen, and says who can help', async () => {
  await run([kubectl, 'create', 'serviceaccount', 'nobody', '-n', cluster.namespace], { env });
  const token = (await run([kubectl, 'create', 'token', 'nobody', '-n', cluster.namespace], { env })).trim();
  const config = await run([kubectl, 'config', 'view', '--raw', '-o', 'json'], { env });
  const { clusters } = JSON.parse(config) as { clusters: { name: string }[] };
  const file = join(directory, 'kubeconfig');
  await writeFile(
    file,
    JSON.stringify({
      clusters,
      users: [{ name: 'nobody', user: { token } }],
      contexts: [{ name: 'nobody', context: { cluster: clusters[0]?.name, user: 'nobody' } }],
      'current-context': 'nobody',
    }),
    { mode: 0o600 },
  );
  const { code, stdout } = await version('--kubeconfig', file, '-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    served: ['v1alpha1'],
    findings: [{ reason: 'NotPermitted' }, { reason: 'NotPermitted' }],
  });
});
