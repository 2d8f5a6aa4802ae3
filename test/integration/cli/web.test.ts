/**
 * `kubectl jtel web` against a real API server: a page with the rights of whoever calls it, of what is there
 * now, and no longer than the command runs.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { stackKind } from '../../../crds/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import type { About, StackDetail } from '../../../web/protocol.ts';
import { call, createNamespace, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { PageReader } from '../../support/page-reader.ts';
import { kubectlJtel, type PluginRun } from '../../support/plugin.ts';
import { changeStack, storeStack } from '../../support/stored-stacks.ts';
import { kubeconfigOfUser, mayListIn } from '../../support/users.ts';

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

interface Page {
  readonly reader: PageReader;
  /** Ctrl-C. */
  end(): Promise<PluginRun>;
}

/** Calls the command, and opens the page by the address that it prints. */
async function openPage(kubeconfig: string, ...argv: string[]): Promise<Page> {
  const stop = new AbortController();
  const printed = Promise.withResolvers<string>();
  const running = kubectlJtel(['web', '--no-open', ...argv], {
    kubeconfig,
    signal: stop.signal,
    onOutput: (text) => {
      if (text.includes('\n')) printed.resolve(text.trim());
    },
  });
  const url = await Promise.race([
    printed.promise,
    running.then(({ err }) => Promise.reject(new Error(`it ended: ${err}`))),
  ]);
  const reader = new PageReader(url.replace(/#.*/, ''));
  await reader.signIn(url.replace(/^.*#token=/, ''));
  const end = async (): Promise<PluginRun> => {
    stop.abort(new Error('SIGINT received'));
    return await running;
  };
  onTestFinished(async () => {
    reader.close();
    await end();
  });
  return { reader, end };
}

describe('kubectl jtel web', () => {
  it('shows a change within a second, and ends when it is told to', async () => {
    const { reader, end } = await openPage(cluster.kubeconfig, '-n', cluster.namespace);
    await reader.until(({ stacks }) => stacks.has(`${cluster.namespace}/main`), 10);
    const stack = await cluster.client.get(stackKind, { namespace: cluster.namespace, name: 'main' }, call());
    await changeStack(cluster.client, stack, {}, { phase: 'Degraded', message: 'The disk is full.' });
    await reader.until(({ stacks }) => stacks.get(`${cluster.namespace}/main`)?.phase === 'Degraded', 1);
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
    await reader.until(({ stacks }) => stacks.size > 0, 10);
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
    await reader.until(({ stacks }) => stacks.size > 0, 10);
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

  it('does not begin for somebody who may list nothing', async () => {
    const user = await kubeconfigOfUser(kubectl, cluster.namespace, 'nobody');
    const { code, err } = await kubectlJtel(['web', '--no-open', '-A'], { kubeconfig: user.kubeconfig });
    expect([code, err]).toEqual([1, expect.stringContaining('you may not list jtelstacks in any namespace')]);
  });
});
