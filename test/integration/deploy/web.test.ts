/** The operator's own page against a real API server: whom it lets in, and what each of them sees. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backupKind, restoreKind, stackKind, storeKind } from '../../../crds/index.ts';
import { serveWeb, type ServedPage, type WebConfig } from '../../../operator/web/serve.ts';
import { Informer } from '../../../runtime/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import type { About, StackDetail } from '../../../web/protocol.ts';
import { createNamespace, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { PageReader } from '../../support/page-reader.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { storeStack } from '../../support/stored-stacks.ts';
import { kubeconfigOfUser, mayListIn, untilMay, type TestUser } from '../../support/users.ts';

const stop = new AbortController();
const secret = 'a secret of the proxy and the operator';
let cluster: TestCluster;
let other: string;
let kubectl: Kubectl;
let user: TestUser;
let withTokens: ServedPage;
let behindProxy: ServedPage;

beforeAll(async () => {
  cluster = await openCluster('page');
  await installCRDs(cluster.client);
  other = await createNamespace(cluster.client, 'page-other');
  kubectl = await Kubectl.find(cluster.kubeconfig);
  user = await kubeconfigOfUser(kubectl, cluster.namespace, 'viewer');
  await mayListIn(kubectl, user, cluster.namespace, ['jtelstacks', 'jtelbackups']);
  const namespaces = [cluster.namespace, other];
  for (const namespace of namespaces) await storeStack(cluster.client, namespace, { name: 'main' });
  const { connection, client } = cluster;
  const options = { connection, namespaces, logger: new RecordingLogger() };
  const informers = {
    stacks: new Informer(stackKind, options),
    stores: new Informer(storeKind, options),
    backups: new Informer(backupKind, options),
    restores: new Informer(restoreKind, options),
  };
  const { stacks, stores, backups, restores } = informers;
  const all = [stacks, stores, backups, restores];
  for (const informer of all) void informer.run(stop.signal);
  const caches = {
    stacks: stacks.store,
    stores: stores.store,
    backups: backups.store,
    restores: restores.store,
  };
  const synced = Promise.all(all.map((informer) => informer.synced(stop.signal)));
  await synced;
  const serve = (config: Omit<WebConfig, 'port' | 'hosts'>): Promise<ServedPage> =>
    serveWeb(
      { port: 0, hosts: [], ...config },
      { cluster: client, connection, caches, namespaces, synced, logger: options.logger },
    );
  withTokens = await serve({});
  behindProxy = await serve({
    proxy: { userHeader: 'x-user', groupsHeader: 'x-groups', secretHeader: 'x-secret', secret },
  });
});

afterAll(async () => {
  await withTokens.close();
  await behindProxy.close();
  stop.abort();
  await kubectl.run(['delete', 'namespace', other, '--wait=false']);
  await cluster.close();
});

const pageOf = ({ port }: ServedPage, headers: Record<string, string> = {}): PageReader =>
  new PageReader(`http://127.0.0.1:${port}/`, headers);

test('a token of the cluster shows what its user may list, and each part of a stack by its own right', async () => {
  const page = pageOf(withTokens);
  expect((await page.get('api/session')).status).toBe(401);
  await expect(page.signIn('wrong')).rejects.toThrow('401');
  await page.signIn(user.token);
  await page.until(({ stacks }) => stacks.size > 0);
  expect([...page.stacks.keys()]).toEqual([`${cluster.namespace}/main`]);
  const about = (await (await page.get('api/session')).json()) as About;
  expect(about).toMatchObject({
    user: user.name,
    page: expect.stringMatching(/^page-[0-9a-f]{12}\.js$/),
    servedBy: 'Operator',
    contexts: [{ namespaces: [cluster.namespace], synced: true }],
  });
  expect(JSON.stringify(about)).not.toContain(other);
  expect((await page.get(`api/stacks/${other}/main/detail`)).status).toBe(404);
  const detail = (await (
    await page.get(`api/stacks/${cluster.namespace}/main/detail`)
  ).json()) as StackDetail;
  expect(detail.backups).toEqual({ items: [], more: 0 });
  for (const part of [detail.restores, detail.events]) expect(part).toHaveProperty('absent');
  expect(detail.planAbsent).toBeDefined();
  page.close();
});

test('the role `view` of the cluster is enough for a stack with its history and events', async () => {
  const { namespace } = cluster;
  await kubectl.run(['apply', '--server-side', '-f', 'deploy/access/users.yaml']);
  const viewer = await kubeconfigOfUser(kubectl, namespace, 'by-role');
  // The controller that makes one role of these two is not there.
  for (const role of ['system:aggregate-to-view', 'jtel-view'])
    await kubectl.apply([
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: `by-role-${role.split(':').pop()}`, namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', name: viewer.serviceAccount, namespace }],
      },
    ]);
  // Answers are kept for 30 s, also one from before the API server knew of the binding.
  for (const resource of ['jtelrestores.jtel.de', 'controllerrevisions.apps', 'events'])
    await untilMay(kubectl, [`--as=${viewer.name}`], { verb: 'list', resource, namespace });
  const page = pageOf(withTokens);
  await page.signIn(viewer.token);
  const answer = await page.get(`api/stacks/${namespace}/main/detail`);
  const detail = (await answer.json()) as StackDetail;
  for (const part of [detail.backups, detail.restores, detail.history, detail.events])
    expect(part).toHaveProperty('items');
});

test('a proxy names people, whose groups have the rights', async () => {
  await kubectl.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'ops', namespace: other },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', name: 'ops', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ]);
  // Answers are kept for 30 s, also one from before the API server knew of the binding.
  const right = { verb: 'list', resource: 'jtelstacks.jtel.de', namespace: other };
  await untilMay(kubectl, ['--as=eve', '--as-group=ops'], right);
  const eve = { 'x-user': 'eve', 'x-groups': 'ops' };
  const page = pageOf(behindProxy, { ...eve, 'x-secret': secret });
  await page.until(({ stacks }) => stacks.size > 0);
  expect([...page.stacks.keys()]).toEqual([`${other}/main`]);
  page.close();
  for (const headers of [eve, { ...eve, 'x-secret': 'guessed' }, { authorization: `Bearer ${user.token}` }])
    expect((await pageOf(behindProxy, headers).get('api/session')).status).toBe(401);
  const masters = { 'x-user': 'eve', 'x-groups': 'system:masters', 'x-secret': secret };
  expect((await pageOf(behindProxy, masters).get('api/session')).status).toBe(401);
});
