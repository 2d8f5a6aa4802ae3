import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ClusterClient,
  EventRecorder,
  events,
  formatKey,
  keyOf,
  type EventDetails,
  type EventObject,
  type EventRecorderOptions,
} from '../../../runtime/index.ts';
import { call, openCluster, openProxied, type TestCluster } from '../../support/cluster.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { waitFor } from '../../support/wait.ts';
import { installWidgets, widget, widgets, type Widget } from '../../support/widgets.ts';

const installed: EventDetails = {
  type: 'Normal',
  reason: 'Installed',
  action: 'Install',
  note: 'release 3.43.2 runs',
};

describe('the event recorder', () => {
  let cluster: TestCluster;
  let object: Widget;
  let logger: RecordingLogger;
  let count = 0;

  beforeAll(async () => {
    cluster = await openCluster('events');
    await installWidgets(cluster.client);
  });
  afterAll(async () => cluster.close());
  beforeEach(async () => {
    logger = new RecordingLogger();
    object = await cluster.client.create(widgets, widget(cluster.namespace, `w${count++}`), call());
  });

  function recorder(options: Partial<EventRecorderOptions> = {}): EventRecorder {
    return new EventRecorder({
      cluster: cluster.client,
      reportingController: 'jtel.de/operator',
      reportingInstance: 'pod-1',
      secrets: cluster.secrets,
      logger,
      ...options,
    });
  }

  async function told(): Promise<readonly EventObject[]> {
    const all = await cluster.client.list(events, { namespace: cluster.namespace }, call());
    return all.filter(({ regarding }) => regarding?.uid === object.metadata?.uid);
  }

  it('tells a change of an object, by whom and what was done', async () => {
    const teller = recorder();
    teller.record(widgets, object, installed);
    await teller.close();
    expect(await told()).toMatchObject([
      {
        type: 'Normal',
        reason: 'Installed',
        action: 'Install',
        note: 'release 3.43.2 runs',
        reportingController: 'jtel.de/operator',
        reportingInstance: 'pod-1',
        regarding: {
          apiVersion: 'test.jtel.de/v1',
          kind: 'Widget',
          namespace: cluster.namespace,
          name: object.metadata?.name,
        },
      },
    ]);
    expect(logger.lines).toEqual([]);
  });

  it('counts up the same event instead of telling it again', async () => {
    const teller = recorder({ seriesIntervalSeconds: 0 });
    for (let i = 0; i < 3; i++) teller.record(widgets, object, installed);
    teller.record(widgets, object, { ...installed, note: 'release 3.43.3 runs' });
    await teller.close();
    const list = (await told()).toSorted((a, b) => (a.note ?? '').localeCompare(b.note ?? ''));
    expect(list.map(({ note, series }) => [note, series?.count])).toEqual([
      ['release 3.43.2 runs', 3],
      ['release 3.43.3 runs', undefined],
    ]);
  });

  it('sends a storm of the same event as one', async () => {
    const teller = recorder();
    for (let i = 0; i < 500; i++) teller.record(widgets, object, installed);
    await teller.close();
    expect(await told()).toHaveLength(1);
    expect((await told())[0]?.series).toBeUndefined();
  });

  it('tells it anew after the window', async () => {
    const teller = recorder({ windowSeconds: 0.05 });
    const start = performance.now();
    teller.record(widgets, object, installed);
    await waitFor('the window to pass', () => performance.now() - start > 60, { intervalMilliseconds: 10 });
    teller.record(widgets, object, installed);
    await teller.close();
    expect(await told()).toHaveLength(2);
  });

  it('keeps secrets out, and cuts a note to what the server takes', async () => {
    cluster.secrets.register(`${cluster.namespace}/login`, ['hunter2-hunter2']);
    const teller = recorder();
    teller.record(widgets, object, {
      ...installed,
      note: `login hunter2-hunter2 failed ${'ö'.repeat(2_000)}`,
    });
    await teller.close();
    const [event] = await told();
    expect(event?.note).toMatch(/^login \[redacted\] failed ö+ …$/);
  });

  it('never gets in the way: refused events are only logged', async () => {
    const teller = recorder();
    teller.record(
      widgets,
      { metadata: { ...object.metadata, namespace: 'no-such-namespace', name: 'x' } },
      { ...installed, note: 'nowhere' },
    );
    teller.record(widgets, object, { ...installed, action: '' });
    await teller.flush();
    teller.record(widgets, object, installed);
    await teller.close();
    expect((await told()).map(({ note }) => note)).toEqual([installed.note]);
    expect(logger.messages('warn')).toEqual(['event was not sent']);
    expect(logger.messages('debug')).toEqual(['event was not sent']);
  });

  it('gives up at the close when the server is away', async () => {
    const { connection, proxy } = await openProxied(cluster.kubeconfig);
    proxy.silence();
    const client = new ClusterClient({ connection, fieldManager: 'jtel-test', secrets: cluster.secrets });
    const lost: string[] = [];
    const teller = recorder({ cluster: client, lost: (reason) => lost.push(reason) });
    teller.record(widgets, object, installed);
    await teller.close(0.2);
    // It did not wait for the call to end by itself.
    expect(lost).toEqual(['Closing']);
    expect(await told()).toEqual([]);
    await connection.close();
    await proxy.close();
  });

  it('says of whom for people, in the names of the events', async () => {
    const teller = recorder();
    teller.record(widgets, object, installed);
    await teller.close();
    const [event] = await told();
    expect(event === undefined ? '' : formatKey(keyOf(event))).toMatch(
      new RegExp(`^${cluster.namespace}/${object.metadata?.name}\\.`),
    );
  });
});
