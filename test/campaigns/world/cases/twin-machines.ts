/**
 * W9: machines from one template share their machine-id. Which one answers decides whether a stack is moved
 * or runs twice.
 */
import assert from 'node:assert/strict';
import { stackKind, type JtelStack, type JtelStackSpec } from '../../../../crds/index.ts';
import { arrived, moveTo, newAddress, oldAddress, runs, watchForTwo } from '../../../support/world/moves.ts';
import { installed, project, ready, stackOf } from '../../../support/world/restores.ts';
import { World } from '../../../support/world/world.ts';
import type { WorldCase } from '../scene.ts';

const machineID = 'ab'.repeat(16);
const keyOf = (letter: string): string => `SHA256:${letter.repeat(43)}`;

/**
 * A Ready stack on one machine, and another machine with the same machine-id, as an operator sees them that
 * knows host keys.
 */
async function twins(
  keys: { readonly old: string; readonly new: string },
  spec: Partial<JtelStackSpec> = {},
): Promise<World> {
  const world = await World.create();
  for (const [address, hostKey] of [
    [oldAddress, keys.old],
    [newAddress, keys.new],
  ] as const) {
    const machine = world.machine(address).withoutDocker();
    machine.facts = { ...machine.facts, machineID, hostKey };
  }
  await installed(world, {
    ...spec,
    host: { ...stackOf().spec.host, hostKeyFingerprints: [keys.old] },
  });
  await world.kill();
  return world;
}

const messageOf = ({ status }: JtelStack, type: string): string =>
  status?.conditions?.find((one) => one.type === type)?.message ?? '';

async function moves(world: World): Promise<void> {
  const twice = watchForTwo(world);
  await moveTo(world, { address: newAddress, hostKeyFingerprints: [keyOf('B')] });
  world.start();
  await world.until('the stack to arrive', () => arrived(world, newAddress));
  const stack = await world.stack();
  assert.match(stack.status?.data?.source ?? '', /^backup /, 'its own data came along, not vanilla ones');
  assert.deepEqual(
    stack.status?.formerHosts?.map(({ host, state }) => `${host.address} ${state}`),
    [`${oldAddress} Fenced`],
  );
  assert.equal(world.machine(oldAddress).projects.get(project)?.state?.moved?.address, newAddress);
  assert.deepEqual([runs(world, oldAddress), runs(world, newAddress), twice], [false, true, []]);
  assert.match(messageOf(stack, 'Preflight'), /machine-id of 192\.0\.2\.10 and another host key/);
  await world.kill();
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
      await moveTo(world, { address: oldAddress, hostKeyFingerprints: [keyOf('A')] });
      world.start();
      await world.until('the stack to come back', () => arrived(world, oldAddress));
      assert.deepEqual([runs(world, oldAddress), runs(world, newAddress)], [true, false]);
      await world.kill();
    },
  },
  {
    id: 'W9',
    title:
      'a clone with the very host keys is not taken for the machine with the data: nothing is loaded or started there',
    needs: 'nothing',
    run: async () => {
      const world = await twins({ old: keyOf('A'), new: keyOf('A') });
      await moveTo(world, { address: newAddress, hostKeyFingerprints: [keyOf('A')] });
      world.start();
      await world.until(
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
      await world.kill();
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
      await moveTo(world, { address: oldAddress, hostKeyFingerprints: [keyOf('C')] });
      world.start();
      await world.until(
        'the new key to be known',
        async () => (await ready(world)) && (await world.stack()).status?.dataHost?.hostKey === keyOf('C'),
      );
      world.driver.machines.set('192.0.2.30', machine);
      await moveTo(world, { address: '192.0.2.30', hostKeyFingerprints: [keyOf('C')] });
      await world.until(
        'the new address to be known',
        async () =>
          (await ready(world)) && (await world.stack()).status?.dataHost?.host.address === '192.0.2.30',
      );
      const { status } = await world.stack();
      assert.deepEqual(
        [status?.dataHost?.machineID, status?.formerHosts, status?.relocation],
        [machineID, undefined, undefined],
      );
      await world.kill();
    },
  },
];
