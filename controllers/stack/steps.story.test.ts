/** An update in the world in memory, whose steps are still known afterwards, also if the operator died in it. */
import { afterEach, expect, it } from 'vitest';
import { controllerRevisions } from '../../runtime/client/kinds.ts';
import { storeLikeAJob } from '../backup/testing.ts';
import { ready, stackOf } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import type { BackupJobInput } from '../../jobs/backup.ts';
import { revisionsOf, type RecordedStep } from './index.ts';

const { signal: never } = new AbortController();

afterEach(killAll);

async function steps(world: World): Promise<readonly RecordedStep[]> {
  const all = revisionsOf(
    await world.stack(),
    await world.cluster.list(controllerRevisions, {}, { signal: never }),
  );
  return all.at(-1)?.steps ?? [];
}

/** A start in memory takes no time, and only what a look meets is a step. */
function startAfterALook(world: World): void {
  const machine = world.machine();
  const { onCall } = machine;
  machine.onCall = async (call) => {
    await onCall?.(call);
    if (call.method !== 'composeUp' || call.phase !== 'before') return;
    const isTold = async (): Promise<boolean> =>
      /^(starting|applying the release) /.test((await world.stack()).status?.message ?? '');
    await world.until('a look meanwhile', isTold);
  };
}

function names(recorded: readonly RecordedStep[]): readonly string[] {
  return recorded.map(({ step }) => step);
}

it('an update keeps the begin of each step, whichever process saw it', async () => {
  const world = await World.create();
  await world.apply(stackOf({ version: '3.43.1' }));
  world.start();
  startAfterALook(world);
  await world.until('the stack to be Ready', () => ready(world));
  expect(names(await steps(world))).toEqual(expect.arrayContaining(['SetUp', 'Data', 'Containers']));

  world.runJob = ({ type, input }) =>
    type === 'backup'
      ? { result: storeLikeAJob(world.customer, input as BackupJobInput), durationMilliseconds: 60_000 }
      : {};
  await world.change({ version: '3.43.2' });
  await world.until('the backup to be waited for', async () => names(await steps(world)).includes('Backup'));
  const before = await steps(world);
  await world.kill();
  world.start();
  await world.until('the update', async () => {
    const isUpdated = (await world.stack()).status?.version === '3.43.2';
    return isUpdated && (await ready(world));
  });

  const after = await steps(world);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(names(after.slice(before.length))).toContain('Health');
  expect(names(after).filter((name) => name === 'Backup')).toHaveLength(1);
  const times = after.map(({ time }) => Date.parse(time));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  // The backup took a minute.
  const backup = after.findIndex(({ step }) => step === 'Backup');
  expect((times[backup + 1] ?? 0) - (times[backup] ?? 0)).toBeGreaterThan(50_000);
}, 60_000);
