import { beforeEach, describe, expect, it } from 'vitest';
import { countedCluster, tally, type CountedCall } from '../../test/support/counted-cluster.ts';
import { isConflict, isNotFound } from '../client/api-error.ts';
import type { Cluster, ListQuery } from '../client/cluster.ts';
import { controllerRevisions, cronJobs, secrets, type ControllerRevision } from '../client/kinds.ts';
import { MemoryCluster } from '../fake/memory-cluster.ts';
import { ObjectStore } from './object-store.ts';
import { cachedReads } from './cached-reads.ts';
import type { Versions } from './object-versions.ts';

const { signal } = new AbortController();
const options = { signal };
const key = { namespace: 'acme', name: 'ssh' };

let live: MemoryCluster;
let calls: CountedCall[];
let milliseconds: number;

beforeEach(() => {
  live = new MemoryCluster();
  calls = [];
  milliseconds = 0;
});

function reading(versions: Pick<Versions, 'versionOf'> = live.versions(secrets)): Cluster {
  return cachedReads(
    countedCluster(live, (call) => calls.push(call)),
    { secrets: versions, stores: [], ownKind: controllerRevisions, now: () => milliseconds },
  );
}

const put = (value: string): Promise<unknown> =>
  live.apply(secrets, { metadata: key, stringData: { value } }, options);

describe('a Secret', () => {
  const read = async (cluster: Cluster): Promise<string> =>
    (await cluster.getSecret('acme', 'ssh', options)).get('value');

  it('is read once, and again as soon as it changed', async () => {
    const cluster = reading();
    await put('1');
    expect([await read(cluster), await read(cluster)]).toEqual(['1', '1']);
    await put('2');
    expect([await read(cluster), await read(cluster)]).toEqual(['2', '2']);
    expect(tally(calls)).toEqual({ 'get Secret': 2 });
  });

  it('is not remembered beyond its end, nor is it that there is none', async () => {
    const cluster = reading();
    await expect(read(cluster)).rejects.toSatisfy(isNotFound);
    await put('1');
    expect(await read(cluster)).toBe('1');
    await live.delete(secrets, key, {}, options);
    await expect(read(cluster)).rejects.toSatisfy(isNotFound);
  });

  it('is read each time while nobody tells of changes, or tells of another version', async () => {
    let version: string | undefined;
    const cluster = reading({ versionOf: () => version });
    await put('1');
    await read(cluster);
    await read(cluster);
    version = 'another';
    await read(cluster);
    expect(tally(calls)).toEqual({ 'get Secret': 3 });
  });

  it('is read once an hour, in case the watch lost a change, and for whoever masks secrets', async () => {
    const cluster = reading();
    await put('1');
    await read(cluster);
    milliseconds = 3_600_000;
    await read(cluster);
    expect(tally(calls)).toEqual({ 'get Secret': 2 });
  });

  it('is not returned to a look that was aborted', async () => {
    const cluster = reading();
    await put('1');
    await read(cluster);
    const aborted = cluster.getSecret('acme', 'ssh', { signal: AbortSignal.abort(new Error('over')) });
    await expect(aborted).rejects.toThrow('over');
  });
});

describe('a kind that only this process writes', () => {
  const query = { namespace: 'acme', labelSelector: 'a=b' };
  const revision = (name: string): ControllerRevision => ({
    metadata: { namespace: 'acme', name, labels: { a: 'b' } },
    revision: 1,
  });
  const notes = async (cluster: Cluster): Promise<readonly unknown[]> =>
    (await cluster.list(controllerRevisions, query, options)).map(({ metadata }) => [
      metadata?.name,
      metadata?.annotations?.['note'],
    ]);
  const noteOn = async (cluster: Cluster, note: string): Promise<void> => {
    const found = await cluster.get(controllerRevisions, { namespace: 'acme', name: 'main-1' }, options);
    await cluster.patchAnnotations(controllerRevisions, found, { note }, options);
  };

  it('is listed once, and follows our own writes', async () => {
    const cluster = reading();
    expect(await notes(cluster)).toEqual([]);
    await cluster.create(controllerRevisions, revision('main-1'), options);
    expect(await notes(cluster)).toEqual([['main-1', undefined]]);
    await noteOn(cluster, 'begun');
    await noteOn(cluster, 'ended');
    expect(await notes(cluster)).toEqual([['main-1', 'ended']]);
    const gone = { namespace: 'acme', name: 'main-1' };
    await cluster.delete(controllerRevisions, gone, {}, options);
    expect(await notes(cluster)).toEqual([]);
    expect(tally(calls)).toEqual({
      'list ControllerRevision': 2,
      'create ControllerRevision': 1,
      'patch ControllerRevision': 2,
      'delete ControllerRevision': 1,
    });
  });

  it('has what we make if that belongs to it, and is listed again if only the server knows', async () => {
    const cluster = reading();
    const listed = async (asked: ListQuery): Promise<readonly unknown[]> =>
      (await cluster.list(controllerRevisions, asked, options)).map(({ metadata }) => metadata?.name);
    const sets = { namespace: 'acme', labelSelector: 'a in (b,c)' };
    expect([await listed(query), await listed(sets)]).toEqual([[], []]);
    const { metadata, ...other } = revision('other-1');
    await cluster.create(
      controllerRevisions,
      { ...other, metadata: { ...metadata, labels: { a: 'c' } } },
      options,
    );
    await cluster.create(controllerRevisions, revision('main-1'), options);
    expect([await listed(query), await listed(sets)]).toEqual([['main-1'], ['other-1', 'main-1']]);
    expect(tally(calls)['list ControllerRevision']).toBe(3);
  });

  it('is kept without the bookkeeping of its writers', async () => {
    const cluster = reading();
    const { metadata, ...other } = revision('main-1');
    const managed = { ...metadata, managedFields: [{ manager: 'jtel' }] };
    await live.create(controllerRevisions, { ...other, metadata: managed }, options);
    await cluster.list(controllerRevisions, query, options);
    await cluster.create(
      controllerRevisions,
      { ...other, metadata: { ...managed, name: 'main-2' } },
      options,
    );
    const kept = await cluster.list(controllerRevisions, query, options);
    expect(kept.map((one) => one.metadata)).toEqual([
      expect.not.objectContaining({ managedFields: expect.anything() }),
      expect.not.objectContaining({ managedFields: expect.anything() }),
    ]);
  });

  it('has what we make in the place of what somebody removed', async () => {
    const cluster = reading();
    await live.create(controllerRevisions, revision('main-1'), options);
    expect(await notes(cluster)).toEqual([['main-1', undefined]]);
    await live.delete(controllerRevisions, { namespace: 'acme', name: 'main-1' }, {}, options);
    await cluster.create(controllerRevisions, revision('main-1'), options);
    await noteOn(cluster, 'ours');
    expect(await notes(cluster)).toEqual([['main-1', 'ours']]);
  });

  it('is listed again when a write was refused, because somebody else wrote', async () => {
    const cluster = reading();
    await live.create(controllerRevisions, revision('main-1'), options);
    expect(await notes(cluster)).toEqual([['main-1', undefined]]);
    await noteOn(live, 'of another');
    await expect(noteOn(cluster, 'ours')).rejects.toSatisfy(isConflict);
    expect(await notes(cluster)).toEqual([['main-1', 'of another']]);
    await noteOn(cluster, 'ours');
    expect(await notes(cluster)).toEqual([['main-1', 'ours']]);
  });

  it('is listed again after a while', async () => {
    const cluster = reading();
    expect(await notes(cluster)).toEqual([]);
    await live.create(controllerRevisions, revision('by-hand'), options);
    milliseconds = 599_999;
    expect(await notes(cluster)).toEqual([]);
    milliseconds = 600_000;
    expect(await notes(cluster)).toEqual([['by-hand', undefined]]);
  });

  it('is not kept as it was before a write that ended meanwhile', async () => {
    const cluster = reading();
    await live.create(controllerRevisions, revision('main-1'), options);
    const slow = live.list.bind(live);
    live.list = async (...asked) => {
      const before = await slow(...asked);
      await noteOn(cluster, 'meanwhile');
      return before;
    };
    expect(await notes(cluster)).toEqual([['main-1', undefined]]);
    live.list = slow;
    expect(await notes(cluster)).toEqual([['main-1', 'meanwhile']]);
  });
});

describe('a kind that an informer holds', () => {
  const cronJob = { metadata: { namespace: 'acme', name: 'ssh' } };

  it('is read from it, and from the server until it is complete', async () => {
    const store = new ObjectStore<typeof cronJob>();
    const cluster = cachedReads(
      countedCluster(live, (call) => calls.push(call)),
      { secrets: { versionOf: () => undefined }, stores: [{ kind: cronJobs, store }] },
    );
    await live.create(cronJobs, cronJob as never, options);
    await cluster.find(cronJobs, key, options);
    expect(tally(calls)).toEqual({ 'get CronJob': 1 });
    live.follow(cronJobs, store as never);
    expect((await cluster.find(cronJobs, key, options))?.metadata?.name).toBe('ssh');
    expect(tally(calls)).toEqual({ 'get CronJob': 1 });
    // One that was made just now may not have arrived yet.
    await cluster.find(cronJobs, { namespace: 'acme', name: 'new' }, options);
    expect(tally(calls)).toEqual({ 'get CronJob': 2 });
  });
});
