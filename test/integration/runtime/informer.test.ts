import { Registry } from '@prometheus-io/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { watchOnce } from '../../../runtime/cache/watch-once.ts';
import {
  Informer,
  RuntimeMetrics,
  silentLogger,
  type Change,
  type InformerOptions,
} from '../../../runtime/index.ts';
import { call, createNamespace, openCluster, openProxied, type TestCluster } from '../../support/cluster.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import type { TcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { installWidgets, widget, widgets, type Widget } from '../../support/widgets.ts';

describe('an informer on a real API server', () => {
  let cluster: TestCluster;
  let proxied: Awaited<ReturnType<typeof openProxied>>;
  let proxy: TcpProxy;
  let namespace: string;
  let stop: AbortController;
  let running: Promise<void>[];

  beforeAll(async () => {
    cluster = await openCluster('informer');
    await installWidgets(cluster.client);
  });
  afterAll(async () => cluster.close());
  beforeEach(async () => {
    namespace = await createNamespace(cluster.client, 'informer');
    proxied = await openProxied(cluster.kubeconfig);
    proxy = proxied.proxy;
    stop = new AbortController();
    running = [];
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running);
    await proxied.connection.close();
    await proxy.close();
  });

  async function start(
    options: Partial<InformerOptions> = {},
  ): Promise<{ informer: Informer<Widget>; changes: string[] }> {
    const informer = new Informer(widgets, {
      connection: proxied.connection,
      namespaces: [namespace],
      logger: silentLogger,
      maxDelaySeconds: 0.3,
      ...options,
    });
    const changes: string[] = [];
    informer.store.onChange((change: Change<Widget>) =>
      changes.push(`${change.type} ${change.key.name} ${change.object.spec?.size}`),
    );
    running.push(informer.run(stop.signal));
    await informer.synced(call().signal);
    return { informer, changes };
  }

  const create = (name: string, size = 1): Promise<Widget> =>
    cluster.client.create(widgets, widget(namespace, name, { size }), call());
  const resize = (name: string, size: number): Promise<Widget> =>
    cluster.client.apply(widgets, widget(namespace, name, { size }), call());
  const remove = (name: string): Promise<void> =>
    cluster.client.delete(widgets, { namespace, name }, {}, call());

  it('has read all pages when it is synced, without managedFields', async () => {
    for (let i = 0; i < 5; i++) await create(`w${i}`);
    const { informer, changes } = await start({ pageSize: 2 });
    expect(informer.store.synced).toBe(true);
    expect(
      informer.store
        .list()
        .map((object) => object.metadata?.name)
        .toSorted(),
    ).toEqual(['w0', 'w1', 'w2', 'w3', 'w4']);
    expect(JSON.stringify(informer.store.list())).not.toContain('managedFields');
    expect(changes).toHaveLength(5);
  });

  it('hears of additions, changes and deletions in order', async () => {
    const { changes } = await start();
    await create('a', 1);
    await resize('a', 2);
    await remove('a');
    await waitFor('three changes', () => changes.length === 3);
    expect(changes).toEqual(['Added a 1', 'Modified a 2', 'Deleted a 2']);
  });

  it('hears of an object deleted and re-created under its name as of two objects', async () => {
    await create('twin', 1);
    const { changes } = await start();
    proxy.refuse();
    proxy.dropAll();
    await remove('twin');
    await create('twin', 2);
    proxy.accept();
    await waitFor('the new twin', () => changes.includes('Added twin 2'));
    expect(changes).toEqual(['Added twin 1', 'Deleted twin 1', 'Added twin 2']);
  });

  it('loses no change when the connection drops and the server is away for a while', async () => {
    await create('stays', 1);
    await create('goes', 1);
    const { informer, changes } = await start();
    proxy.refuse();
    proxy.dropAll();
    await resize('stays', 7);
    await remove('goes');
    await create('comes', 1);
    proxy.accept();
    await waitFor('all changes', () => changes.length === 5);
    expect(changes.slice(2)).toEqual(['Modified stays 7', 'Deleted goes 1', 'Added comes 1']);
    expect(informer.store.get({ namespace, name: 'stays' })?.spec?.size).toBe(7);
  });

  it('waits for a server that is away at the start', async () => {
    proxy.refuse();
    const informer = new Informer(widgets, {
      connection: proxied.connection,
      namespaces: [namespace],
      logger: silentLogger,
      maxDelaySeconds: 0.3,
    });
    running.push(informer.run(stop.signal));
    await expect(informer.synced(AbortSignal.timeout(300))).rejects.toThrow('timeout');
    proxy.accept();
    await informer.synced(call().signal);
  });

  it('notices a half-open watch and goes on from where it was', async () => {
    const metrics = new RuntimeMetrics(new Registry(), 'jtel_operator_');
    const { changes } = await start({ watchSeconds: 1, silenceGraceSeconds: 1, metrics });
    await create('before');
    await waitFor('a first change', () => changes.length === 1);
    proxy.silence();
    await create('meanwhile');
    proxy.accept();
    await waitFor('the change that the dead watch missed', () => changes.includes('Added meanwhile 1'));
    expect(changes).toEqual(['Added before 1', 'Added meanwhile 1']);
    // A process that stands still for a while finds its own watch silent once more.
    expect(await metrics.registry.metrics()).toMatch(
      /^jtel_operator_watch_restarts_total\{kind="Widget",reason="Silent"\} [1-9]/m,
    );
  });

  it('is not disturbed when the server ends its watches as agreed', async () => {
    const logger = new RecordingLogger();
    const metrics = new RuntimeMetrics(new Registry(), 'jtel_operator_');
    const { changes } = await start({ watchSeconds: 1, logger, metrics });
    for (let i = 1; i <= 3; i++) {
      await create(`w${i}`);
      await waitFor('the change', () => changes.length === i);
      await waitFor('the end of a watch', () => logger.messages('debug').length >= i);
    }
    expect(changes).toEqual(['Added w1 1', 'Added w2 1', 'Added w3 1']);
    expect(logger.messages('warn')).toEqual([]);
    expect(await metrics.registry.metrics()).not.toContain('watch_restarts_total{');
    // One is for calls. Two take turns in watching: the old one is still ending when the new one starts.
    expect(proxy.connections).toBeLessThanOrEqual(3);
  });

  it('repairs by a list what its watch never told', async () => {
    const { informer, changes } = await start({ relistSeconds: 1, watchSeconds: 1 });
    const ghost = widget(namespace, 'ghost', { size: 9 });
    // As after a lost DELETED event: the store holds an object that the server does not have.
    (informer.store as unknown as { put(object: Widget): void }).put({
      ...ghost,
      metadata: { ...ghost.metadata, uid: 'u', resourceVersion: '1' },
    });
    await waitFor('the ghost to go', () => informer.store.get({ namespace, name: 'ghost' }) === undefined);
    expect(changes).toContain('Deleted ghost 9');
  });

  it('watches only the namespaces it is given, and each of them', async () => {
    const second = await createNamespace(cluster.client, 'informer');
    const third = await createNamespace(cluster.client, 'informer');
    const { informer, changes } = await start({ namespaces: [namespace, second] });
    await cluster.client.create(widgets, widget(third, 'unseen'), call());
    await cluster.client.create(widgets, widget(second, 'there'), call());
    await create('here');
    await waitFor('both', () => changes.length === 2);
    expect(informer.store.list(second).map((object) => object.metadata?.name)).toEqual(['there']);
    expect(informer.store.size).toBe(2);
  });

  it('hears from the server that a version is too old', async () => {
    await create('some');
    const end = await watchOnce(
      proxied.connection,
      widgets,
      { namespace, resourceVersion: '1', lastsSeconds: 20, graceSeconds: 5 },
      { changed: () => undefined, deleted: () => undefined, reached: () => undefined },
      stop.signal,
    );
    expect(end).toEqual({ reason: 'Expired' });
  });
});
