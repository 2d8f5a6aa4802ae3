/** W9: machines from one template share their machine-id. Which one answers decides whether a stack is moved or runs twice. */
import assert from 'node:assert/strict';
import type { BackupJobInput } from '../../../../jobs/backup.ts';
import { storeLikeAJob } from '../../../../controllers/backup/testing.ts';
import { stackKind, type JtelStack, type JtelStackSpec } from '../../../../crds/index.ts';
import { aWorld, installed, project, ready, stackOf } from '../../../support/restore-world.ts';
import { Process, type World } from '../../memory-world.ts';
import type { WorldCase } from '../scene.ts';

const oldAddress = '192.0.2.10';
const newAddress = '192.0.2.20';
const machineID = 'ab'.repeat(16);
const keyOf = (letter: string): string => `SHA256:${letter.repeat(43)}`;

/** A Ready stack on one machine, and another one with the same machine-id; both as an operator would see them that knows host keys. */
async function twins(
  keys: { readonly old: string; readonly new: string },
  spec: Partial<JtelStackSpec> = {},
): Promise<World> {
  const world = await aWorld();
  world.runJob = (job) => ({
    result: job.type === 'backup' ? storeLikeAJob(world.customer, job.input as BackupJobInput) : {},
  });
  for (const [address, hostKey] of [
    [oldAddress, keys.old],
    [newAddress, keys.new],
  ] as const) {
    const machine = world.machine(address).withoutDocker();
    machine.facts = { ...machine.facts, machineID, hostKey };
  }
  const process = await installed(world, {
    ...spec,
    host: { ...stackOf().spec.host, hostKeyFingerprints: [keys.old] },
  });
  await process.kill();
  return world;
}

async function moveTo(world: World, address: string, key: string): Promise<void> {
  await world.change({ host: { ...stackOf().spec.host, address, hostKeyFingerprints: [key] } });
}

function runs(world: World, address: string): boolean {
  return [...(world.machine(address).projects.get(project)?.containers.values() ?? [])].some(
    ({ state }) => state === 'running',
  );
}

/** Notes every moment at which the stack runs in two places. */
function watchForTwo(world: World): readonly string[] {
  const seen: string[] = [];
  for (const address of [oldAddress, newAddress]) {
    world.machine(address).listeners.add(({ service, action }) => {
      if (runs(world, oldAddress) && runs(world, newAddress)) seen.push(`${service} ${action} at ${address}`);
    });
  }
  return seen;
}

async function arrived(world: World, address: string): Promise<boolean> {
  const { status } = await world.stack();
  return (
    (await ready(world)) &&
    status?.dataHost?.host.address === address &&
    status.relocation?.state === 'Completed'
  );
}

const messageOf = ({ status }: JtelStack, type: string): string =>
  status?.conditions?.find((one) => one.type === type)?.message ?? '';

async function moves(world: World): Promise<void> {
  const twice = watchForTwo(world);
  await moveTo(world, newAddress, keyOf('B'));
  const process = new Process(world);
  await process.until('the stack to arrive', () => arrived(world, newAddress));
  const stack = await world.stack();
  assert.match(stack.status?.data?.source ?? '', /^backup /, 'its own data came along, not vanilla ones');
  assert.deepEqual(
    stack.status?.formerHosts?.map(({ host, state }) => `${host.address} ${state}`),
    [`${oldAddress} Fenced`],
  );
  assert.equal(world.machine(oldAddress).projects.get(project)?.state?.moved?.address, newAddress);
  assert.deepEqual([runs(world, oldAddress), runs(world, newAddress), twice], [false, true, []]);
  assert.match(messageOf(stack, 'Preflight'), /machine-id of 192\.0\.2\.10 and another host key/);
  await process.kill();
}

export const cases: readonly WorldCase[] = [
  {
    id: 'W9',
    title: 'a changed spec.host that leads to a clone is a move like any other, and the clone is told',
    needs: 'nothing',
    run: async () => moves(await twins({ old: keyOf('A'), new: keyOf('B') })),
  },
  {
    id: 'W9',
    title: 'the same under a status of an older operator, which knows no host keys',
    needs: 'nothing',
    run: async () => {
      const world = await twins({ old: keyOf('A'), new: keyOf('B') });
      const live = await world.stack();
      const { hostKey: _hostKey, ...dataHost } = live.status?.dataHost ?? { host: live.spec.host, machineID };
      await world.cluster.applyStatus(
        stackKind,
        { namespace: 'acme', name: 'main' },
        { ...live.status, dataHost },
        {},
        { signal: new AbortController().signal },
      );
      await moves(world);
    },
  },
  {
    id: 'W9',
    title: 'moved to its clone and back again: each way is a move',
    needs: 'nothing',
    run: async () => {
      const world = await twins({ old: keyOf('A'), new: keyOf('B') });
      await moves(world);
      await moveTo(world, oldAddress, keyOf('A'));
      const process = new Process(world);
      await process.until('the stack to come back', () => arrived(world, oldAddress));
      assert.deepEqual([runs(world, oldAddress), runs(world, newAddress)], [true, false]);
      await process.kill();
    },
  },
  {
    id: 'W9',
    title:
      'a clone with the very host keys is not taken for the machine with the data: nothing is loaded or started there',
    needs: 'nothing',
    run: async () => {
      const world = await twins({ old: keyOf('A'), new: keyOf('A') });
      await moveTo(world, newAddress, keyOf('A'));
      const process = new Process(world);
      await process.until(
        'the refusal',
        async () =>
          (await world.stack()).status?.conditions?.find(({ type }) => type === 'Ready')?.reason ===
          'DataMissing',
      );
      assert.match(
        messageOf(await world.stack(), 'DataLoaded'),
        /if this is another machine, bring the first one back/,
      );
      assert.deepEqual([runs(world, oldAddress), runs(world, newAddress)], [true, false]);
      assert.deepEqual(
        world
          .machine(newAddress)
          .calls.filter(({ method }) => method === 'startJob' || method === 'composeUp'),
        [],
      );
      await process.kill();
    },
  },
  {
    id: 'W9',
    title:
      'a machine whose host keys are renewed, or that is reached under another address, is still that machine',
    needs: 'nothing',
    run: async () => {
      const world = await twins({ old: keyOf('A'), new: keyOf('B') });
      const machine = world.machine(oldAddress);
      machine.facts = { ...machine.facts, hostKey: keyOf('C') };
      await moveTo(world, oldAddress, keyOf('C'));
      const process = new Process(world);
      await process.until(
        'the new key to be known',
        async () => (await ready(world)) && (await world.stack()).status?.dataHost?.hostKey === keyOf('C'),
      );
      world.driver.machines.set('192.0.2.30', machine);
      await moveTo(world, '192.0.2.30', keyOf('C'));
      await process.until(
        'the new address to be known',
        async () =>
          (await ready(world)) && (await world.stack()).status?.dataHost?.host.address === '192.0.2.30',
      );
      const { status } = await world.stack();
      assert.deepEqual(
        [status?.dataHost?.machineID, status?.formerHosts, status?.relocation],
        [machineID, undefined, undefined],
      );
      await process.kill();
    },
  },
];
