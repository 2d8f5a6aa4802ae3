import { expect, test } from 'vitest';
import type { JtelBackupStore } from '../../crds/index.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { mayListKind, readDetail, type Resource } from './detail.ts';
import { aFleet, aViewer, backupOf, now, stackOf } from './testing.ts';

const whoMay =
  (...rights: readonly string[]) =>
  async ({ group, resource }: Resource): Promise<boolean> =>
    rights.includes(`${resource}.${group}`);

test('events may be listed by a right to either of their API groups', async () => {
  expect(await mayListKind('events', whoMay('events.'))).toBe(true);
  expect(await mayListKind('events', whoMay('events.events.k8s.io'))).toBe(true);
  expect(await mayListKind('events', whoMay('jtelstacks.jtel.de'))).toBe(false);
  expect(await mayListKind('stacks', whoMay('jtelstacks.'))).toBe(false);
  expect(await mayListKind('controllerrevisions', whoMay('controllerrevisions.apps'))).toBe(true);
});

test.each([
  { who: 'whoever may list stores', sees: true, is: 'Revoked' },
  { who: 'nobody else', sees: false, is: 'Unknown' },
])('whether a signature counts is told to $who', async ({ sees, is }) => {
  const { fleet, backups, stores } = aFleet([stackOf('acme', 'main')]);
  const status = { phase: 'Completed', storeRef: { name: 'customer' }, signingKeyID: 'k-1' } as const;
  backups.put(backupOf({ namespace: 'acme', name: 'main' }, 'one', status));
  const metadata = { namespace: 'acme', name: 'customer', uid: 'store', resourceVersion: '1' };
  stores.put({ metadata, spec: { revokedKeyIDs: ['k-1'] } } as unknown as JtelBackupStore);
  const viewer = aViewer(['acme'], { sees: (_, what) => sees || what !== 'stores' });
  const [source] = fleet.sources;
  const place = { fleet, source: source!, cluster: new MemoryCluster() };
  const { signal } = new AbortController();
  const detail = await readDetail(place, viewer, { namespace: 'acme', name: 'main' }, now, signal);
  fleet.close();
  expect(detail?.backups).toMatchObject({ items: [{ signature: { is, keyID: 'k-1' } }] });
});
