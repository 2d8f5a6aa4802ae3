/**
 * W2: the volumes are gone or empty, and what the host and the cluster remember of data is not. Nothing is
 * ever started over nothing.
 */
import assert from 'node:assert/strict';
import {
  annotations,
  restoreKind,
  stackKind,
  type JtelStack,
  type JtelStackSpec,
} from '../../../../crds/index.ts';
import type { VolumeContent } from '../../../../host-driver/host.ts';
import {
  inWorld,
  aRestore,
  backupID,
  effects,
  ended,
  installed,
  project,
  ready,
  restoreOf,
} from '../../../support/world/restores.ts';
import type { World } from '../../../support/world/world.ts';
import { storeBackup } from '../../../support/stored-backup.ts';
import type { WorldCase } from '../scene.ts';

const { signal: never } = new AbortController();
const databaseVolume = `${project}_database`;
const filesVolume = `${project}_files`;
const volumes = (world: World): readonly string[] =>
  [...(world.machine().projects.get(project)?.volumes.keys() ?? [])].toSorted();
const condition = ({ status }: JtelStack, type: string) =>
  status?.conditions?.find((one) => one.type === type);

/** A stack that was loaded from a backup in its store, then stopped as for maintenance of the host. */
async function stopped(world: World, spec: Partial<JtelStackSpec> = {}): Promise<void> {
  storeBackup(world.customer, { backupID });
  await installed(world, { initialData: { source: 'Auto' }, ...spec });
  await world.change({ powerState: 'Stopped' });
  await world.until('the stack to be stopped', async () => (await world.stack()).status?.phase === 'Stopped');
}

async function refusal(world: World): Promise<JtelStack> {
  await world.until(
    'the loss to be told',
    async () => condition(await world.stack(), 'Ready')?.reason === 'DataMissing',
  );
  return await world.stack();
}

/** Nothing was started since then, and nothing that is missing was made. */
function assertUntouched(world: World, since: number, left: readonly string[]): void {
  assert.deepEqual(
    effects(world)
      .slice(since)
      .filter((effect) => effect === 'composeUp' || effect === 'startJob'),
    [],
  );
  assert.deepEqual(volumes(world), left);
  assert.ok(
    [...(world.machine().projects.get(project)?.containers.values() ?? [])].every(
      ({ state }) => state !== 'running',
    ),
  );
}

const losses: readonly (readonly [string, 'Gone' | VolumeContent, readonly string[]])[] = [
  ['all volumes were removed', 'Gone', [databaseVolume, filesVolume]],
  ['the disk with the volumes is not mounted', 'Empty', [databaseVolume, filesVolume]],
  ['only the database was removed', 'Gone', [databaseVolume]],
  ['only the file tree was emptied', 'Empty', [filesVolume]],
  ['an older operator has started the database over nothing', 'BareDatabase', [databaseVolume]],
  ['a load in the file tree did not come to its end', 'Loading', [filesVolume]],
];

export const cases: readonly WorldCase[] = [
  ...losses.map(([what, content, names]): WorldCase => ({
    id: 'W2',
    title: `${what}: nothing is started, no empty volume made, the newest backup named`,
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await stopped(world);
        world.machine().loseVolumes(project, content, names);
        const left = volumes(world);
        const since = effects(world).length;
        await world.change({ powerState: 'Running' });
        const stack = await refusal(world);
        assert.equal(stack.status?.phase, 'Stalled');
        const loaded = condition(stack, 'DataLoaded');
        assert.deepEqual([loaded?.status, loaded?.reason], ['False', 'DataMissing']);
        for (const said of [
          ...names,
          backupID,
          'ifNotEmpty Replace',
          `${annotations.beginAnew}=${stack.status?.data?.time}`,
        ])
          assert.ok(loaded?.message.includes(said), `${said} in: ${loaded?.message}`);
        assertUntouched(world, since, left);
      }),
  })),
  {
    id: 'W2',
    title: 'while the stack is stopped, the lost data are told, too',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await stopped(world);
        world.machine().loseVolumes(project, 'Gone');
        await world.until(
          'the loss to be told',
          async () => condition(await world.stack(), 'DataLoaded')?.reason === 'DataMissing',
        );
        assert.equal((await world.stack()).status?.phase, 'Stopped');
      }),
  },
  {
    id: 'W2',
    title: 'a disk that is mounted again brings the stack back, without anybody saying anything',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await stopped(world);
        const kept = new Map(world.machine().projects.get(project)?.volumes);
        world.machine().loseVolumes(project, 'Gone');
        await world.change({ powerState: 'Running' });
        await refusal(world);
        for (const [name, volume] of kept) world.machine().projects.get(project)?.volumes.set(name, volume);
        await world.until('the stack to be Ready', () => ready(world));
      }),
  },
  {
    id: 'W2',
    title:
      'a JtelRestore brings a backup in the place of the lost data, without a backup of nothing before it',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await stopped(world);
        world.machine().loseVolumes(project, 'Gone');
        await world.change({ powerState: 'Running' });
        await refusal(world);
        await world.cluster.create(restoreKind, aRestore({ preRestoreBackup: 'Required' }), {
          signal: never,
        });
        await world.until('the restore to end', () => ended(world));
        assert.equal(
          (await restoreOf(world)).status?.phase,
          'Completed',
          JSON.stringify((await restoreOf(world)).status),
        );
        await world.until('the stack to be Ready', () => ready(world));
        assert.equal(condition(await world.stack(), 'DataLoaded')?.status, 'True');
      }),
  },
  {
    id: 'W2',
    title: 'consent to begin anew names the lost data, loads the first ones again, and counts once',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await stopped(world);
        world.machine().loseVolumes(project, 'Gone');
        await world.change({ powerState: 'Running' });
        const lost = await refusal(world);
        const annotate = async (value: string): Promise<void> =>
          void (await world.cluster.patchAnnotations(
            stackKind,
            await world.stack(),
            { [annotations.beginAnew]: value },
            { signal: never },
          ));
        const since = effects(world).length;
        await annotate('2020-01-01T00:00:00.000Z');
        const looks = (): number => world.machine().calls.filter(({ method }) => method === 'observe').length;
        const before = looks();
        await world.until('two more looks', async () => looks() > before + 1);
        assertUntouched(world, since, []);
        await annotate(lost.status?.data?.time ?? '');
        await world.until('the stack to be Ready', () => ready(world));
        assert.equal((await world.stack()).status?.data?.backupID, backupID);

        await world.change({ powerState: 'Stopped' });
        await world.until(
          'the stack to be stopped',
          async () => (await world.stack()).status?.phase === 'Stopped',
        );
        world.machine().loseVolumes(project, 'Gone');
        await world.change({ powerState: 'Running' });
        await refusal(world);
      }),
  },
  {
    id: 'W2',
    title:
      "the host's own record is gone with its disk: no vanilla data are put in the place of what the status knows",
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await installed(world);
        await world.kill();
        world.machine().projects.delete(project);
        const since = effects(world).length;
        world.start();
        const stack = await refusal(world);
        assert.match(condition(stack, 'DataLoaded')?.message ?? '', /no record of any/);
        assert.deepEqual(
          effects(world)
            .slice(since)
            .filter((effect) => effect === 'composeUp' || effect === 'startJob'),
          [],
        );
        await world.cluster.patchAnnotations(
          stackKind,
          stack,
          { [annotations.beginAnew]: stack.status?.data?.time ?? '' },
          { signal: never },
        );
        await world.until('the stack to be Ready', () => ready(world));
      }),
  },
  {
    id: 'W2',
    title: 'data that go while the stack runs are told, and are not backed up',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await installed(world);
        await world.kill();
        world.machine().loseVolumes(project, 'Empty');
        world.start();
        await refusal(world);
        assert.ok(
          [...(world.machine().projects.get(project)?.containers.values() ?? [])].every(
            ({ state }) => state === 'running',
          ),
        );
      }),
  },
];
