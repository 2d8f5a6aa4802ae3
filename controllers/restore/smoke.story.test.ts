/** Smoke checks of a release in a test restore, with the real operator over hosts and stores in memory. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { restoreKind } from '../../crds/index.ts';
import type { FakeJobOutcome } from '../../host-driver/fake/machine.ts';
import type { JobSpec } from '../../host-driver/host.ts';
import type { SmokeCheck } from '../../release/generated/release.ts';
import { aRelease, physicalDatabase, storeRelease } from '../../test/support/release-builder.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';
import {
  aRestore,
  ask,
  backupID,
  effects,
  endState,
  installed,
  killedEverywhere,
  project,
  restoreOf,
} from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';

const { signal: never } = new AbortController();

vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

const byHTTP: SmokeCheck = {
  name: 'runner',
  http: { component: 'acd-task-runner', port: 8080, path: '/health', status: 200 },
};
const inSQL: SmokeCheck = {
  name: 'accounts',
  sql: { query: 'SELECT COUNT(*) FROM jtel.Accounts', value: '7' },
};

const counted = {
  tables: [{ schema: 'jtel', name: 't', rows: 5 }],
  sequences: 0,
  fileTrees: [{ name: 'files', files: 1, bytes: 100 }],
};

/** A stack of 3.44.0 with a backup of 3.45.0, which has smoke checks, and the jobs that ran. */
async function withChecks(
  answers: readonly object[],
  ...smokeChecks: readonly SmokeCheck[]
): Promise<{ readonly world: World; readonly jobs: readonly JobSpec[] }> {
  const world = await World.create();
  const jobs: JobSpec[] = [];
  await storeRelease(
    world.vendor,
    aRelease({ version: '3.45.0', database: physicalDatabase, smokeChecks: [...smokeChecks] }),
  );
  world.runJob = (job): FakeJobOutcome => {
    if (job.type !== 'probe') jobs.push(job);
    return { result: job.type === 'count' ? counted : job.type === 'smoke' ? { answers } : {} };
  };
  await installed(world);
  jobs.length = 0;
  storeBackup(world.customer, { backupID, version: '3.45.0' });
  return { world, jobs };
}

const test = { mode: 'Test', ifNotEmpty: 'Fail', preRestoreBackup: 'Skip' } as const;

describe('a test restore of a release with smoke checks', () => {
  it('starts what they ask in a closed network, asks, and leaves nothing behind', async () => {
    const { world, jobs } = await withChecks(
      [
        { name: 'runner', answer: '200' },
        { name: 'accounts', answer: '7' },
      ],
      byHTTP,
      inSQL,
    );
    const { status } = await ask(world, test);
    expect(status).toMatchObject({
      phase: 'Completed',
      message: expect.stringMatching(/counted in \d+ s: .*, 2 smoke checks passed\.$/),
    });
    expect(jobs.map(({ type, network }) => [type, network?.replace(/^jtel-test-[0-9a-f]+_/, '')])).toEqual([
      ['restore', 'host'],
      ['count', 'closed'],
      ['smoke', 'closed'],
    ]);
    expect(endState(world)).toMatchObject({ data: 'vanilla 3.44.0', projects: [project], jobs: 0 });
  });

  it('starts only the database for questions in SQL', async () => {
    const { world } = await withChecks([{ name: 'accounts', answer: '7' }], inSQL);
    const before = effects(world).filter((method) => method === 'composeUp').length;
    expect((await ask(world, test)).status).toMatchObject({ phase: 'Completed' });
    expect(effects(world).filter((method) => method === 'composeUp')).toHaveLength(before + 1);
  });

  it('fails when an answer is another, says which, and still leaves nothing behind', async () => {
    const { world } = await withChecks([{ name: 'accounts', answer: '0' }], byHTTP, inSQL);
    const { status } = await ask(world, test);
    expect(status).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('runner: it was not asked; accounts: "0" instead of "7"'),
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'VerificationFailed' })]),
    });
    expect(endState(world)).toMatchObject({ projects: [project], jobs: 0 });
  });

  it('ends the same if the operator is killed before or after any effect', async () => {
    const create = async (): Promise<World> => {
      const { world } = await withChecks([{ name: 'runner', answer: '200' }], byHTTP);
      await world.kill();
      await world.cluster.create(restoreKind, aRestore(test), { signal: never });
      return world;
    };
    const [whole, ...killed] = await killedEverywhere(
      create,
      async (world) => (await restoreOf(world)).status?.phase === 'Completed',
    );
    for (const { crashAt, endState: end } of killed)
      expect(end, `after a kill at effect ${crashAt}`).toEqual(whole?.endState);
    expect(killed.length).toBeGreaterThan(20);
  }, 120_000);
});
