/**
 * `kubectl jtel web` against a real API server: a page with the rights of whoever calls it, of what is there
 * now, and no longer than the command runs.
 */
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { stackKind } from '../../../crds/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import type { About, StackDetail } from '../../../web/protocol.ts';
import { call, createNamespace, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { PageReader } from '../../support/page-reader.ts';
import { kubectlJtel, type PluginOptions, type PluginRun } from '../../support/plugin.ts';
import { changeStack, storeStack } from '../../support/stored-stacks.ts';
import { kubeconfigOfUser, mayListIn, untilMay, type TestUser } from '../../support/users.ts';
import { waitFor } from '../../support/wait.ts';
import { openTab } from '../../support/web/browsing.ts';
import { startChromium } from '../../support/web/chromium.ts';

let cluster: TestCluster;
let other: string;
let kubectl: Kubectl;
beforeAll(async () => {
  cluster = await openCluster('web');
  await installCRDs(cluster.client);
  other = await createNamespace(cluster.client, 'web-other');
  kubectl = await Kubectl.find(cluster.kubeconfig);
  for (const namespace of [cluster.namespace, other])
    await storeStack(cluster.client, namespace, { name: 'main' });
});
afterAll(async () => {
  await kubectl.run(['delete', 'namespace', other, '--wait=false']);
  await cluster.close();
});

interface Served {
  /** As it is printed, with its token. */
  readonly url: string;
  /** Ctrl-C. */
  end(): Promise<PluginRun>;
}

interface Page extends Served {
  readonly reader: PageReader;
}

/** Calls the command. */
async function serve(argv: readonly string[], options: PluginOptions): Promise<Served> {
  const stop = new AbortController();
  const printed = Promise.withResolvers<string>();
  const running = kubectlJtel(['web', ...argv], {
    ...options,
    signal: stop.signal,
    onOutput: (text) => {
      if (text.includes('\n')) printed.resolve(text.trim());
    },
  });
  const url = await Promise.race([
    printed.promise,
    running.then(({ err }) => Promise.reject(new Error(`it ended: ${err}`))),
  ]);
  const end = async (): Promise<PluginRun> => {
    stop.abort(new Error('SIGINT received'));
    return await running;
  };
  onTestFinished(async () => void (await end()));
  return { url, end };
}

/** Calls the command, and opens the page by the address that it prints; waits until everything was read. */
async function openPage(kubeconfig: string, ...argv: string[]): Promise<Page> {
  const served = await serve(['--no-open', ...argv], { kubeconfig });
  const reader = new PageReader(served.url.replace(/#.*/, ''));
  await reader.signIn(served.url.replace(/^.*#token=/, ''));
  onTestFinished(() => reader.close());
  await waitFor('each kind of each context to be read', async () => {
    const { contexts } = (await (await reader.get('api/session')).json()) as About;
    return contexts.every(({ synced }) => synced);
  });
  return { ...served, reader };
}

/** One kubeconfig with a context for each, by name; the first is the current one. */
async function kubeconfigOfAll(users: Readonly<Record<string, TestUser>>): Promise<string> {
  const configs = await Promise.all(
    Object.entries(users).map(async ([name, { kubeconfig, token, namespace }]) => {
      const { clusters } = parse(await readFile(kubeconfig, 'utf8')) as {
        readonly clusters: readonly { readonly name: string }[];
      };
      const context = { cluster: clusters[0]?.name, user: name, namespace };
      return { name, clusters, user: { name, user: { token } }, context: { name, context } };
    }),
  );
  const file = join(await temporaryDirectory(), 'kubeconfig');
  const [first] = configs;
  const all = {
    clusters: first?.clusters,
    users: configs.map(({ user }) => user),
    contexts: configs.map(({ context }) => context),
    'current-context': first?.name,
  };
  await writeFile(file, stringify({ apiVersion: 'v1', kind: 'Config', ...all }), { mode: 0o600 });
  return file;
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'web-test-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** A program in place of the desktop's, which notes what it was called with. */
async function desktop(): Promise<string> {
  const directory = await temporaryDirectory();
  const program = join(directory, 'xdg-open');
  await writeFile(
    program,
    `#!/bin/sh\nprintf '%s\\n' "$@" >'${directory}/new' && mv '${directory}/new' '${directory}/called'\n`,
  );
  await chmod(program, 0o755);
  vi.stubEnv('PATH', `${directory}:${process.env['PATH']}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return join(directory, 'called');
}

describe('kubectl jtel web', () => {
  it('shows a change without being asked again, and ends when it is told to', async () => {
    const { reader, end } = await openPage(cluster.kubeconfig, '-n', cluster.namespace);
    await reader.until(({ stacks }) => stacks.has(`${cluster.namespace}/main`));
    const stack = await cluster.client.get(stackKind, { namespace: cluster.namespace, name: 'main' }, call());
    await changeStack(cluster.client, stack, {}, { phase: 'Degraded', message: 'The disk is full.' });
    await reader.until(({ stacks }) => stacks.get(`${cluster.namespace}/main`)?.phase === 'Degraded');
    expect(reader.stacks.get(`${cluster.namespace}/main`)).toMatchObject({
      verdict: 'Bad',
      message: 'The disk is full.',
    });
    const { code, err } = await end();
    expect([code, err]).toEqual([0, expect.stringContaining('Ctrl-C ends it')]);
    expect(reader.ended).toMatchObject({ reason: 'Stopped' });
    await expect(reader.get('api/session')).rejects.toThrow('fetch failed');
  });

  it('shows nobody else anything', async () => {
    const { reader } = await openPage(cluster.kubeconfig, '-n', cluster.namespace);
    const stranger = new PageReader(reader.address);
    expect((await stranger.get('api/session')).status).toBe(401);
    expect((await stranger.get(`api/stacks/${cluster.namespace}/main/detail`)).status).toBe(401);
    await expect(stranger.signIn('guessed')).rejects.toThrow('401');
  });

  it('has the detail of a stack, and what there is of its history and events', async () => {
    const { reader } = await openPage(cluster.kubeconfig, '-n', cluster.namespace);
    await reader.until(({ stacks }) => stacks.size > 0);
    await kubectl.apply([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: 'main.1', namespace: cluster.namespace },
        eventTime: '2026-03-01T03:00:00.000000Z',
        reportingController: 'jtel.de/operator',
        reportingInstance: 'test',
        action: 'Check',
        reason: 'DiskFull',
        note: 'The disk is full.',
        type: 'Warning',
        regarding: {
          apiVersion: 'jtel.de/v1alpha1',
          kind: 'JtelStack',
          namespace: cluster.namespace,
          name: 'main',
        },
      },
    ]);
    const answer = await reader.get(`api/stacks/${cluster.namespace}/main/detail`);
    const detail = (await answer.json()) as StackDetail;
    expect(detail.events).toMatchObject({ items: [{ reason: 'DiskFull', type: 'Warning' }] });
    expect(detail.history).toMatchObject({ items: [{ revision: 1 }] });
    expect(detail.commands[0]?.command).toBe(`kubectl jtel status main -o wide -n ${cluster.namespace}`);
    expect((await reader.get(`api/stacks/${other}/main/detail`)).status).toBe(404);
  });

  it('shows only what its user may list, and says what not', async () => {
    const user = await kubeconfigOfUser(kubectl, cluster.namespace, 'one-namespace');
    await mayListIn(kubectl, user, cluster.namespace, ['jtelstacks', 'jtelbackups', 'jtelrestores']);
    const { reader } = await openPage(user.kubeconfig, '-A', '-n', cluster.namespace);
    await reader.until(({ stacks }) => stacks.size > 0);
    expect([...reader.stacks.keys()]).toEqual([`${cluster.namespace}/main`]);
    const about = (await (await reader.get('api/session')).json()) as About;
    expect(about.user).toBe(user.name);
    expect(about.contexts).toMatchObject([{ namespaces: [cluster.namespace] }]);
    expect(about.limits.map(({ what }) => what).toSorted()).toEqual(['stacks', 'stores']);
    const detail = (await (
      await reader.get(`api/stacks/${cluster.namespace}/main/detail`)
    ).json()) as StackDetail;
    expect(detail.events).toEqual({ absent: `You may not list events in namespace ${cluster.namespace}.` });
  });

  it('needs no more than `jtel-view` beside the role `view` of a Kubernetes that lacks events.k8s.io in it', async () => {
    const { namespace } = cluster;
    const viewer = await kubeconfigOfUser(kubectl, namespace, 'by-role');
    const { rules } = await kubectl.json<{ readonly rules: readonly { readonly apiGroups: string[] }[] }>([
      'get',
      'clusterrole',
      'system:aggregate-to-view',
    ]);
    const older = rules.filter(({ apiGroups }) => !apiGroups.includes('events.k8s.io'));
    const group = 'rbac.authorization.k8s.io';
    const bind = (kind: string, role: string): object => ({
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name: `by-role-${role}`, namespace },
      roleRef: { apiGroup: group, kind, name: role },
      subjects: [{ kind: 'ServiceAccount', name: viewer.serviceAccount, namespace }],
    });
    const role = { apiVersion: `${group}/v1`, kind: 'Role', metadata: { name: 'older-view', namespace } };
    await kubectl.apply([{ ...role, rules: older }, bind('Role', 'older-view')]);
    const viewing = { verb: 'list', namespace };
    const asViewer = [`--as=${viewer.name}`];
    await untilMay(kubectl, asViewer, { ...viewing, resource: 'controllerrevisions.apps' });
    const ofEvents = ['auth', 'can-i', 'list', 'events.events.k8s.io', ...asViewer, '-n', namespace];
    expect((await kubectl.tryRun(ofEvents)).stdout.trim()).toBe('no');
    await kubectl.run(['apply', '--server-side', '-f', 'deploy/access/users.yaml']);
    await kubectl.apply([bind('ClusterRole', 'jtel-view')]);
    await untilMay(kubectl, asViewer, { ...viewing, resource: 'jtelbackupstores.jtel.de' });
    const { reader } = await openPage(viewer.kubeconfig, '-n', namespace);
    await reader.until(({ stacks }) => stacks.size > 0);
    const about = (await (await reader.get('api/session')).json()) as About;
    expect(about.limits).toEqual([]);
    const detail = (await (await reader.get(`api/stacks/${namespace}/main/detail`)).json()) as StackDetail;
    for (const part of [detail.backups, detail.restores, detail.history, detail.events])
      expect(part).toHaveProperty('items');
  });

  it('does not begin for somebody who may list nothing', async () => {
    const user = await kubeconfigOfUser(kubectl, cluster.namespace, 'nobody');
    const { code, err } = await kubectlJtel(['web', '--no-open', '-A'], { kubeconfig: user.kubeconfig });
    expect([code, err]).toEqual([1, expect.stringContaining('you may not list jtelstacks in any namespace')]);
  });
});

describe('kubectl jtel web with several contexts', () => {
  it('shows the stacks of all, each with the rights of its own context', async () => {
    const kinds = ['jtelstacks', 'jtelbackups', 'jtelrestores', 'jtelbackupstores'];
    const [first, second] = await Promise.all(
      [cluster.namespace, other].map((namespace) => kubeconfigOfUser(kubectl, namespace, 'of-context')),
    );
    if (first === undefined || second === undefined) throw new Error('no users');
    await mayListIn(kubectl, first, first.namespace, kinds);
    await mayListIn(kubectl, second, second.namespace, ['jtelstacks']);
    // Names of contexts may have slashes, as those of EKS do.
    const config = await kubeconfigOfAll({ 'prod-eu': first, 'arn:aws:eks:us:1:cluster/prod': second });
    const { reader } = await openPage(config, 'prod-eu', 'arn:aws:eks:us:1:cluster/prod');
    await reader.until(({ stacks }) => stacks.size === 2);
    expect([...reader.stacks.keys()].toSorted()).toEqual([
      `arn:aws:eks:us:1:cluster/prod/${second.namespace}/main`,
      `prod-eu/${first.namespace}/main`,
    ]);
    const about = (await (await reader.get('api/session')).json()) as About;
    expect(about.contexts).toMatchObject([
      { name: 'prod-eu', namespaces: [first.namespace], synced: true },
      { name: 'arn:aws:eks:us:1:cluster/prod', namespaces: [second.namespace], synced: true },
    ]);
    expect(new Set(about.limits.map(({ context }) => context))).toEqual(
      new Set(['arn:aws:eks:us:1:cluster/prod']),
    );
    const detail = async (context: string, namespace: string): Promise<Response> =>
      await reader.get(`api/stacks/${namespace}/main/detail?${new URLSearchParams({ context }).toString()}`);
    const ofFirst = (await (await detail('prod-eu', first.namespace)).json()) as StackDetail;
    expect(ofFirst.backups).toEqual({ items: [], more: 0 });
    expect(ofFirst.commands[0]?.command).toContain('--context prod-eu');
    const ofSecond = (await (
      await detail('arn:aws:eks:us:1:cluster/prod', second.namespace)
    ).json()) as StackDetail;
    expect(ofSecond.backups).toHaveProperty('absent');
    // A stack of one context is none of another, whose rights do not reach it.
    expect((await detail('prod-eu', second.namespace)).status).toBe(404);
    expect((await detail('', first.namespace)).status).toBe(404);
  });

  it('does not begin if one of them may list nothing, and says which', async () => {
    const known = await kubeconfigOfUser(kubectl, cluster.namespace, 'known');
    await mayListIn(kubectl, known, known.namespace, ['jtelstacks']);
    const stranger = await kubeconfigOfUser(kubectl, other, 'stranger');
    const kubeconfig = await kubeconfigOfAll({ known, stranger });
    const { code, err } = await kubectlJtel(['web', '--no-open', 'known', 'stranger'], { kubeconfig });
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`may not list jtelstacks in namespace ${other}`),
    ]);
  });
});

describe('the browser that kubectl jtel web starts', () => {
  it('comes to the page without the token in an argument', async () => {
    const called = await desktop();
    const options = { kubeconfig: cluster.kubeconfig, columns: 100 };
    const { url, end } = await serve(['-n', cluster.namespace], options);
    await waitFor('the browser to be called', () => stat(called).then(Boolean, () => false));
    const [address = '', ...more] = (await readFile(called, 'utf8')).trim().split('\n');
    expect(more).toEqual([]);
    const token = url.replace(/^.*#token=/, '');
    expect(address).toMatch(/^file:\/\/\/.*\.html$/);
    expect(address).not.toContain(token);
    const file = fileURLToPath(address);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const browser = await startChromium();
    try {
      await using tab = await openTab(browser, address);
      await tab.page.locator('tbody tr', { hasText: 'main' }).waitFor();
      expect(tab.page.url()).toBe(`${url.replace(/#.*/, '')}#/stacks`);
    } finally {
      await browser.close();
    }
    expect((await end()).code).toBe(0);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['is not started if asked not to', ['--no-open'], { columns: 100 }],
    ['is not started if nobody is at a terminal', [], {}],
  ] as const)('%s', async (_, argv, options) => {
    const called = await desktop();
    const { end } = await serve([...argv, '-n', cluster.namespace], {
      kubeconfig: cluster.kubeconfig,
      ...options,
    });
    const { err } = await end();
    expect(err).not.toContain('browser');
    await expect(stat(called)).rejects.toThrow('ENOENT');
  });

  it('need not be there: the address is printed', async () => {
    vi.stubEnv('PATH', await temporaryDirectory());
    onTestFinished(() => void vi.unstubAllEnvs());
    const options = { kubeconfig: cluster.kubeconfig, columns: 100 };
    const { url, end } = await serve(['-n', cluster.namespace], options);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=/);
    expect((await end()).err).toContain('no browser could be started');
  });
});
