/** An old installation moves in: pulled while it works, finished when its people say so, and Ready like any other. */
import { afterEach, describe, expect, it } from 'vitest';
import { annotations, stackKind, type JtelStackSpec } from '../../crds/index.ts';
import type { JobSpec } from '../../host-driver/host.ts';
import type { ImportJobInput, ImportJobResult } from '../../jobs/import.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { endState, killedEverywhere, project, ready } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { aStack } from './testing.ts';

const { signal: never } = new AbortController();
const password = 'the old password';

afterEach(killAll);

function initialData(finishAt?: string): JtelStackSpec['initialData'] {
  const database = {
    address: '192.0.2.7',
    port: 3306,
    credentialsSecretRef: { name: 'old' },
    tls: 'Preferred',
  } as const;
  return { source: 'Import', import: { database, ...(finishAt === undefined ? {} : { finishAt }) } };
}

function importResult({ phase, loadID }: ImportJobInput): ImportJobResult {
  const account = { kind: 'Account', what: 'clerk@%' } as const;
  return {
    loadID,
    phase,
    tables: 12,
    rows: 3456,
    copied: phase === 'Pull' ? 12 : 2,
    remarks: [account],
    moreRemarks: 0,
  };
}

/** With an old database whose import succeeds. @param jobs those that were started */
async function oldWorld(jobs: JobSpec[] = [], finishAt?: string): Promise<World> {
  const world = await World.create();
  await world.addSecret('old', { username: 'mover', password });
  world.runJob = (job) => {
    jobs.push(job);
    return { result: job.type === 'import' ? importResult(job.input as ImportJobInput) : {} };
  };
  await world.apply(aStack({ initialData: initialData(finishAt) }));
  return world;
}

const reasonOf = async (world: World): Promise<string | undefined> =>
  findCondition((await world.stack()).status?.conditions, 'DataLoaded')?.reason;

describe('a stack that imports an old installation', () => {
  it('pulls and waits with nothing but its database, is finished when asked, and then is Ready', async () => {
    const jobs: JobSpec[] = [];
    const world = await oldWorld(jobs);
    world.start();
    await world.until('the pull', async () => (await reasonOf(world)) === 'ImportWaits');
    const waiting = (await world.stack()).status;
    expect(waiting?.import).toMatchObject({
      tables: 12,
      notBrought: [{ kind: 'Account', what: 'clerk@%' }],
    });
    expect(waiting?.import).not.toHaveProperty('finishTime');
    const here = world.machine().projects.get(project);
    expect([...(here?.containers.values() ?? [])].map(({ service }) => service)).toEqual(['acd-dbm']);
    expect(here?.state?.data).toBeUndefined();

    const live = await world.stack();
    const asked = { [annotations.finishImport]: waiting?.import?.pullTime ?? '' };
    await world.cluster.patchAnnotations(stackKind, live, asked, { signal: never });
    await world.until('the stack to be Ready', () => ready(world));
    expect(jobs.map(({ input }) => (input as ImportJobInput).phase)).toEqual(['Pull', 'Finish']);
    expect(endState(world)).toMatchObject({ data: 'import from 192.0.2.7:3306', version: '3.43.2', jobs: 0 });
    const done = (await world.stack()).status;
    expect(done?.import).toMatchObject({
      rows: 3456,
      copiedTables: 2,
      finishTime: expect.any(String),
      notBrought: [{ kind: 'Account', what: 'clerk@%' }],
    });
    expect(JSON.stringify(done)).not.toContain(password);
  });

  it('says what is wrong with its Secret, and starts nothing', async () => {
    const jobs: JobSpec[] = [];
    const world = await World.create();
    world.runJob = (job) => {
      jobs.push(job);
      return {};
    };
    await world.addSecret('old', { username: 'mover', password: `${password}\n` });
    await world.apply(aStack({ initialData: initialData() }));
    world.start();
    await world.until('the condition', async () => (await reasonOf(world)) === 'SecretInvalid');
    expect(jobs).toEqual([]);
    expect(JSON.stringify((await world.stack()).status)).not.toContain(password);
  });

  it('that is taken back to vanilla data loads those, and not what was pulled', async () => {
    const jobs: JobSpec[] = [];
    const world = await oldWorld(jobs);
    world.start();
    await world.until('the pull', async () => (await reasonOf(world)) === 'ImportWaits');
    await world.change({ initialData: { source: 'Vanilla' } });
    await world.until('the stack to be Ready', () => ready(world));
    expect(jobs.map(({ type }) => type)).toEqual(['import', 'load']);
    expect(endState(world)).toMatchObject({ data: 'vanilla 3.43.2', jobs: 0 });
    expect((await world.stack()).status?.import).toBeUndefined();
  });

  it('ends the same, wherever the operator is killed', async () => {
    const [whole, ...killed] = await killedEverywhere(() => oldWorld([], '2020-01-01T00:00:00Z'), ready);
    expect(whole?.endState).toMatchObject({ data: 'import from 192.0.2.7:3306' });
    for (const { crashAt, endState: end } of killed)
      expect(end, `after a crash at effect ${crashAt}`).toEqual(whole?.endState);
    expect(killed.length).toBeGreaterThan(20);
  }, 180_000);
});
