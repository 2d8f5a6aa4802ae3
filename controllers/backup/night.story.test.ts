/** The story of a night over a world in memory: more backups are due than may run, and the operator is killed in the middle. */
import { afterEach, expect, it, vi } from 'vitest';
import { backupKind, stackKind, storeKind, type JtelBackup } from '../../crds/index.ts';
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import type { BackupJobInput } from '../../jobs/backup.ts';
import { stackOf } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { aStack, storeLikeAJob } from './testing.ts';

const options = { signal: new AbortController().signal };
const customers = Array.from({ length: 6 }, (_, index) => `customer-${index}`);
const most = 2;

vi.setConfig({ testTimeout: 120_000 });
afterEach(killAll);

/** Another customer like the first: stores, key and stack in a namespace, and a host. */
async function addCustomer(world: World, namespace: string, address: string): Promise<void> {
  for (const name of ['vendor', 'customer']) {
    const store = await world.cluster.get(storeKind, { namespace: 'acme', name }, options);
    const metadata = { namespace, name } as typeof store.metadata;
    await world.cluster.create(storeKind, { ...store, metadata }, options);
  }
  for (const name of ['ssh', 'store-credentials']) {
    const values = await world.cluster.getSecret('acme', name, options);
    const stringData = Object.fromEntries(values.keys.map((key) => [key, values.get(key)]));
    await world.cluster.create(secrets, { metadata: { namespace, name }, stringData }, options);
  }
  world.machine(address).withoutDocker();
  const stack = stackOf({ version: '3.43.2', host: { ...aStack().spec.host, address } });
  const metadata = { ...stack.metadata, namespace };
  await world.cluster.create(stackKind, { ...stack, metadata }, options);
}

/** Makes a backup of every stack due in the minute that is now. */
async function makeDue(world: World): Promise<void> {
  const minute = new Date(world.machine().now());
  const schedule = `${minute.getUTCMinutes()} ${minute.getUTCHours()} * * *`;
  for (const namespace of customers) {
    const stack = await world.cluster.get(stackKind, { namespace, name: 'main' }, options);
    const backup = { ...aStack().spec.backup, storeRef: { name: 'customer' }, schedule, timeZone: 'UTC' };
    const spec = { ...stack.spec, backup } as typeof stack.spec;
    await world.cluster.replace(stackKind, { ...stack, spec }, options);
  }
}

it('never has more backups under way than it may, and makes each once', async () => {
  const world = await World.create({ backupBounds: { perStore: 10, inAll: most } });
  for (const [index, namespace] of customers.entries())
    await addCustomer(world, namespace, `192.0.2.${index + 20}`);
  world.start();
  for (const namespace of customers)
    await world.until(`the stack of ${namespace} to be Ready`, async () => {
      const { status } = await world.cluster.get(stackKind, { namespace, name: 'main' }, options);
      return status?.phase === 'Ready' && status.operation === undefined;
    });
  await world.kill();
  world.runJob = ({ input }) => ({
    durationMilliseconds: 60_000,
    result: storeLikeAJob(world.customer, input as BackupJobInput),
  });
  const seen = new ObjectStore<JtelBackup>();
  world.cluster.follow(backupKind, seen);
  let mostSeen = 0;
  const queued = new Set<string>();
  seen.onChange(({ object }) => {
    const running = seen
      .list()
      .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Verifying');
    mostSeen = Math.max(mostSeen, running.length);
    if (findCondition(object.status?.conditions, 'Complete')?.reason === 'BackupQueued')
      queued.add(object.metadata.namespace);
  });
  await makeDue(world);
  world.start();
  await world.until('one to wait for a place', () => queued.size > 0);
  await world.kill();
  world.start();
  for (let count = 1; count <= customers.length; count += 1)
    await world.until(
      `${count} backups to be complete`,
      () => seen.list().filter(({ status }) => status?.phase === 'Completed').length >= count,
    );
  expect(mostSeen).toBeLessThanOrEqual(most);
  expect(
    seen
      .list()
      .map(({ metadata, spec }) => `${metadata.namespace} ${spec.trigger}`)
      .toSorted(),
  ).toEqual(customers.map((namespace) => `${namespace} Scheduled`));
});
