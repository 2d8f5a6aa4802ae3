/**
 * Updates with the safety net: a backup comes first, a failed update takes the stack back with its data, and
 * a person goes back to an older version by a restore. The data on the host prove it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage, stackName } from './stage.ts';

const namespace = 'way-back';
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace });
  await stage.applyBackupStore();
  await stage.startOperator(['--resync-seconds', '5', '--monitor-seconds', '3']);
  await stage.apply({
    version: '3.43.1',
    spec: {
      backup: { storeRef: { name: 'backups' }, state: 'Suspended' },
      initialData: { source: 'Vanilla' },
    },
  });
  await stage.untilReady(600);
});

afterAll(() => stage.close());

const note = (name: string): Promise<string> =>
  stage.query(`INSERT INTO jtel.tenants (name) VALUES ('${name}')`);
const notes = (): Promise<string> =>
  stage.query("SELECT GROUP_CONCAT(name ORDER BY name) FROM jtel.tenants WHERE name LIKE 'note %'");
const schema = (): Promise<string> => stage.query('SELECT MAX(version) FROM jtel.schema_version');

async function release(): Promise<string> {
  return (JSON.parse((await stage.page('/api/info')).body) as { release: string }).release;
}

describe('an update with a backup', () => {
  it('is made only once the backup is complete, and says until when one can go back', async () => {
    await note('note 1');
    await stage.patchSpec({ version: '3.43.2' });
    const { status } = await stage.untilReady(400);
    expect(status).toMatchObject({
      version: '3.43.2',
      revision: 2,
      rollback: { revision: 1, version: '3.43.1', backupRef: { name: `${stackName}-pre-update-2` } },
    });
    expect(Date.parse(status?.rollback?.availableUntil ?? '')).toBeGreaterThan(Date.now() + 170 * 86_400_000);
    expect(await stage.ended('JtelBackup', `${stackName}-pre-update-2`)).toMatchObject({
      phase: 'Completed',
      version: '3.43.1',
    });
    expect(await notes()).toBe('note 1');
    expect(await schema()).toBe('3');
  });

  it('that fails while it changes the data is taken back together with the data', async () => {
    await note('note 2');
    await stage.patchSpec({
      version: '4.0.0',
      components: [{ name: 'acd-task-runner', env: [{ name: 'JTEL_UPDATE_FAIL_AT', value: '4:2' }] }],
    });
    const { message } = await stage.condition('UpToDate', 'RolledBack', 500);
    expect(message).toContain('acd-task-runner');
    const { status } = await stage.stack();
    expect(status).toMatchObject({ version: '3.43.2', componentsReady: '8/8', targetVersion: '4.0.0' });
    expect(status?.history?.slice(0, 2)).toMatchObject([
      { action: 'Rollback', version: '3.43.2', result: 'Succeeded' },
      { action: 'Update', version: '4.0.0', result: 'RolledBack' },
    ]);
    expect(status?.history?.[0]?.downtimeSeconds).toBeGreaterThan(0);
    expect(await release()).toBe('3.43.2');
    expect(await notes()).toBe('note 1,note 2');
    expect(await schema()).toBe('3');
    expect(
      await stage.query("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'portal_pages'"),
    ).toBe('0');
    expect(
      await stage.onHost(['sh', '-c', `cat /opt/jtel/${status?.project}/failures/*-acd-task-runner.log`]),
    ).toContain('JTEL_UPDATE_FAIL_AT');
  });

  it('that was taken back can be asked for again once its cause is gone', async () => {
    await stage.patchSpec({ components: null });
    const { status } = await stage.untilReady(500);
    expect(status).toMatchObject({ version: '4.0.0', componentsReady: '7/7' });
    expect(await release()).toBe('4.0.0');
    expect(await notes()).toBe('note 1,note 2');
  });
});

it('a person goes back to an older version with the backup that the status names', async () => {
  const { status } = await stage.stack();
  const backup = status?.rollback?.backupRef?.name ?? '';
  await note('note 3');
  await stage.patchSpec({ version: '3.43.2' });
  const { message } = await stage.condition('UpToDate', 'DowngradeRefused');
  expect(message).toContain(backup);
  const restored = await stage.request(
    'JtelRestore',
    'by-hand',
    {
      source: { backupRef: { name: backup } },
      ifNotEmpty: 'Replace',
      confirmReplace: stackName,
      preRestoreBackup: 'Skip',
    },
    400,
  );
  expect(restored).toMatchObject({ phase: 'Completed' });
  expect((await stage.untilReady(200)).status).toMatchObject({ version: '3.43.2', componentsReady: '8/8' });
  expect(await release()).toBe('3.43.2');
  expect(await notes()).toBe('note 1,note 2');
});
