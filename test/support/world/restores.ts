/**
 * What tests do in a world in memory: install a stack, ask for restores, kill the operator anywhere, look at
 * the end.
 */
import { restoreKind, type JtelRestore, type JtelStackSpec } from '../../../crds/index.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import type { FakeMachine } from '../../../host-driver/fake/machine.ts';
import { aRestore as restoreOrder } from '../a-restore.ts';
import { World, reading } from './world.ts';

const { signal: never } = new AbortController();
export const backupID = '20260301t020000z-00000a';
export const project = 'jtel-acme-main';
export const backup: NonNullable<JtelStackSpec['backup']> = {
  storeRef: { name: 'customer' },
  schedule: '0 2 * * *',
  timeZone: 'Europe/Berlin',
  state: 'Suspended',
  verify: 'Checksum',
  method: 'Physical',
  startDeadlineMinutes: 720,
  historyLimit: 14,
};

export function stackOf(spec: Partial<JtelStackSpec> = {}): ReturnType<typeof aStack> {
  return aStack({ version: '3.44.0', initialData: { source: 'Vanilla' }, backup, ...spec });
}

export function aRestore(spec: Partial<JtelRestore['spec']> = {}, name = 'back'): JtelRestore {
  return restoreOrder({ preRestoreBackup: 'Skip', ...spec }, { metadata: { name } });
}

export async function restoreOf(world: World, name = 'back'): Promise<JtelRestore> {
  return await world.cluster.get(restoreKind, { namespace: 'acme', name }, { signal: never });
}

export async function ready(world: World): Promise<boolean> {
  const { metadata, status } = await world.stack();
  return (
    status?.phase === 'Ready' &&
    status.observedGeneration === metadata.generation &&
    status.operation === undefined
  );
}

export async function ended(world: World, name = 'back'): Promise<boolean> {
  const { status } = await restoreOf(world, name);
  return status?.phase === 'Completed' || status?.phase === 'Failed';
}

/** How often the host was looked at so far. A look makes other calls, too. */
export function looksAt(machine: FakeMachine): number {
  return machine.calls.filter(({ method }) => method === 'observe').length;
}

/** Everything that changed the host, in order. */
export function effects(world: World): string[] {
  return world
    .machine()
    .calls.map(({ method }) => method)
    .filter((method) => !reading.has(method));
}

export function endState(world: World): unknown {
  const here = world.machine().projects.get(project);
  return {
    containers: [...(here?.containers.values() ?? [])]
      .map(({ service, state }) => `${service} ${state}`)
      .toSorted(),
    data: here?.state?.data?.source,
    incomplete: here?.state?.data?.state,
    version: here?.state?.applied?.version,
    jobs: world.machine().jobs.size,
    projects: [...world.machine().projects.keys()],
  };
}

/** Brings a world up to a Ready stack. Its operator keeps running. */
export async function installed(world: World, spec: Partial<JtelStackSpec> = {}): Promise<World> {
  await world.apply(stackOf(spec));
  world.start();
  await world.until('the stack to be Ready', () => ready(world));
  return world;
}

/** Plays in a new world. Kills what still runs in it, however the play ends. */
export async function inWorld(play: (world: World) => Promise<void>): Promise<void> {
  const world = await World.create();
  try {
    await play(world);
  } finally {
    await world.kill();
  }
}

/** Creates a restore and waits for its end. */
export async function ask(
  world: World,
  spec: Partial<JtelRestore['spec']> = {},
  name = 'back',
): Promise<JtelRestore> {
  await world.cluster.create(restoreKind, aRestore(spec, name), { signal: never });
  await world.until('the restore to end', () => ended(world, name));
  return await restoreOf(world, name);
}

export interface KillResult {
  readonly crashAt: number;
  readonly endState: unknown;
}

/**
 * Runs a story once as a whole. Then runs it again and again: the operator is killed at its 1st, 2nd, 3rd …
 * effect and another one started.
 * @returns how each ended; the first is the whole one.
 */
export async function killedEverywhere(
  create: () => Promise<World>,
  done: (world: World) => Promise<boolean>,
): Promise<readonly KillResult[]> {
  const results: KillResult[] = [];
  for (let crashAt = Number.POSITIVE_INFINITY, next = 1; ; crashAt = next, next += 1) {
    const world = await create();
    world.start(crashAt);
    const reached = await world.until('the end', () => done(world));
    await world.kill();
    if (!reached) {
      world.start();
      await world.until(`the end after a kill at effect ${crashAt}`, () => done(world));
      await world.kill();
    }
    if (reached && crashAt !== Number.POSITIVE_INFINITY) return results;
    results.push({ crashAt, endState: endState(world) });
  }
}
