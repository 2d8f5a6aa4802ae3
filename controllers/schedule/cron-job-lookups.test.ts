/** Which CronJobs the schedule controller asks the API for: a fleet has many stacks without one. */
import { expect, it } from 'vitest';
import { stackKind, type JtelStack } from '../../crds/index.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { silentLogger } from '../../runtime/report/logger.ts';
import { countedCluster, tally, type CountedCall } from '../../test/support/counted-cluster.ts';
import { ScheduleReconciler } from './reconcile.ts';

const context = { signal: new AbortController().signal, logger: silentLogger };
const key = { namespace: 'acme', name: 'main' };
const pods = { image: 'registry.example/jtel/jtel-operator:1', serviceAccount: 'jtel-backup' };

it('none for a stack that never had backups, and one for each change of one that has none', async () => {
  const cluster = new MemoryCluster();
  const spec = { suspend: false, managementMode: 'Manage', powerState: 'Running' };
  await cluster.create(stackKind, { metadata: key, spec } as JtelStack, context);
  const calls: CountedCall[] = [];
  const reconciler = new ScheduleReconciler({
    cluster: countedCluster(cluster, (call) => calls.push(call)),
    pods,
    namespaces: 'All',
    backupsOf: () => [],
    restoresOf: () => [],
    clock: () => new Date(),
    random: () => 0.5,
  });
  const lookups = async (): Promise<number> => {
    await reconciler.reconcile(key, context);
    return tally(calls)['get CronJob'] ?? 0;
  };
  expect([await lookups(), await lookups()]).toEqual([0, 0]);
  const live = await cluster.get(stackKind, key, context);
  await cluster.replace(stackKind, { ...live, spec: { ...live.spec, suspend: true } }, context);
  // Backups may have been what was taken out of its spec.
  expect([await lookups(), await lookups()]).toEqual([1, 1]);
});
