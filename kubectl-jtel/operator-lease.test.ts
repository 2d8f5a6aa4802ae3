import { expect, it } from 'vitest';
import { holderVersion } from '../crds/index.ts';
import { ApiError } from '../runtime/client/api-error.ts';
import type { CallOptions, ListQuery } from '../runtime/client/cluster.ts';
import { leases, type Lease } from '../runtime/client/kinds.ts';
import { MemoryCluster } from '../runtime/fake/memory-cluster.ts';
import type { ResourceKind } from '../runtime/kind.ts';
import type { KubernetesObject } from '../runtime/objects.ts';
import { leaseFacts } from './operator-lease.ts';

const now = new Date('2026-03-01T12:00:00Z');
const call = { signal: new AbortController().signal };

async function factsOf(...found: readonly Lease[]): ReturnType<typeof leaseFacts> {
  return await factsIn(new MemoryCluster(), ...found);
}

async function factsIn(cluster: MemoryCluster, ...found: readonly Lease[]): ReturnType<typeof leaseFacts> {
  for (const each of found) await cluster.create(leases, each, call);
  const surroundings = { now: () => now } as Parameters<typeof leaseFacts>[0]['surroundings'];
  return await leaseFacts({ cluster, call, surroundings }, undefined);
}

function lease(namespace: string, holderIdentity: string, annotation?: string): Lease {
  return {
    metadata: {
      namespace,
      name: 'jtel-operator',
      ...(annotation === undefined
        ? {}
        : {
            labels: { 'app.kubernetes.io/part-of': 'jtel' },
            annotations: { 'jtel.de/holder-version': annotation },
          }),
    },
    spec: { holderIdentity, renewTime: now.toISOString(), leaseDurationSeconds: 15 },
  };
}

it('finds Leases by their label, and the usual one also without it', async () => {
  expect(
    await factsOf(
      lease('jtel-system', 'old-1'),
      lease('elsewhere', 'new-1', holderVersion('0.2.0', 'new-1')),
    ),
  ).toMatchObject([
    { namespace: 'jtel-system', holder: 'old-1', version: undefined, isHeld: true },
    { namespace: 'elsewhere', holder: 'new-1', version: '0.2.0', isHeld: true },
  ]);
});

it('does not take the version of somebody who held it before', async () => {
  const facts = await factsOf(lease('jtel-system', 'old-2', holderVersion('0.2.0', 'new-1')));
  expect(facts).toMatchObject([{ holder: 'old-2', version: undefined }]);
});

it('knows that nobody renews it', async () => {
  const stale = {
    ...lease('jtel-system', 'x'),
    spec: { holderIdentity: 'x', renewTime: '2026-03-01T11:00:00Z' },
  };
  expect(await factsOf(stale)).toMatchObject([
    { isHeld: false, seen: expect.stringContaining('3600 s ago') },
  ]);
});

/** One in which the caller may list Leases in these namespaces only, and get each. */
class GuardedCluster extends MemoryCluster {
  readonly mayList: readonly string[];

  constructor(mayList: readonly string[]) {
    super();
    this.mayList = mayList;
  }

  override async list<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    query: ListQuery,
    options: CallOptions,
  ): Promise<readonly T[]> {
    if (!this.mayList.includes(query.namespace ?? ''))
      throw new ApiError(403, 'Forbidden', `you may not list ${kind.plural}`);
    return await super.list(kind, query, options);
  }
}

it('looks in the usual namespace if it may not look in all', async () => {
  const named = holderVersion('0.2.0', 'new-1');
  const own = lease('jtel-system', 'new-1', named);
  const renamed = { ...own, metadata: { ...own.metadata, name: 'acme-jtel-operator' } };
  const facts = await factsIn(
    new GuardedCluster(['jtel-system']),
    renamed,
    lease('elsewhere', 'new-1', named),
  );
  expect(facts).toMatchObject([{ namespace: 'jtel-system', name: 'acme-jtel-operator' }]);
});

it('tells nothing of Leases if it may list them nowhere, and the usual one is not there', async () => {
  const named = holderVersion('0.2.0', 'new-1');
  expect(await factsIn(new GuardedCluster([]), lease('elsewhere', 'new-1', named))).toBeUndefined();
  expect(await factsIn(new GuardedCluster([]), lease('jtel-system', 'old-1'))).toMatchObject([
    { holder: 'old-1' },
  ]);
});
