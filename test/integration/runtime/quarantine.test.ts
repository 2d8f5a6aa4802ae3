import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Controller,
  findCondition,
  Informer,
  Quarantine,
  silentLogger,
  type Condition,
} from '../../../runtime/index.ts';
import { call, createNamespace, openCluster, type TestCluster } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait.ts';
import { installWidgets, widget, widgets } from '../../support/widgets.ts';

const freedBy = 'test.jtel.de/ask-again';
const bad = 'bad';

describe('an object that is put aside, on a real API server', () => {
  let cluster: TestCluster;
  let namespace: string;

  beforeAll(async () => {
    cluster = await openCluster('quarantine');
    await installWidgets(cluster.client);
    namespace = await createNamespace(cluster.client, 'quarantine');
  });
  afterAll(async () => cluster.close());

  /** A process with one controller. Its looks at the bad object fail; each look is noted. */
  function start(looks: string[]): () => Promise<void> {
    const { client, connection } = cluster;
    const stop = new AbortController();
    const informer = new Informer(widgets, { connection, namespaces: [namespace], logger: silentLogger });
    const controller = new Controller({
      name: 'widget',
      store: informer.store,
      logger: silentLogger,
      queue: { baseDelaySeconds: 0.02, maxDelaySeconds: 0.1 },
      quarantine: new Quarantine({
        kind: widgets,
        store: informer.store,
        cluster: client,
        events: { record: () => undefined },
        clock: () => new Date(),
        freedBy,
        limits: { failures: 3, firstPauseSeconds: 3600 },
      }),
      reconciler: {
        reconcile: async ({ name }) => {
          looks.push(name);
          if (name === bad) throw new Error('always');
        },
      },
    });
    const running = Promise.all([
      informer.run(stop.signal),
      informer.synced(stop.signal).then(() => controller.run(stop.signal)),
    ]);
    return async () => {
      stop.abort();
      await running;
    };
  }

  const condition = async (): Promise<Condition | undefined> => {
    const { status } = await cluster.client.get(widgets, { namespace, name: bad }, call());
    return findCondition(status?.conditions, 'Quarantined');
  };

  it('is left alone by the next process too, until its annotation changes', async () => {
    const first: string[] = [];
    await cluster.client.create(widgets, widget(namespace, bad), call());
    const stopFirst = start(first);
    await waitFor('the condition', condition);
    await stopFirst();
    expect(first).toEqual([bad, bad, bad]);

    const second: string[] = [];
    const stopSecond = start(second);
    await cluster.client.create(widgets, widget(namespace, 'good'), call());
    await waitFor('the other object', () => second.includes('good'));
    expect(second).not.toContain(bad);

    const live = await cluster.client.get(widgets, { namespace, name: bad }, call());
    const when = new Date(Date.now() + 1000).toISOString();
    await cluster.client.patchAnnotations(widgets, live, { [freedBy]: when }, call());
    await waitFor('looks', () => second.includes(bad));
    await stopSecond();
  });
});
