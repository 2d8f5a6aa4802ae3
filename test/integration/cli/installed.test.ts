/** The plug-in as people have it: found by the real kubectl in the PATH, through a link, and completed by shells. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kubectl, pluginDirectory } from '../../../sandbox/installation/kubectl.ts';
import { run, tryRun } from '../../../kit/process.ts';
import { openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { storeStack } from '../../support/stored-stacks.ts';

let cluster: TestCluster;
let kubectl: string;
let links: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  cluster = await openCluster('plugin-installed');
  await installCRDs(cluster.client);
  kubectl = (await Kubectl.find(cluster.kubeconfig)).binary;
  links = await mkdtemp(join(tmpdir(), 'kubectl-jtel-'));
  for (const name of ['kubectl-jtel', 'kubectl_complete-jtel'])
    await symlink(join(pluginDirectory, name), join(links, name));
  // Without the Node of the tests: the plug-in has to find its own.
  const path = [
    links,
    ...(kubectl.includes('/') ? [dirname(kubectl)] : []),
    '/usr/local/bin',
    '/usr/bin',
    '/bin',
  ].join(delimiter);
  env = { HOME: links, PATH: path, KUBECONFIG: cluster.kubeconfig };
  await storeStack(cluster.client, cluster.namespace, {
    name: 'acme',
    status: { phase: 'Ready', version: '3.43.2' },
  });
});
afterAll(async () => {
  await cluster?.close();
  await rm(links, { recursive: true, force: true });
});

describe('kubectl', () => {
  it('finds the plug-in and passes everything on', async () => {
    expect(await run([kubectl, 'jtel', 'status', '-n', cluster.namespace], { env })).toMatch(
      /acme +3\.43\.2/,
    );
    expect((await tryRun([kubectl, 'jtel', 'fly'], { env })).code).toBe(2);
  });

  it('completes its commands and the names in the cluster', async () => {
    expect((await run([kubectl, '__complete', 'jtel', 'hist'], { env })).split('\n')[0]).toMatch(
      /^history\t/,
    );
    expect(
      (await run([kubectl, '__complete', 'jtel', 'status', '-n', cluster.namespace, ''], { env })).split(
        '\n',
      ),
    ).toEqual(expect.arrayContaining([expect.stringMatching(/^acme\t3\.43\.2 /), ':4']));
  });
});

it('bash completes kubectl-jtel with the script that it prints', async () => {
  const words = ['kubectl-jtel', 'status', '-n', cluster.namespace, 'ac'];
  const script = `source <(kubectl-jtel completion bash); COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _kubectl_jtel; echo "\${COMPREPLY[@]}"`;
  expect((await run(['bash', '-c', script], { env })).trim()).toBe('acme');
});

it('says its version without a cluster', async () => {
  expect(await run(['kubectl-jtel', 'version'], { env: { ...env, KUBECONFIG: '/nonexistent' } })).toMatch(
    /^kubectl-jtel \d+\.\d+\.\d+/,
  );
});

it('ends quietly when nobody reads on', async () => {
  const { code, stderr } = await tryRun(
    ['bash', '-c', 'kubectl-jtel --help | head -1; exit ${PIPESTATUS[0]}'],
    { env },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
