/** A stack that is deleted amid a move, while one of its two hosts does not answer. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { annotations, stackKind, type JtelStack } from '../../crds/index.ts';
import { moveTo, newAddress, oldAddress, runs } from '../../test/support/world/moves.ts';
import { installed, project, ready, stackOf } from '../../test/support/world/restores.ts';
import { askForBackup } from '../stores/ask-for-backup.ts';
import { killAll, World } from '../../test/support/world/world.ts';

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

const call = { signal: new AbortController().signal };

/** A stack that is installed on the old host, and sent to the new one. */
async function movingWorld(
  deletionPolicy: 'Stop' | 'Destroy',
  newHost: 'Silent' | 'Answers',
): Promise<World> {
  const world = await World.create();
  world.machine(newAddress).withoutDocker();
  await installed(world, { deletionPolicy });
  if (newHost === 'Silent') world.machine(newAddress).unreachable = 'HostUnreachable';
  // It gets no further than the first backup.
  const { runJob } = world;
  world.runJob = (job) => ({ ...runJob(job), ...(job.type === 'backup' && { durationMilliseconds: 1e9 }) });
  await moveTo(world, { address: newAddress });
  const hasBegun = ({ status }: JtelStack): boolean =>
    newHost === 'Silent' ? status?.phase === 'Unreachable' : status?.relocation?.state === 'BackingUp';
  await world.until('the move to begin', async () => hasBegun(await world.stack()));
  return world;
}

async function remove(world: World): Promise<void> {
  const live = await world.stack();
  const { uid } = live.metadata;
  await world.cluster.patchAnnotations(stackKind, live, { [annotations.confirmDestroy]: uid }, call);
  await world.cluster.delete(stackKind, { namespace: 'acme', name: 'main' }, { uid }, call);
}

function lies(world: World, address: string): boolean {
  return world.machine(address).projects.has(project);
}

async function isGone(world: World): Promise<boolean> {
  return (await world.find()) === undefined;
}

it('a stack that was deleted (Orphan) while its host was away amid a backup leaves its job until it is applied again', async () => {
  const world = await installed(await World.create());
  const machine = world.machine();
  const { runJob } = world;
  world.runJob = (job) => ({ ...runJob(job), ...(job.type === 'backup' && { durationMilliseconds: 1e9 }) });
  const asked = { namespace: 'acme', stackName: 'main', name: 'one', trigger: 'Manual' } as const;
  await askForBackup(world.cluster, { ...asked, verify: 'Checksum' }, call);
  await world.until('the job', () => machine.jobs.size > 0);
  machine.unreachable = 'HostUnreachable';
  await world.cluster.delete(stackKind, { namespace: 'acme', name: 'main' }, {}, call);
  await world.until('the object to go', () => isGone(world));
  machine.unreachable = undefined;
  await world.apply(stackOf());
  await world.until('the stack to be Ready', () => ready(world));
  expect([runs(world, oldAddress), machine.jobs.size]).toEqual([true, 0]);
});

describe.each(['Stop', 'Destroy'] as const)('a stack that is deleted with %s amid a move', (policy) => {
  const isOver = (world: World, address: string): boolean =>
    policy === 'Stop' ? !runs(world, address) : !lies(world, address);

  it('waits for no host that never answered', async () => {
    const world = await movingWorld(policy, 'Silent');
    await remove(world);
    await world.until('the object to go', () => isGone(world));
    expect(isOver(world, oldAddress)).toBe(true);
  });

  it.each([oldAddress, newAddress])('is ended on the other host at once when %s is away', async (away) => {
    const world = await movingWorld(policy, 'Answers');
    const other = away === oldAddress ? newAddress : oldAddress;
    world.machine(away).unreachable = 'HostUnreachable';
    await remove(world);
    const message = async (): Promise<string | undefined> => (await world.find())?.status?.message;
    await world.until('it to be told', async () =>
      ((await message()) ?? '').startsWith(`On ${other} nothing is left to do. Host ${away} cannot`),
    );
    expect([isOver(world, other), lies(world, away)]).toEqual([true, true]);
    world.machine(away).unreachable = undefined;
    await world.until('the object to go', () => isGone(world));
    expect(isOver(world, away)).toBe(true);
  });
});
