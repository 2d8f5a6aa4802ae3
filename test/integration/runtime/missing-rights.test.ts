/** What a real API server says to a caller without rights: each verb and resource is read from its answer. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stackKind } from '../../../crds/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { missingRight } from '../../../runtime/client/api-error.ts';
import {
  ClusterClient,
  KubeConnection,
  SecretRegistry,
  configMaps,
  secrets,
} from '../../../runtime/index.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { kubeconfigOfUser } from '../../support/users.ts';

let cluster: TestCluster;
let connection: KubeConnection;
let client: ClusterClient;
const seen: unknown[] = [];

beforeAll(async () => {
  cluster = await openCluster('rights');
  await installCRDs(cluster.client);
  const user = await kubeconfigOfUser(await Kubectl.find(cluster.kubeconfig), cluster.namespace, 'nobody');
  connection = await KubeConnection.load({ userAgent: 'jtel-test', files: [user.kubeconfig] });
  client = new ClusterClient({
    connection,
    fieldManager: 'jtel-test',
    secrets: new SecretRegistry(),
    observe: ({ error }) => seen.push(missingRight(error)),
  });
});
afterAll(async () => {
  await connection?.close();
  await cluster?.close();
});

it('of each kind of call', async () => {
  const key = { namespace: cluster.namespace, name: 'acme' };
  const metadata = { ...key, uid: 'u', resourceVersion: '1' };
  const calls: readonly (readonly [() => Promise<unknown>, string, string])[] = [
    [() => client.clusterID(call()), 'get', 'namespaces'],
    [() => client.list(stackKind, {}, call()), 'list', 'jtelstacks.jtel.de'],
    [() => client.getSecret(key.namespace, key.name, call()), 'get', 'secrets'],
    [() => client.create(configMaps, { metadata: key }, call()), 'create', 'configmaps'],
    [() => client.delete(secrets, key, {}, call()), 'delete', 'secrets'],
    [() => client.applyStatus(stackKind, key, {}, {}, call()), 'patch', 'jtelstacks/status.jtel.de'],
    [() => client.replace(configMaps, { metadata }, call()), 'update', 'configmaps'],
  ];
  for (const [refused, verb, resource] of calls) {
    await expect(refused()).rejects.toMatchObject({ status: 403 });
    expect(seen.at(-1)).toEqual({ verb, resource });
  }
});
