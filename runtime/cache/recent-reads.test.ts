import { beforeEach, describe, expect, it } from 'vitest';
import { isConflict } from '../client/api-error.ts';
import type { ObjectCluster } from '../client/cluster.ts';
import { MemoryCluster } from '../fake/memory-cluster.ts';
import type { KubernetesObject } from '../objects.ts';
import { recentReads } from './recent-reads.ts';

interface Widget extends KubernetesObject {
  readonly spec?: { readonly size: number };
  readonly status?: { readonly size: number };
}

const kind = { group: 'x.test', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true } as const;
const key = { namespace: 'x', name: 'a' };
const call = { signal: new AbortController().signal };

let cluster: MemoryCluster;
let reads: number;
let now: number;
/** What the watch says. */
let heard: string | undefined;
let recent: ObjectCluster;

beforeEach(async () => {
  cluster = new MemoryCluster();
  reads = 0;
  now = 1_000_000;
  await cluster.create<Widget>(kind, { metadata: key, spec: { size: 1 } }, call);
  heard = await version();
  const find = cluster.find.bind(cluster);
  cluster.find = (...asked) => {
    reads += 1;
    return find(...asked);
  };
  recent = recentReads(cluster, { versionHeard: () => heard, clock: () => new Date(now) });
});

async function version(): Promise<string | undefined> {
  return (await cluster.get(kind, key, call)).metadata?.resourceVersion;
}

function look(): Promise<Widget | undefined> {
  return recent.find<Widget>(kind, key, call);
}

function tell(size: number, resourceVersion?: string): Promise<Widget> {
  const lock = resourceVersion === undefined ? {} : { resourceVersion };
  return recent.applyStatus<Widget>(kind, key, { size }, lock, call);
}

async function somebodyWrites(size: number): Promise<void> {
  const live = await cluster.get<Widget>(kind, key, call);
  await cluster.replace<Widget>(kind, { ...live, spec: { size } }, call);
}

describe('an object that the server answered with a moment ago', () => {
  it('is not read again', async () => {
    await look();
    expect(await look()).toMatchObject({ spec: { size: 1 } });
    expect(reads).toBe(1);
  });

  it('is as our own write made it, also while the watch is behind', async () => {
    const found = await look();
    if (found === undefined) throw new Error('there is none');
    await tell(2);
    expect(await look()).toMatchObject({ status: { size: 2 } });
    heard = await version();
    expect(await look()).toMatchObject({ status: { size: 2 } });
    await recent.patchFinalizers<Widget>(kind, await cluster.get(kind, key, call), ['x.test/f'], call);
    expect(await look()).toMatchObject({ metadata: { finalizers: ['x.test/f'] }, status: { size: 2 } });
    expect(reads).toBe(1);
  });

  it('is read when the watch says that somebody else wrote', async () => {
    await look();
    await somebodyWrites(5);
    heard = await version();
    expect(await look()).toMatchObject({ spec: { size: 5 } });
  });

  it('is read when no watch names it', async () => {
    await look();
    heard = undefined;
    await look();
    expect(reads).toBe(2);
  });

  it('is read after a write of ours was refused', async () => {
    const found = await look();
    await somebodyWrites(5);
    await expect(tell(2, found?.metadata?.resourceVersion)).rejects.toSatisfy(isConflict);
    expect(await look()).toMatchObject({ spec: { size: 5 } });
  });

  it('is read after two seconds, whatever the watch says, and when the clock was put back', async () => {
    await look();
    await somebodyWrites(5);
    now += 1_999;
    expect(await look()).toMatchObject({ spec: { size: 1 } });
    now += 1;
    expect(await look()).toMatchObject({ spec: { size: 5 } });
    await somebodyWrites(6);
    now -= 1;
    expect(await look()).toMatchObject({ spec: { size: 6 } });
  });

  it('is not given back to whoever has given up', async () => {
    await look();
    const signal = AbortSignal.abort(new Error('over'));
    await expect(recent.find(kind, key, { signal })).rejects.toThrow('over');
  });
});
