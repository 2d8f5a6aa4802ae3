/** Many hosts that never answer, beside a few that do, under the real controllers. */
import { afterEach, describe, expect, it } from 'vitest';
import { aStack } from '../controllers/stack/testing.ts';
import { stackKind, type JtelStack } from '../crds/index.ts';
import { findCondition } from '../runtime/report/conditions.ts';
import { ready } from '../test/support/world/restores.ts';
import { killAll, World } from '../test/support/world/world.ts';

const { signal: never } = new AbortController();
const addresses = Array.from({ length: 7 }, (_, index) => `198.51.100.${index + 1}`);
/** Longer than any test. */
const silence = 3_600_000;

afterEach(killAll);

function stackAt(address: string): JtelStack {
  const { host } = aStack().spec;
  const name = `s-${address.replaceAll('.', '-')}`;
  return aStack({ host: { ...host, address } }, { name, uid: name });
}

async function isReachable(world: World, address: string): Promise<string | undefined> {
  const { namespace = '', name = '' } = stackAt(address).metadata;
  const stack = await world.cluster.get(stackKind, { namespace, name }, { signal: never });
  return findCondition(stack.status?.conditions, 'HostReachable')?.status;
}

describe('hosts that never answer', () => {
  it('hold no worker that others need, although nobody knew of them', async () => {
    const world = await World.create();
    for (const address of addresses) {
      world.machine(address).latencyMilliseconds = silence;
      await world.apply(stackAt(address));
    }
    world.start();
    // There are two workers, and a look at each of these hosts would hold one for half a minute.
    await world.apply(aStack());
    await world.until('the stack on the host that answers to be Ready', () => ready(world));
    expect(await Promise.all(addresses.map((address) => isReachable(world, address)))).toEqual(
      addresses.map(() => undefined),
    );
  });

  it('are told at once, do not hold up a new process that finds them so, and are noticed when they are back', async () => {
    const world = await World.create();
    for (const address of addresses) {
      world.machine(address).unreachable = 'HostUnreachable';
      await world.apply(stackAt(address));
    }
    await world.apply(aStack());
    world.start();
    const allAre = async (status: string): Promise<boolean> =>
      (await Promise.all(addresses.map((address) => isReachable(world, address)))).every(
        (one) => one === status,
      );
    await world.until('all to be told', () => allAre('False'));
    await world.until('the other to be Ready', () => ready(world));
    await world.kill();

    for (const address of addresses) world.machine(address).latencyMilliseconds = silence;
    world.start();
    await world.change({ powerState: 'Stopped' });
    await world.until(
      'the other to be stopped',
      async () => (await world.stack()).status?.phase === 'Stopped',
    );
    expect(await allAre('False')).toBe(true);
    await world.kill();

    for (const address of addresses) {
      const machine = world.machine(address);
      machine.latencyMilliseconds = 0;
      machine.unreachable = undefined;
    }
    world.start();
    await world.until('all to be reached', () => allAre('True'));
  });
});
