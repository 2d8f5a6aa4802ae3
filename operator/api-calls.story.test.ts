/**
 * How often the whole operator asks the Kubernetes API for one stack: while it installs it, and when nothing is to
 * do. The bounds are what a thousand stacks can afford.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { signingSecretName } from '../controllers/stores/signing-keys.ts';
import { aStack } from '../controllers/stack/testing.ts';
import { controllerRevisions } from '../runtime/client/kinds.ts';
import { isWrite, tally, type CountedCall } from '../test/support/counted-cluster.ts';
import { looksAt, ready } from '../test/support/world/restores.ts';
import { killAll, World, type WorldOptions } from '../test/support/world/world.ts';

afterEach(killAll);

/** What is asked for its stores, which all stacks of a namespace share. */
const ofStores = /^(vendor|customer|none)\b/;

function forTheStack(calls: readonly CountedCall[]): readonly CountedCall[] {
  return calls.filter(({ name }) => !ofStores.test(name) && name !== signingSecretName);
}

async function installed(options: WorldOptions = {}): Promise<World> {
  const world = await World.create(options);
  await world.apply(aStack());
  world.start();
  await world.until('the stack to be Ready', () => ready(world));
  await world.until('the end of its work', async () => (await world.stack()).status?.operation === undefined);
  return world;
}

it('an installation takes few calls, and writes only what must be known before the next step', async () => {
  // How much is told depends on how long it takes: nothing takes any time.
  const now = new Date();
  const world = await installed({ clock: () => now });
  const calls = forTheStack(world.calls).filter(({ kind }) => kind !== 'Event');
  expect(tally(calls.filter(isWrite))).toEqual({
    // The passwords.
    'create Secret': 1,
    'create ControllerRevision': 1,
    // Begun and ended.
    'patch ControllerRevision': 2,
    // The finalizer; host held, data begun, data complete, done.
    'patch JtelStack': 5,
  });
  // For the audit log, and for the first look.
  expect(tally(calls)['get JtelStack']).toBe(2);
  expect(tally(calls)['list ControllerRevision']).toBe(1);
  expect(calls.length).toBeLessThanOrEqual(20);
});

describe('a look that changes nothing', () => {
  it('reads the stack and nothing else', async () => {
    const world = await installed();
    const machine = world.machine();
    const seen = looksAt(machine);
    await world.until('what follows the installation', () => looksAt(machine) > seen + 1);
    const before = { calls: world.calls.length, looks: looksAt(machine) };
    await world.until('five looks', () => looksAt(machine) >= before.looks + 5);
    const calls = forTheStack(world.calls.slice(before.calls));
    const looks = looksAt(machine) - before.looks;
    expect(Object.keys(tally(calls))).toEqual(['get JtelStack']);
    // One look may have begun.
    expect(calls.length).toBeLessThanOrEqual(looks + 1);
  });

  it('asks for CronJobs once, for all stacks', async () => {
    const world = await installed();
    const asked = world.calls.filter(({ kind }) => kind === 'CronJob');
    expect(asked.map(({ verb }) => verb)).toEqual(['list']);
  });
});

it('a host is asked before the change log has answered', async () => {
  const world = await World.create();
  await world.apply(aStack());
  const list = world.cluster.list.bind(world.cluster);
  const answer = Promise.withResolvers<void>();
  world.cluster.list = async (kind, ...asked) => {
    if (kind.kind === controllerRevisions.kind) await answer.promise;
    return await list(kind, ...asked);
  };
  world.start();
  await world.until('a look at the host', () => looksAt(world.machine()) > 0);
  expect((await world.stack()).status).toBeUndefined();
  answer.resolve();
  await world.until('the stack to be Ready', () => ready(world));
});
