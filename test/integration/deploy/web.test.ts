/** The operator's own page against a real API server: whom it lets in, and what each of them sees. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backupKind, operatorName, restoreKind, stackKind, storeKind } from '../../../crds/index.ts';
import { serveWeb, type ServedPage, type WebConfig } from '../../../operator/web/serve.ts';
import { ClusterClient, Informer, KubeConnection, SecretRegistry } from '../../../runtime/index.ts';
import { Sandbox } from '../../../sandbox/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import type { About, StackDetail } from '../../../web/protocol.ts';
import { createNamespace, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { PageReader } from '../../support/page-reader.ts';
import { rightsGranted, rightsOf, rulesIn } from '../../support/rights.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { storeStack } from '../../support/stored-stacks.ts';
import { kubeconfigOfUser, mayListIn, untilMay, type TestUser } from '../../support/users.ts';

const stop = new AbortController();
const secret = 'a secret of the proxy and the operator';
let cluster: TestCluster;
let other: string;
let kubectl: Kubectl;
let user: TestUser;
/** Serves the page. Has the rights of the operator, and those that the page brings. */
let server: TestUser;
let connection: KubeConnection;
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
  server = await kubeconfigOfUser(kubectl, cluster.namespace, 'server');
  await mayServe(namespaces);
  connection = await KubeConnection.load({ userAgent: operatorName, files: [server.kubeconfig] });
  const client = new ClusterClient({
    connection,
    fieldManager: operatorName,
    secrets: new SecretRegistry(),
  });
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
  await connection.close();
  await kubectl.run(['delete', 'clusterrole,clusterrolebinding', `page-${cluster.namespace}`]);
  await kubectl.run(['delete', 'namespace', other, '--wait=false']);
  await cluster.close();
});

const webTemplate = ['charts/jtel-operator/templates/access', 'web.yaml'] as const;

/** Gives the server what the chart gives the operator with web.enabled, in these namespaces. */
async function mayServe(namespaces: readonly string[]): Promise<void> {
  const rules = [...(await rulesIn('deploy/access', 'stacks.yaml')), ...(await rulesIn(...webTemplate))];
  const ofCluster = new Set(['tokenreviews', 'subjectaccessreviews']);
  const isOfCluster = ({ resources }: { readonly resources: readonly string[] }): boolean =>
    resources.some((resource) => ofCluster.has(resource));
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const name = `page-${cluster.namespace}`;
  const subjects = [{ kind: 'ServiceAccount', name: server.serviceAccount, namespace: server.namespace }];
  const bound = (kind: 'Role' | 'ClusterRole') => ({
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects,
  });
  await kubectl.apply([
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules: rules.filter(isOfCluster) },
    { apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, ...bound('ClusterRole') },
    ...namespaces.flatMap((namespace) => [
      {
        apiVersion,
        kind: 'Role',
        metadata: { name, namespace },
        rules: rules.filter((rule) => !isOfCluster(rule)),
      },
      { apiVersion, kind: 'RoleBinding', metadata: { name, namespace }, ...bound('Role') },
    ]),
  ]);
  for (const namespace of namespaces)
    for (const resource of ['events.events.k8s.io', 'jtelrestores.jtel.de'])
      await untilMay(kubectl, [`--as=${server.name}`], { verb: 'list', resource, namespace });
}

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

test('the page has used every right that its roles give, and beyond those of the operator no other', async () => {
  const sandbox = await Sandbox.attach(process.env['JTEL_SANDBOX'] || 'test');
  const used = await sandbox.controlPlane.rightsUsed(server.name, operatorName);
  const ofOperator = await rightsGranted('stacks.yaml');
  expect([...used].filter((right) => !ofOperator.has(right)).toSorted()).toEqual(
    [...rightsOf(await rulesIn(...webTemplate))].toSorted(),
  );
});
