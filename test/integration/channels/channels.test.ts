/**
 * A channel on a real API server, with its schemas and locks, and the real controllers over hosts in memory: a rollout over an
 * operator that ends in the middle, and what a person reads and does with `kubectl jtel rollout`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import { aChannel } from '../../../controllers/channel/testing.ts';
import { isUsingTurn } from '../../../controllers/channels/turns.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import { channelKind, stackKind, type JtelChannel, type JtelStack } from '../../../crds/index.ts';
import { FakeHostDriver } from '../../../host-driver/fake/driver.ts';
import { secrets } from '../../../runtime/index.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { kubectlJtel } from '../../support/plugin.ts';
import { aRelease, storeRelease } from '../../support/release-builder.ts';
import { sshKey } from '../../support/ssh-key.ts';
import { waitFor } from '../../support/wait.ts';
import { operate } from '../../support/operate.ts';

const [before, after] = ['3.43.1', '3.43.2'];
const names = ['p1', 'r1', 'r2', 'r3'];
const limit = 2;
const driver = new FakeHostDriver();
const vendor = new MemoryBlobStore('memory://vendor/releases');
let cluster: TestCluster;
/** Channels are in no namespace, so it has the name of the test's. */
let name: string;
let end: (() => Promise<void>) | undefined;

beforeAll(async () => {
  cluster = await openCluster('channels');
  name = cluster.namespace;
  await installCRDs(cluster.client);
  await storeRelease(vendor, aRelease({ version: before, updatableFrom: [] }));
  await storeRelease(vendor, aRelease({ version: after, updatableFrom: [before] }));
  const stringData = { 'ssh-privatekey': sshKey('ed25519', '-N', '') };
  await cluster.client.create(secrets, { metadata: { namespace: name, name: 'ssh' }, stringData }, call());
});

afterAll(async () => {
  await end?.();
  for (const { metadata } of await stacks())
    await cluster.client.patchFinalizers(stackKind, { metadata } as JtelStack, [], call());
  await cluster?.client.delete(channelKind, { namespace: '', name }, {}, call());
  await cluster?.close();
});

function stacks(): Promise<readonly JtelStack[]> {
  return cluster.client.list(stackKind, { namespace: cluster.namespace }, call());
}

function channel(): Promise<JtelChannel> {
  return cluster.client.get(channelKind, { namespace: '', name }, call());
}

async function change(spec: Partial<JtelChannel['spec']>): Promise<void> {
  await waitFor('the change of the channel to be taken', async () => {
    const live = await channel();
    const changed = { ...live, spec: { ...live.spec, ...spec } };
    return await cluster.client.replace(channelKind, changed, call()).catch(() => undefined);
  });
}

async function add(stackName: string, index: number): Promise<void> {
  const { host, update } = aStack().spec;
  const address = `198.51.100.${index + 1}`;
  driver.add(address, { facts: { machineID: `machine-${index}` } });
  const { spec } = aStack({
    version: '',
    channelRef: { name },
    host: { ...host, address },
    update: { ...update, preUpdateBackup: 'Skip' },
  });
  const labels = stackName.startsWith('p') ? { tier: 'pilot' } : {};
  const metadata = {
    name: stackName,
    namespace: cluster.namespace,
    labels,
  } as unknown as JtelStack['metadata'];
  await cluster.client.create(stackKind, { metadata, spec } as JtelStack, call());
}

test('a release goes to its stacks wave by wave, also if the operator ends in the middle', async () => {
  const { spec } = aChannel({ version: before, maxUnavailable: limit });
  await cluster.client.create(channelKind, { metadata: { name }, spec } as unknown as JtelChannel, call());
  for (const [index, one] of names.entries()) await add(one, index);
  end = await operate(cluster, { driver, vendor });
  const all = async (version: string): Promise<boolean> =>
    (await stacks()).every(({ status }) => status?.phase === 'Ready' && status.version === version);
  await waitFor('all to be installed', () => all(before), { timeoutSeconds: 90 });

  const paused = await kubectlJtel(['rollout', 'pause', name], { kubeconfig: cluster.kubeconfig });
  expect([paused.code, paused.err]).toEqual([0, expect.stringContaining('is paused')]);
  await change({ version: after });
  await waitFor('the pause to be told', async () => (await channel()).status?.message?.startsWith('Paused'));
  const planned = await kubectlJtel(['rollout', 'plan', name, '-o', 'json'], {
    kubeconfig: cluster.kubeconfig,
  });
  expect(planned.code).toBe(0);
  const rows = (JSON.parse(planned.out) as { stacks: { name: string; wave: string; reason: string }[] })
    .stacks;
  expect(rows.map((row) => [row.name, row.wave, row.reason]).toSorted()).toEqual(
    names.map((one) => [one, one.startsWith('p') ? 'pilot' : 'rest', 'ChannelPaused']),
  );
  const resumed = await kubectlJtel(['rollout', 'resume', name], { kubeconfig: cluster.kubeconfig });
  expect([resumed.code, resumed.err]).toEqual([0, expect.stringContaining('goes on')]);

  let mostAtOnce = 0;
  const look = async (): Promise<readonly JtelStack[]> => {
    const seen = await stacks();
    mostAtOnce = Math.max(mostAtOnce, seen.filter(({ status }) => isUsingTurn(status?.channel)).length);
    return seen;
  };
  await waitFor(
    'one to be under way',
    async () =>
      (await look()).some(({ status }) => status?.version === after || isUsingTurn(status?.channel)),
    { timeoutSeconds: 60 },
  );
  await end();
  end = await operate(cluster, { driver, vendor });
  await waitFor(
    'all to be updated',
    async () =>
      (await look()).every(({ status }) => status?.channel?.state === 'Updated' && status.version === after),
    { timeoutSeconds: 90 },
  );
  expect(mostAtOnce).toBeLessThanOrEqual(limit);
  await waitFor('the channel to be done', async () => {
    const { status } = await channel();
    return (
      status?.wave === undefined && status?.updated === names.length && (status.turns ?? []).length === 0
    );
  });
  const shown = await kubectlJtel(['rollout', 'status', name], { kubeconfig: cluster.kubeconfig });
  expect(shown.code).toBe(0);
  expect(shown.out).toMatch(/pilot +Done +1 +1/);
  expect(shown.out).toMatch(/rest +Done +3 +3/);
  // Nobody wrote their specs.
  const raw = { ...stackKind, asRead: (one: JtelStack) => one };
  const written = await cluster.client.list(raw, { namespace: cluster.namespace }, call());
  expect(written.map((one) => [one.spec.version, one.metadata.generation])).toEqual(names.map(() => ['', 1]));
}, 400_000);

test('a channel that does not exist is told as such', async () => {
  const run = await kubectlJtel(['rollout', 'status', 'none-of-that-name'], {
    kubeconfig: cluster.kubeconfig,
  });
  expect([run.code, run.err]).toEqual([
    1,
    expect.stringContaining('there is no JtelChannel none-of-that-name'),
  ]);
});
