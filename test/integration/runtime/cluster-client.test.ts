import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ApiError,
  ClusterClient,
  configMaps,
  isAlreadyExists,
  isConflict,
  isInvalid,
  isNotFound,
  KubeConnection,
  LeadershipLost,
  SecretRegistry,
  secrets,
} from '../../../runtime/index.ts';
import { kubeconfigAccess } from '../../../runtime/client/kubeconfig.ts';
import { call, openCluster, openProxied, type TestCluster } from '../../support/cluster.ts';
import { installWidgets, widget, widgets } from '../../support/widgets.ts';

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('the cluster client', () => {
  let cluster: TestCluster;
  let key: (name: string) => { namespace: string; name: string };

  beforeAll(async () => {
    cluster = await openCluster('client');
    await installWidgets(cluster.client);
    key = (name) => ({ namespace: cluster.namespace, name });
  });
  afterAll(async () => cluster.close());

  it('creates, reads, lists and deletes', async () => {
    const { client, namespace } = cluster;
    const created = await client.create(widgets, widget(namespace, 'one'), call());
    expect(created.metadata?.uid).toBeTruthy();
    expect((await client.get(widgets, key('one'), call())).spec).toEqual({ size: 1 });
    expect(
      (await client.list(widgets, { namespace }, call())).map((object) => object.metadata?.name),
    ).toEqual(['one']);
    await client.delete(widgets, key('one'), {}, call());
    expect(await client.find(widgets, key('one'), call())).toBeUndefined();
    await client.delete(widgets, key('one'), {}, call());
  });

  it('lists page by page and gives built-in objects their kind', async () => {
    const { client, namespace } = cluster;
    for (let i = 0; i < 3; i++)
      await client.apply(configMaps, { metadata: key(`page-${i}`), data: { i: String(i) } }, call());
    const listed = await client.list(configMaps, { namespace }, call());
    expect(listed.filter((map) => map.metadata?.name?.startsWith('page-'))).toHaveLength(3);
    expect(listed[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it('tells what went wrong with which object', async () => {
    const { client, namespace } = cluster;
    await client.create(widgets, widget(namespace, 'twice'), call());

    const missing = await errorOf(client.get(widgets, key('nobody'), call()));
    expect(isNotFound(missing)).toBe(true);
    expect(String(missing)).toContain(`get widgets ${namespace}/nobody`);

    const again = await errorOf(client.create(widgets, widget(namespace, 'twice'), call()));
    expect(isAlreadyExists(again)).toBe(true);
    expect(isConflict(again)).toBe(false);

    const invalid = await errorOf(client.create(widgets, widget(namespace, 'bad', { size: 0 }), call()));
    expect(isInvalid(invalid)).toBe(true);
    expect(String(invalid)).toContain('should be greater than or equal to 1');
  });

  it('deletes only the life of an object that is meant', async () => {
    const { client, namespace } = cluster;
    const first = await client.create(widgets, widget(namespace, 'reborn'), call());
    await client.delete(widgets, key('reborn'), {}, call());
    await client.create(widgets, widget(namespace, 'reborn'), call());
    const uid = first.metadata?.uid ?? '';
    await expect(client.delete(widgets, key('reborn'), { uid }, call())).rejects.toSatisfy(isConflict);
    expect(await client.find(widgets, key('reborn'), call())).toBeDefined();
  });

  it('applies a status, removes what it no longer says, and leaves the spec alone', async () => {
    const { client, namespace } = cluster;
    const { metadata } = await client.create(widgets, widget(namespace, 'status', { size: 3 }), call());
    await client.applyStatus(widgets, key('status'), { phase: 'Busy', detail: 'half way' }, {}, call());
    const after = await client.applyStatus(widgets, key('status'), { phase: 'Ready' }, {}, call());
    expect(after.status).toEqual({ phase: 'Ready' });
    expect(after.spec).toEqual({ size: 3 });
    expect(after.metadata?.generation).toBe(metadata?.generation);
  });

  it('refuses a status made from an older version when asked to lock', async () => {
    const { client, namespace } = cluster;
    const read = await client.create(widgets, widget(namespace, 'locked'), call());
    const resourceVersion = read.metadata?.resourceVersion ?? '';
    await client.applyStatus(
      widgets,
      key('locked'),
      { phase: 'Claimed by the other' },
      { resourceVersion },
      call(),
    );
    await expect(
      client.applyStatus(widgets, key('locked'), { phase: 'Claimed by us' }, { resourceVersion }, call()),
    ).rejects.toSatisfy(isConflict);
    expect((await client.get(widgets, key('locked'), call())).status?.phase).toBe('Claimed by the other');
  });

  it('keeps a status from an object that was re-created under the same name, and from one that is gone', async () => {
    const { client, namespace } = cluster;
    const first = await client.create(widgets, widget(namespace, 'phoenix'), call());
    const uid = first.metadata?.uid ?? '';
    await client.delete(widgets, key('phoenix'), {}, call());
    await expect(
      client.applyStatus(widgets, key('phoenix'), { phase: 'Ready' }, { uid }, call()),
    ).rejects.toBeInstanceOf(ApiError);
    await expect(
      client.applyStatus(widgets, key('phoenix'), { phase: 'Ready' }, {}, call()),
    ).rejects.toSatisfy(isNotFound);
    await client.create(widgets, widget(namespace, 'phoenix'), call());
    await expect(
      client.applyStatus(widgets, key('phoenix'), { phase: 'Ready' }, { uid }, call()),
    ).rejects.toSatisfy(isConflict);
    expect((await client.get(widgets, key('phoenix'), call())).status).toBeUndefined();
  });

  it('sets finalizers and annotations only on the version that was read', async () => {
    const { client, namespace } = cluster;
    const read = await client.create(widgets, widget(namespace, 'meta'), call());
    const marked = await client.patchAnnotations(
      widgets,
      read,
      { 'test.jtel.de/a': '1', 'test.jtel.de/b': '2' },
      call(),
    );
    expect(marked.metadata?.annotations).toEqual({ 'test.jtel.de/a': '1', 'test.jtel.de/b': '2' });
    await expect(client.patchFinalizers(widgets, read, ['test.jtel.de/f'], call())).rejects.toSatisfy(
      isConflict,
    );
    const held = await client.patchFinalizers(widgets, marked, ['test.jtel.de/f'], call());
    expect(held.metadata?.finalizers).toEqual(['test.jtel.de/f']);
    const unmarked = await client.patchAnnotations(widgets, held, { 'test.jtel.de/a': null }, call());
    expect(unmarked.metadata?.annotations).toEqual({ 'test.jtel.de/b': '2' });
    await client.patchFinalizers(widgets, unmarked, [], call());
  });

  it('reads a secret by name and makes its values unspeakable', async () => {
    const { client, namespace } = cluster;
    await client.apply(
      secrets,
      { metadata: key('login'), stringData: { password: 'correct horse', user: 'jtel', empty: '' } },
      call(),
    );
    const values = await client.getSecret(namespace, 'login', call());
    expect(values.get('password')).toBe('correct horse');
    expect(() => values.get('passphrase')).toThrow(
      `secret ${namespace}/login: key "passphrase" is missing; present: empty, password, user`,
    );
    expect(() => values.get('empty')).toThrow('is empty');
    expect(cluster.secrets.redact('login as jtel with correct horse failed')).toBe(
      'login as jtel with [redacted] failed',
    );
    await client.apply(
      secrets,
      { metadata: key('login'), stringData: { password: 'battery staple' } },
      call(),
    );
    expect((await client.getSecret(namespace, 'login', call())).get('password')).toBe('battery staple');
  });

  it('knows the cluster by the uid of kube-system', async () => {
    expect(await cluster.client.clusterID(call())).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('shakes hands once for 200 calls, and at the same time only a few times', async () => {
    const { connection, proxy } = await openProxied(cluster.kubeconfig);
    const client = new ClusterClient({
      connection,
      fieldManager: 'jtel-test',
      secrets: new SecretRegistry(),
    });
    for (let i = 0; i < 200; i++) await client.list(widgets, { namespace: cluster.namespace }, call());
    expect(proxy.connections).toBe(1);
    await Promise.all(
      Array.from({ length: 200 }, () => client.list(widgets, { namespace: cluster.namespace }, call())),
    );
    expect(proxy.connections).toBeLessThanOrEqual(8);
    await connection.close();
    await proxy.close();
  });

  it('does not write when it is fenced off, and still reads', async () => {
    const fenced = cluster.client.fencedBy({ isHeld: () => false });
    await expect(fenced.create(widgets, widget(cluster.namespace, 'late'), call())).rejects.toBeInstanceOf(
      LeadershipLost,
    );
    await expect(
      fenced.applyStatus(widgets, key('late'), { phase: 'Late' }, {}, call()),
    ).rejects.toBeInstanceOf(LeadershipLost);
    expect(await fenced.find(widgets, key('late'), call())).toBeUndefined();
  });

  it('says that the server is not reached, hangs, or that the caller gave up', async () => {
    const { connection, proxy } = await openProxied(cluster.kubeconfig);
    const client = new ClusterClient({
      connection,
      fieldManager: 'jtel-test',
      secrets: new SecretRegistry(),
    });
    await client.get(widgets, key('meta'), call());
    proxy.silence();
    await expect(client.get(widgets, key('meta'), { ...call(), timeoutSeconds: 0.3 })).rejects.toMatchObject({
      status: 0,
      reason: 'Timeout',
    });
    const giveUp = new AbortController();
    const given = client.get(widgets, key('meta'), { signal: giveUp.signal });
    giveUp.abort(new Error('no longer wanted'));
    await expect(given).rejects.toThrow('no longer wanted');
    proxy.refuse();
    proxy.dropAll();
    await expect(client.get(widgets, key('meta'), call())).rejects.toMatchObject({
      status: 0,
      reason: 'Unreachable',
    });
    proxy.accept();
    expect(await client.get(widgets, key('meta'), call())).toBeDefined();
    await connection.close();
    await proxy.close();
  });

  it('names the certificate as the trouble when it is not trusted', async () => {
    const access = kubeconfigAccess([cluster.kubeconfig]);
    const { 'certificate-authority-data': authority, ...distrusting } = access.cluster;
    expect(authority).toBeDefined();
    const connection = await KubeConnection.to({ ...access, cluster: distrusting }, 'jtel-test');
    const client = new ClusterClient({
      connection,
      fieldManager: 'jtel-test',
      secrets: new SecretRegistry(),
    });
    await expect(client.get(widgets, key('meta'), call())).rejects.toThrow(/certificate/i);
    await connection.close();
  });
});
