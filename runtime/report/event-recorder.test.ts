import { beforeEach, describe, expect, it } from 'vitest';
import { RecordingLogger } from '../../test/support/recording-logger.ts';
import { waitFor } from '../../test/support/wait.ts';
import { ApiError } from '../client/api-error.ts';
import { events } from '../client/kinds.ts';
import { MemoryCluster } from '../fake/memory-cluster.ts';
import { EventRecorder, type EventDetails } from './event-recorder.ts';
import { SecretRegistry } from './secret-registry.ts';

const kind = { group: 'x.test', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true } as const;
const object = { metadata: { namespace: 'x', name: 'a', uid: '1' } };
const about = (note: string): EventDetails => ({ type: 'Normal', reason: 'Told', action: 'Tell', note });

/** An API whose answers to new events are held back. */
class HeldCluster extends MemoryCluster {
  held = true;
  refusal: Error | undefined;
  onTheWay = 0;
  most = 0;

  override create: MemoryCluster['create'] = async (...asked) => {
    this.onTheWay += 1;
    this.most = Math.max(this.most, this.onTheWay);
    await waitFor('the answer', () => !this.held, { intervalMilliseconds: 2 });
    this.onTheWay -= 1;
    if (this.refusal !== undefined) throw this.refusal;
    return await super.create(...asked);
  };
}

let cluster: HeldCluster;
let logger: RecordingLogger;
let lost: string[];

beforeEach(() => {
  cluster = new HeldCluster();
  logger = new RecordingLogger();
  lost = [];
});

function recorder(): EventRecorder {
  return new EventRecorder({
    cluster,
    reportingController: 'x.test/operator',
    reportingInstance: 'pod-1',
    secrets: new SecretRegistry(),
    logger,
    lost: (reason) => lost.push(reason),
    seriesIntervalSeconds: 0,
  });
}

async function told(): Promise<readonly (readonly [string | undefined, number | undefined])[]> {
  const all = await cluster.list(events, {}, { signal: new AbortController().signal });
  return all.map(({ note, series }) => [note, series?.count] as const);
}

describe('events', () => {
  it('are sent side by side, and never more than eight', async () => {
    const teller = recorder();
    for (let count = 0; count < 50; count += 1) teller.record(kind, object, about(`${count}`));
    await waitFor('the first ones', () => cluster.onTheWay === 8);
    cluster.held = false;
    await teller.close(60);
    expect(cluster.most).toBe(8);
    expect(await told()).toHaveLength(50);
    expect([lost, logger.lines]).toEqual([[], []]);
  });

  it('that come while the first is on its way are counted up after it', async () => {
    const teller = recorder();
    for (let count = 0; count < 5; count += 1) teller.record(kind, object, about('same'));
    cluster.held = false;
    await teller.close(60);
    expect(await told()).toEqual([['same', 5]]);
  });

  it('that are too many are counted, told in the log, and told again when they come again', async () => {
    const teller = recorder();
    for (let count = 0; count < 1_020; count += 1) teller.record(kind, object, about(`${count}`));
    // Eight are on their way and a thousand wait.
    expect(lost).toEqual(Array.from({ length: 12 }, () => 'Overflow'));
    cluster.held = false;
    await teller.flush(60);
    expect(logger.messages('warn')).toEqual([
      'events are dropped: too many wait to be sent',
      'events were dropped; the status of the objects has what they said',
    ]);
    teller.record(kind, object, about('1019'));
    await teller.close(60);
    expect(await told()).toContainEqual(['1019', undefined]);
    expect(await told()).toHaveLength(1_009);
  });

  it('that the server refuses are counted, and told again when they come again', async () => {
    cluster.held = false;
    cluster.refusal = new ApiError(503, 'ServiceUnavailable', 'not now');
    const teller = recorder();
    teller.record(kind, object, about('once'));
    await teller.flush(60);
    expect([lost, await told()]).toEqual([['Refused'], []]);
    cluster.refusal = undefined;
    teller.record(kind, object, about('once'));
    await teller.close(60);
    expect(await told()).toEqual([['once', undefined]]);
  });

  it('of a process that has ended are counted', async () => {
    cluster.held = false;
    const teller = recorder();
    await teller.close(60);
    teller.record(kind, object, about('late'));
    expect(lost).toEqual(['Closing']);
  });
});
