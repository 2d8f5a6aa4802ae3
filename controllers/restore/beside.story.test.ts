/** Restores beside data in use: switched to, taken back and undone. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backupKind, restoreKind, type JtelStack } from '../../crds/index.ts';
import { counted, isNew, runJob, volumes, withBackup } from '../../test/support/world/over-data.ts';
import {
  aRestore,
  ask,
  backupID,
  effects,
  endState,
  installed,
  project,
  ready,
} from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';

const { signal: never } = new AbortController();

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

const vanilla = 'vanilla 3.44.0';
const first = [`${project}_database`, `${project}_files`];

function readyOf({ status }: JtelStack): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

describe('a restore over data', () => {
  it('loads beside them while the stack serves, stops it only to switch, and keeps what was there', async () => {
    const world = await withBackup();
    const before = effects(world).length;
    const { status, metadata } = await ask(world);
    expect(status).toMatchObject({
      phase: 'Completed',
      backupID,
      progress: '100%',
      downtimeSeconds: expect.any(Number),
      previousUntilTime: expect.stringMatching(/^\d{4}-/),
    });
    expect(status?.checks?.filter(({ result }) => result === 'Failed')).toEqual([]);
    const done = effects(world).slice(before);
    expect(
      done
        .filter((effect) => ['startJob', 'composeStop', 'record', 'composeUp'].includes(effect))
        .slice(0, 5),
    ).toEqual(['startJob', 'startJob', 'composeStop', 'record', 'composeUp']);
    await world.until('the stack to be Ready', () => ready(world));
    expect(endState(world)).toMatchObject({
      data: `backup ${backupID}`,
      version: '3.44.0',
      jobs: 0,
      projects: [project],
    });
    await world.until(
      'the size to be told',
      async () => ((await world.stack()).status?.previousData?.bytes ?? 0) > 0,
    );
    expect((await world.stack()).status?.previousData).toMatchObject({
      requestUID: metadata.uid,
      source: vanilla,
      version: '3.44.0',
    });
    expect(volumes(world)).toEqual(expect.arrayContaining(first));
    expect(volumes(world).filter((name) => isNew(name))).toHaveLength(2);
  });

  it('is followed by an update that came while it loaded, although its backup is not complete', async () => {
    const world = await installed(await World.create(), { version: '3.43.2' });
    storeBackup(world.customer, { backupID });
    await world.change({ version: '3.44.0' });
    // It waits, because the newest backup there is not this stack's.
    const key = { namespace: 'acme', name: 'main-pre-update-2' };
    await world.until(
      'the backup of the update',
      async () => (await world.cluster.find(backupKind, key, { signal: never }))?.status?.phase === 'Pending',
    );
    expect((await ask(world)).status).toMatchObject({ phase: 'Completed' });
    await world.until('the stack to be Ready', () => ready(world));
    expect(endState(world)).toMatchObject({ data: `backup ${backupID}`, version: '3.44.0' });
  });

  it('lets the stack be Ready until it is stopped', async () => {
    const world = await withBackup();
    runJob(world, { '-restore': { durationMilliseconds: 1e9 } });
    await world.cluster.create(restoreKind, aRestore(), { signal: never });
    await world.until('the load', async () => (await world.stack()).status?.dataOrder?.state === 'Loading');
    const stack = await world.stack();
    expect(readyOf(stack)).toBe('True');
    expect(stack.status?.phase).toBe('Ready');
    expect(effects(world)).not.toContain('composeStop');
  });

  it('puts right meanwhile what somebody stops', async () => {
    const world = await withBackup();
    runJob(world, { '-restore': { durationMilliseconds: 1e9 } });
    await world.cluster.create(restoreKind, aRestore(), { signal: never });
    await world.until('the load', async () => (await world.stack()).status?.dataOrder?.state === 'Loading');
    world.machine().kill(project, 'acd-web-1');
    await world.until(
      'the web server to run again',
      async () => world.machine().projects.get(project)?.containers.get('acd-web-1')?.state === 'running',
    );
    expect(world.machine().jobs.size).toBe(1);
  });

  it.each([
    ['at once when the data are damaged', 'DataSetCorrupt', 'BackupInvalid', 1],
    ['after some tries when it may pass', 'DownloadFailed', 'JobFailed', 6],
  ] as const)(
    'that cannot be loaded fails %s, and nothing of the stack was stopped',
    async (_, failure, reason, tries) => {
      const world = await withBackup();
      runJob(world, { '-restore': { error: { reason: failure, message: 'a pack is damaged.' } } });
      const { status } = await ask(world);
      expect(status).toMatchObject({
        phase: 'Failed',
        conditions: expect.arrayContaining([expect.objectContaining({ reason })]),
      });
      expect(effects(world)).not.toContain('composeStop');
      expect(effects(world).filter((effect) => effect === 'removeJob').length).toBeGreaterThanOrEqual(tries);
      await world.until(
        'the stack to be as it was',
        async () => (await ready(world)) && !volumes(world).some((name) => isNew(name)),
      );
      expect(endState(world)).toMatchObject({ data: vanilla, jobs: 0 });
      expect((await world.stack()).status?.previousData).toBeUndefined();
    },
  );

  it('is taken back when the stack does not become healthy on the new data', async () => {
    const world = await withBackup();
    world.machine().breaks = (service) =>
      service === 'acd-dbm' &&
      isNew(world.machine().projects.get(project)?.state?.volumes?.['database'] ?? '');
    const { status } = await ask(world);
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'HealthGateFailed' })]),
    });
    await world.until(
      'the stack to be as it was',
      async () => (await ready(world)) && !volumes(world).some((name) => isNew(name)),
    );
    expect(endState(world)).toMatchObject({ data: vanilla });
    expect([...(world.machine().projects.get(project)?.failures ?? [])]).toEqual([
      expect.stringContaining('acd-dbm'),
    ]);
  });

  it('that is deleted while it loads ends, and leaves nothing', async () => {
    const world = await withBackup();
    runJob(world, { '-restore': { durationMilliseconds: 1e9 } });
    await world.cluster.create(restoreKind, aRestore(), { signal: never });
    await world.until('the load', async () => (await world.stack()).status?.dataOrder?.state === 'Loading');
    await world.cluster.delete(restoreKind, { namespace: 'acme', name: 'back' }, {}, { signal: never });
    await world.until(
      'the load to be gone',
      async () =>
        (await ready(world)) &&
        world.machine().jobs.size === 0 &&
        !volumes(world).some((name) => isNew(name)),
    );
    expect(endState(world)).toMatchObject({ data: vanilla });
    expect(effects(world)).not.toContain('composeStop');
  });

  it('gives up what was there when its time is over', async () => {
    const world = await withBackup();
    await ask(world, { keepPreviousHours: 0 });
    await world.until(
      'only the new data to be there',
      async () =>
        (await ready(world)) &&
        volumes(world)
          .filter((name) => /_(database|files)/.test(name))
          .every((name) => isNew(name)),
    );
    expect((await world.stack()).status?.previousData).toBeUndefined();
    expect(endState(world)).toMatchObject({ data: `backup ${backupID}` });
  });

  it('makes room for a second one: the data from before the first go', async () => {
    const world = await withBackup();
    await ask(world);
    storeBackup(world.customer, { backupID: '20260302t020000z-00000b', content: 'newer' });
    await ask(world, {}, 'again');
    await world.until(
      'three sets to become two',
      async () =>
        (await ready(world)) && volumes(world).filter((name) => name.includes('_database')).length === 2,
    );
    expect(volumes(world)).not.toContain(`${project}_database`);
    expect((await world.stack()).status?.previousData).toMatchObject({ source: `backup ${backupID}` });
  });
});

describe('a database that is a dump', () => {
  const logical = {
    change: (manifest: { dataSets: readonly { name: string }[] }) => ({
      ...manifest,
      dataSets: manifest.dataSets.map((set) =>
        set.name === 'database' ? { ...set, kind: 'Logical', tables: 1, rows: 5 } : set,
      ),
    }),
  };

  it('is loaded into a database of its own beside the stack, which is gone afterwards', async () => {
    const world = await withBackup(logical);
    const projects = new Set<string>();
    world.runJob = (job) => {
      if (job.uid.endsWith('-restore'))
        for (const [name, { containers }] of world.machine().projects)
          if (containers.size > 0) projects.add(`${name} ${job.network ?? ''}`);
      return { result: job.type === 'count' ? counted : {} };
    };
    const { status, metadata } = await ask(world, { verify: 'Start' });
    const load = `jtel-load-${metadata.uid.replaceAll('-', '').slice(-16)}`;
    expect(status).toMatchObject({ phase: 'Completed' });
    expect([...projects]).toEqual([`${project} ${load}_default`, `${load} ${load}_default`]);
    await world.until('the stack to be Ready', () => ready(world));
    expect(endState(world)).toMatchObject({ data: `backup ${backupID}`, projects: [project], jobs: 0 });
  });

  it('that holds something else than was backed up is not switched to', async () => {
    const world = await withBackup(logical);
    runJob(world, { '-count': { result: { ...counted, tables: [] } } });
    const { status } = await ask(world, { verify: 'Start' });
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'VerificationFailed' })]),
    });
    expect(effects(world)).not.toContain('composeStop');
    await world.until(
      'everything to be gone',
      async () =>
        (await ready(world)) &&
        !volumes(world).some((name) => isNew(name)) &&
        world.machine().projects.size === 1,
    );
    expect(endState(world)).toMatchObject({ data: vanilla, jobs: 0 });
  });
});

describe('undoing a restore', () => {
  it('switches back to what was there, and can itself be undone', async () => {
    const world = await withBackup();
    const { metadata } = await ask(world);
    await world.until('the stack to be Ready', () => ready(world));
    const undone = await ask(world, { source: { undoOf: metadata.uid }, ifNotEmpty: 'Fail' }, 'undo');
    expect(undone.status).toMatchObject({
      phase: 'Completed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'RestoreUndone' })]),
      downtimeSeconds: expect.any(Number),
    });
    await world.until('the stack to be Ready', () => ready(world));
    expect(endState(world)).toMatchObject({ data: vanilla });
    expect((await world.stack()).status?.previousData).toMatchObject({
      requestUID: undone.metadata.uid,
      source: `backup ${backupID}`,
    });
    await ask(world, { source: { undoOf: undone.metadata.uid }, ifNotEmpty: 'Fail' }, 'redo');
    await world.until('the stack to be Ready', () => ready(world));
    expect(endState(world)).toMatchObject({ data: `backup ${backupID}` });
  });

  it.each([
    ['that nobody made', 'b6c9a2f0-0000-4000-8000-000000000000'],
    ['after which another one came', undefined],
  ])('%s is refused, and nothing is touched', async (_, uid) => {
    const world = await withBackup();
    const { metadata } = await ask(world);
    storeBackup(world.customer, { backupID: '20260302t020000z-00000b', content: 'newer' });
    await ask(world, {}, 'again');
    await world.until('the stack to be Ready', () => ready(world));
    const before = effects(world).length;
    const { status } = await ask(
      world,
      { source: { undoOf: uid ?? metadata.uid }, ifNotEmpty: 'Fail' },
      'undo',
    );
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'UndoNotPossible' })]),
    });
    expect(effects(world).slice(before)).not.toContain('composeStop');
  });

  it('in mode Plan says what would be done', async () => {
    const world = await withBackup();
    const { metadata } = await ask(world);
    await world.until('the stack to be Ready', () => ready(world));
    const { status } = await ask(
      world,
      { mode: 'Plan', source: { undoOf: metadata.uid }, ifNotEmpty: 'Fail' },
      'undo',
    );
    expect(status).toMatchObject({
      phase: 'Completed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'ChecksPassed' })]),
    });
    expect(endState(world)).toMatchObject({ data: `backup ${backupID}` });
  });
});
