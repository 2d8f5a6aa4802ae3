/** A look that ends with an error must not keep the place that was given for it. */
import { expect, test } from 'vitest';
import { backupKind, stackKind, type JtelBackup } from '../../crds/index.ts';
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import { Activities } from '../../runtime/control/activities.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { silentLogger } from '../../runtime/report/logger.ts';
import { Places } from './places/places.ts';
import { backupReconciler, type BackupReconcilerOptions } from './reconcile.ts';
import { aBackup, aStack } from './testing.ts';

const context = { signal: new AbortController().signal, logger: silentLogger };

test('the place of a backup whose look fails is free for the next', async () => {
  const cluster = new MemoryCluster();
  const cache = new ObjectStore<JtelBackup>();
  const places = new Places({
    bounds: { perStore: 1, inAll: 1 },
    unfinished: cache.index(() => ['']),
    stackOf: () => aStack(),
    wake: () => {},
  });
  await cluster.create(stackKind, aStack(), context);
  const broken = await cluster.create(backupKind, aBackup(undefined, {}, { name: 'broken' }), context);
  const next = aBackup(undefined, {}, { name: 'next', uid: 'next' });
  for (const one of [broken, next]) cache.put(one);
  let refusedMeanwhile: unknown;
  const reconciler = backupReconciler({
    cluster,
    places,
    clock: () => new Date('2026-03-01T03:00:00Z'),
    activities: new Activities<never>({ enqueue: () => {}, logger: silentLogger }),
    openStore: () => {
      refusedMeanwhile = places.ask(next);
      throw new TypeError('a bug');
    },
  } as object as BackupReconcilerOptions);
  await expect(reconciler.reconcile({ namespace: 'acme', name: 'broken' }, context)).rejects.toThrow('a bug');
  expect(refusedMeanwhile).toMatchObject({ until: 'Place' });
  expect(places.ask(next)).toBeUndefined();
});
