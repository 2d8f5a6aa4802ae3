/** `kubectl jtel restore …` against a real API server and a real blob server. */
import { beforeAll, describe, expect, it } from 'vitest';
import { restoreKind, stackKind, type JtelRestore } from '../../../crds/index.ts';
import { call } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait.ts';
import { cluster, identity, jtel, newer, object, older, withBackups } from './backups-fixture.ts';

withBackups('plugin-restore');

beforeAll(async () => {
  await object('acme-known', { phase: 'Completed', backupID: newer, identity });
});

async function restoreOf(name: string): Promise<JtelRestore> {
  return await waitFor(`JtelRestore ${name}`, () =>
    cluster.client.find(restoreKind, { namespace: cluster.namespace, name }, call()),
  );
}

describe('restore', () => {
  it('plans without being asked twice, and shows the checks', async () => {
    const planning = jtel([
      'restore',
      'acme',
      '--from',
      'latest',
      '--plan',
      '--replace',
      '--name',
      'acme-plan',
    ]);
    const { spec } = await restoreOf('acme-plan');
    expect(spec).toMatchObject({ mode: 'Plan', source: { latestOf: identity }, ifNotEmpty: 'Replace' });
    const status = {
      phase: 'Completed',
      backupID: newer,
      checks: [{ name: 'BackupComplete', result: 'Passed' }],
    } as const;
    await cluster.client.applyStatus(
      restoreKind,
      { namespace: cluster.namespace, name: 'acme-plan' },
      status,
      {},
      call(),
    );
    expect(await planning).toMatchObject({
      code: 0,
      out: expect.stringMatching(/✔ BackupComplete\n✔ backup .*nothing was done/),
    });
  });

  it('names a backup by its backupID or its object', async () => {
    expect((await jtel(['restore', 'acme', '--from', older, '--name', 'acme-by-id'])).code).toBe(0);
    expect((await restoreOf('acme-by-id')).spec.source).toEqual({
      backupID: older,
      storeRef: { name: 'customer' },
    });
    expect(
      (await jtel(['restore', 'acme', '--from', 'acme-known', '--test', '--name', 'acme-by-object'])).code,
    ).toBe(0);
    expect((await restoreOf('acme-by-object')).spec).toMatchObject({
      mode: 'Test',
      source: { backupRef: { name: 'acme-known' } },
    });
  });

  it('overwrites data only after the name of the stack was typed', async () => {
    expect(
      (
        await jtel(['restore', 'acme', '--from', 'latest', '--replace', '--name', 'acme-no'], {
          answer: 'yes',
        })
      ).code,
    ).toBe(1);
    expect(
      await jtel(['restore', 'acme', '--from', 'latest', '--replace', '--name', 'acme-no']),
    ).toMatchObject({ code: 2, err: expect.stringContaining('--confirm acme') });
    expect(
      (
        await jtel([
          'restore',
          'acme',
          '--from',
          'latest',
          '--replace',
          '--confirm',
          'other',
          '--name',
          'acme-no',
        ])
      ).code,
    ).toBe(2);
    expect(
      await cluster.client.find(restoreKind, { namespace: cluster.namespace, name: 'acme-no' }, call()),
    ).toBeUndefined();
    const done = await jtel(
      ['restore', 'acme', '--from', 'latest', '--replace', '--skip-backup', '--name', 'acme-yes'],
      { answer: 'acme' },
    );
    expect(done).toMatchObject({ code: 0, err: expect.stringContaining('NO backup of them is made first') });
    expect((await restoreOf('acme-yes')).spec).toMatchObject({
      ifNotEmpty: 'Replace',
      confirmReplace: 'acme',
      preRestoreBackup: 'Skip',
      mode: 'Execute',
    });
  });

  it('refuses orders that contradict themselves', async () => {
    expect((await jtel(['restore', 'acme', '--from', 'latest', '--plan', '--test'])).code).toBe(2);
    expect((await jtel(['restore', 'acme'])).code).toBe(2);
    expect((await jtel(['restore', 'acme', '--from', '../x'])).code).toBe(2);
  });

  it('is undone by naming the restore whose data are in use, after a question', async () => {
    expect(await jtel(['restore', 'undo', 'acme', '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('no data from before a restore'),
    });
    const previousData = {
      requestUID: 'uid-of-the-restore',
      source: 'vanilla 3.43.2',
      switchTime: '2026-03-01T03:00:00Z',
      untilTime: '2026-03-02T03:00:00Z',
    };
    await cluster.client.applyStatus(
      stackKind,
      { namespace: cluster.namespace, name: 'acme' },
      { previousData },
      {},
      call(),
    );
    expect(await jtel(['restore', 'undo', 'acme', '--name', 'acme-no'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes'),
    });
    expect((await jtel(['restore', 'undo', 'acme', '--name', 'acme-no'], { answer: 'n' })).code).toBe(1);
    const done = await jtel(['restore', 'undo', 'acme', '--name', 'acme-undo'], { answer: 'y' });
    expect(done).toMatchObject({ code: 0, err: expect.stringContaining('goes back to vanilla 3.43.2') });
    expect((await restoreOf('acme-undo')).spec).toMatchObject({
      source: { undoOf: 'uid-of-the-restore' },
      mode: 'Execute',
      ifNotEmpty: 'Fail',
    });
  });

  it('hands on how it is to be done', async () => {
    const argv = [
      'restore',
      'acme',
      '--from',
      'latest',
      '--replace',
      '--confirm',
      'acme',
      '--verify',
      'Start',
      '--in-place',
      '--keep-hours',
      '0',
      '--name',
      'acme-how',
    ];
    expect((await jtel(argv)).code).toBe(0);
    expect((await restoreOf('acme-how')).spec).toMatchObject({
      verify: 'Start',
      inPlace: 'Accept',
      keepPreviousHours: 0,
    });
  });
});
