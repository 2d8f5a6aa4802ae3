/** A move whose old host serves no more, with the very operator, in memory: it ends, whatever is wanted meanwhile. */
import { afterEach, expect, it, vi } from 'vitest';
import { moveTo, newAddress, oldAddress, runs } from '../../test/support/world/moves.ts';
import { installed, project } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

it('a move that has stopped the stack goes on with its version, when one is asked for that the data cannot reach', async () => {
  const world = await World.create();
  world.machine(newAddress).withoutDocker();
  await installed(world);
  await world.kill();
  const { runJob } = world;
  let backups = 0;
  world.runJob = (job) => {
    if (job.type === 'backup') backups += 1;
    return backups === 2 ? { ...runJob(job), durationMilliseconds: 1000 } : runJob(job);
  };
  await moveTo(world, { address: newAddress });
  world.start();
  await world.until('the last backup', async () => backups === 2);
  await world.change({ version: '3.43.2' });
  await world.until('the stack to serve on the new host', async () => {
    const { conditions = [] } = (await world.stack()).status ?? {};
    const reasons = new Set(conditions.map(({ type, reason }) => `${type} ${reason}`));
    return (
      runs(world, newAddress) && reasons.has('Available Serving') && reasons.has('UpToDate DowngradeRefused')
    );
  });
  expect(world.machine(newAddress).projects.get(project)?.state?.applied?.version).toBe('3.44.0');
  expect(runs(world, oldAddress)).toBe(false);
});
