/**
 * A status may lose any object or list that it had: the real API server takes it, and the same status again
 * changes nothing. Server-side apply makes null of an object that one manager empties, which the schema then
 * refuses for ever.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCRDs, schemaOf } from '../../../crds/crd.ts';
import {
  backupKind,
  channelKind,
  drillKind,
  restoreKind,
  stackKind,
  storeKind,
  type JtelChannel,
  type JtelDrill,
} from '../../../crds/index.ts';
import type { ResourceKind } from '../../../runtime/kind.ts';
import type { KubernetesObject } from '../../../runtime/index.ts';
import { statusChanged } from '../../../runtime/report/status-changed.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { create } from './api.ts';
import { goodObjects } from './objects.ts';
import { emptyPlaces, full, withAt } from './samples.ts';

type WithStatus = KubernetesObject & { readonly status?: object };

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCluster('crds-empty');
  await installCRDs(cluster.client);
});
afterAll(async () => {
  for (const kind of [channelKind, drillKind])
    for (const { metadata } of await cluster.client.list<JtelChannel | JtelDrill>(kind, {}, call()))
      if (metadata.name.startsWith(cluster.namespace))
        await cluster.client.delete(kind, { namespace: '', name: metadata.name }, {}, call());
  await cluster.close();
});

const kinds = {
  JtelStack: stackKind,
  JtelBackup: backupKind,
  JtelRestore: restoreKind,
  JtelBackupStore: storeKind,
  JtelChannel: channelKind,
  JtelDrill: drillKind,
} as const;

describe.each(
  readCRDs().map((crd) => ({
    kind: crd.spec.names.kind as keyof typeof kinds,
    schema: schemaOf(crd).properties?.['status'] ?? {},
  })),
)('$kind', ({ kind, schema }) => {
  const places = emptyPlaces(schema);
  /** What is in no namespace has the name of the test's in its own. */
  const named = (name: string): string => (kinds[kind].namespaced ? name : `${cluster.namespace}-${name}`);

  test('has no required field that may be empty, and so would be left out', () => {
    expect(places.filter(({ required }) => required).map(({ path }) => path)).toEqual([]);
  });

  test.each(places)(
    'status.$path that was full becomes empty, and stays so without another write',
    async ({ path, steps, empty }) => {
      const resource = kinds[kind] as unknown as ResourceKind<WithStatus>;
      const words = path
        .toLowerCase()
        .replaceAll(/[^a-z]+/g, '-')
        .replaceAll(/^-|-$/g, '')
        .slice(-30);
      const name = named(`empty-${words}`);
      await create(cluster, { ...goodObjects[kind], metadata: { name } });
      const key = { namespace: cluster.namespace, name };
      const before = full(schema) as object;
      expect((await cluster.client.applyStatus(resource, key, before, {}, call())).status).toEqual(before);

      const after = withAt(before, steps, empty) as object;
      const emptied = await cluster.client.applyStatus(resource, key, after, {}, call());
      expect(statusChanged(emptied.status, after)).toBe(false);
      const again = await cluster.client.applyStatus(resource, key, after, {}, call());
      expect(again.metadata?.resourceVersion).toBe(emptied.metadata?.resourceVersion);
    },
  );

  test('all of it can go at once, but for the phase or the generation that every status has', async () => {
    const resource = kinds[kind] as unknown as ResourceKind<WithStatus>;
    await create(cluster, { ...goodObjects[kind], metadata: { name: named('all-empty') } });
    const key = { namespace: cluster.namespace, name: named('all-empty') };
    await cluster.client.applyStatus(resource, key, full(schema) as object, {}, call());
    const top = places.filter(({ steps }) => steps.length === 1);
    const least = top.reduce((status, { steps, empty }) => withAt(status, steps, empty), {
      observedGeneration: 1,
    } as unknown) as object;
    const emptied = await cluster.client.applyStatus(resource, key, least, {}, call());
    expect(emptied.status).toEqual({ observedGeneration: 1 });
    expect(statusChanged(emptied.status, least)).toBe(false);
  });
});
