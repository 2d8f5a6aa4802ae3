/**
 * The plug-in as people have it: found by the real kubectl in the PATH, through a link, and completed by
 * shells.
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kubectl, pluginDirectory } from '../../../sandbox/installation/kubectl.ts';
import { installPlugin } from '../../../images/plugin.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { run, tryRun } from '../../../kit/process.ts';
import { kubeconfigAccess } from '../../../runtime/client/kubeconfig.ts';
import { openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { storeStack } from '../../support/stored-stacks.ts';

let cluster: TestCluster;
let kubectl: string;
let links: string;
let env: NodeJS.ProcessEnv;
let bundled: string;
let bundledEnv: NodeJS.ProcessEnv;

beforeAll(async () => {
  cluster = await openCluster('plugin-installed');
  await installCRDs(cluster.client);
  kubectl = (await Kubectl.find(cluster.kubeconfig)).binary;
  links = await mkdtemp(join(tmpdir(), 'kubectl-jtel-'));
  bundled = await mkdtemp(join(repositoryDirectory, '.plugin-'));
  await installPlugin(bundled);
  await mkdir(join(links, 'bundled'));
  for (const name of ['kubectl-jtel', 'kubectl_complete-jtel']) {
    await symlink(join(pluginDirectory, name), join(links, name));
    await symlink(join(bundled, 'bin', name), join(links, 'bundled', name));
  }
  // Without the Node of the tests, because the plug-in has to find its own.
  const path = [
    links,
    ...(kubectl.includes('/') ? [dirname(kubectl)] : []),
    '/usr/local/bin',
    '/usr/bin',
    '/bin',
  ].join(delimiter);
  env = { HOME: links, PATH: path, KUBECONFIG: cluster.kubeconfig };
  bundledEnv = { ...env, PATH: `${join(links, 'bundled')}${delimiter}${path}` };
  await storeStack(cluster.client, cluster.namespace, {
    name: 'acme',
    status: { phase: 'Ready', version: '3.43.2' },
  });
});
afterAll(async () => {
  await cluster?.close();
  for (const directory of [links, bundled]) await rm(directory, { recursive: true, force: true });
});

describe('kubectl, with the plug-in from its bundle as `make plugin` installs it', () => {
  it('finds it and passes everything on', async () => {
    expect((await run(['which', 'kubectl-jtel'], { env: bundledEnv })).trim()).toBe(
      join(links, 'bundled', 'kubectl-jtel'),
    );
    const args = ['jtel', 'status', '-n', cluster.namespace];
    expect(await run([kubectl, ...args], { env: bundledEnv })).toMatch(/acme +3\.43\.2/);
    expect((await tryRun([kubectl, 'jtel', 'fly'], { env: bundledEnv })).code).toBe(2);
    expect(await run(['kubectl-jtel', 'version', '--client'], { env: bundledEnv })).toMatch(
      /^kubectl-jtel \d/,
    );
  });

  it('takes what is said to a person who logs in with a program', async () => {
    const user = kubeconfigAccess([cluster.kubeconfig]).user;
    const pem = (field: string): string => Buffer.from(String(user[field]), 'base64').toString();
    const status = {
      clientCertificateData: pem('client-certificate-data'),
      clientKeyData: pem('client-key-data'),
    };
    // Works like plug-ins that show a page to open: it reads an answer from the terminal that it was
    // promised.
    const login = join(links, 'login.sh');
    await writeFile(join(links, 'credential'), JSON.stringify({ kind: 'ExecCredential', status }));
    await writeFile(
      login,
      `#!/bin/sh\ncase "$KUBERNETES_EXEC_INFO" in *'"interactive":true'*) ;; *) exit 4;; esac\n` +
        `echo 'the word?' >&2; read word; [ "$word" = please ] || exit 5; cat '${join(links, 'credential')}'\n`,
      { mode: 0o755 },
    );
    const file = join(links, 'exec-kubeconfig');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: login, interactiveMode: 'Always' };
    await writeFile(
      file,
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: kubeconfigAccess([cluster.kubeconfig]).cluster }],
        users: [{ name: 'u', user: { exec } }],
      }),
    );
    const command = `kubectl-jtel status --no-color -n ${cluster.namespace}`;
    const { stdout } = await tryRun(['script', '-qec', command, '/dev/null'], {
      env: { ...bundledEnv, KUBECONFIG: file },
      input: 'please\n',
    });
    expect(stdout).toContain('the word?');
    expect(stdout).toMatch(/acme +3\.43\.2/);
  });
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

it('says its version without a cluster, and that there is none', async () => {
  const nowhere = { env: { ...env, KUBECONFIG: '/nonexistent' } };
  const line = /^kubectl-jtel \d+\.\d+\.\d+/;
  expect(await run(['kubectl-jtel', 'version', '--client'], nowhere)).toMatch(line);
  const { code, stdout, stderr } = await tryRun(['kubectl-jtel', 'version'], nowhere);
  expect({ code, stdout }).toEqual({ code: 2, stdout: expect.stringMatching(line) as string });
  expect(stderr).toContain('cannot be read');
});

it('ends quietly when nobody reads on', async () => {
  const { code, stderr } = await tryRun(
    ['bash', '-c', 'kubectl-jtel --help | head -1; exit ${PIPESTATUS[0]}'],
    { env },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
