/**
 * Databases as other people have them: an older series, and a server that speaks no TLS. MariaDB 10.11 is
 * backed up, tested, and updated to 11.8 with TLS switched off. Then its backup is restored there, and so is
 * a backup of the new server.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azureBlobStore } from '../../blob-store/azure/azure-store.ts';
import type { Manifest } from '../../backup-format/manifest.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { loadBackup } from '../../controllers/stores/backup-catalog.ts';
import { noConsent } from '../../controllers/stores/trust.ts';
import { catalogIn } from './catalog.ts';
import { databaseReleases } from '../../sandbox/stand-ins/database-releases.ts';
import { Stage, stackName } from './stage.ts';
import { witness } from './witness.ts';

const namespace = 'databases';
const { mariadb10, neverHealthy, withoutTLS } = databaseReleases;
const replace = { ifNotEmpty: 'Replace', confirmReplace: stackName, preRestoreBackup: 'Skip' };
let stage: Stage;
let blobs: BlobStore;
let seen: () => Promise<string>;
let rows: string;
let made: Manifest;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace });
  const { endpoint, container, account, key } = await stage.applyBackupStore();
  blobs = azureBlobStore(
    { endpoint, container, prefix: '' },
    { kind: 'AccountKey', accountName: account, accountKey: key },
  );
  await stage.startOperator(['--lease-duration-seconds', '90']);
  await stage.apply({
    version: mariadb10,
    spec: {
      backup: { storeRef: { name: 'backups' }, state: 'Suspended' },
      initialData: { source: 'Vanilla' },
    },
  });
  await stage.untilReady(600);
  seen = await witness(stage.sandbox.docker, stage.host.container);
  await stage.query(`CREATE TABLE jtel.calls (id INT PRIMARY KEY, note TEXT, length FLOAT, at DATETIME(6)) ENGINE=InnoDB;
    INSERT INTO jtel.calls SELECT seq, CONCAT('Gespräch ', MD5(seq)), seq / 7, '2026-11-29 07:00:00.123456' FROM jtel.seq_1_to_3000;
    CREATE SEQUENCE jtel.numbers; DO NEXT VALUE FOR jtel.numbers`);
  await stage.inFiles('mkdir -p announcements && echo welcome > announcements/hello.txt');
  rows = await stage.rows();
});

afterAll(() => stage.close());

/** Makes a backup and a test restore. */
async function backUp(name: string): Promise<Manifest> {
  const status = await stage.request('JtelBackup', name, { verify: 'Restore' }, 480);
  expect(status).toMatchObject({ phase: 'Completed', verification: { state: 'Passed', method: 'Restore' } });
  const { manifest } = await loadBackup(
    await catalogIn(stage, blobs),
    `${namespace}.${stackName}`,
    status.backupID ?? '',
    noConsent,
    AbortSignal.timeout(60_000),
  );
  return manifest;
}

async function comesBack(name: string, backup: string): Promise<void> {
  await stage.query('DELETE FROM jtel.calls WHERE id > 10; DROP SEQUENCE jtel.numbers');
  await stage.inFiles('rm announcements/hello.txt');
  const restored = await stage.request('JtelRestore', name, {
    source: { backupRef: { name: backup } },
    ...replace,
  });
  expect(restored).toMatchObject({ phase: 'Completed', downtimeSeconds: expect.any(Number) });
  await stage.untilReady();
  expect(await stage.rows()).toBe(rows);
  expect(await stage.query('SELECT next_not_cached_value FROM jtel.numbers')).toBe('1001');
  expect(await stage.query('CHECK TABLE jtel.calls EXTENDED')).toMatch(/status\tOK$/);
  expect(await stage.inFiles('cat announcements/hello.txt')).toBe('welcome');
}

describe('a stack with MariaDB 10.11', () => {
  it('is backed up, and the backup starts when it is tested', async () => {
    expect(await stage.query('SELECT VERSION()')).toMatch(/^10\.11\./);
    made = await backUp('old');
    expect(made.server?.series).toBe('10.11');
  });

  it('gets its data back when an update started 11.8 on them and failed before its data updater', async () => {
    await stage.patchSpec({ version: neverHealthy });
    const { message } = await stage.condition('UpToDate', 'RolledBack', 240);
    expect(message).toContain('acd-dbm');
    expect(await stage.query('SELECT VERSION()')).toMatch(/^10\.11\./);
    expect(await stage.rows()).toBe(rows);
    const { status } = await stage.stack();
    expect(status?.data?.source).toMatch(/^backup /);
  });
});

describe('after its update to a release with 11.8, whose server speaks no TLS', () => {
  beforeAll(async () => {
    await stage.patchSpec({ version: withoutTLS, update: { preUpdateBackup: 'Skip' } });
    await stage.untilReady();
  });

  it('has the rows that it had', async () => {
    expect(await stage.query('SELECT VERSION()')).toMatch(/^11\.8\./);
    expect(await stage.query('SELECT @@have_ssl')).toBe('DISABLED');
    expect(await stage.rows()).toBe(rows);
  });

  it('gets back what 10.11 backed up, prepared with the tool that made it', async () => {
    await comesBack('from-10', 'old');
    const { status } = await stage.stack();
    expect(status?.data?.backupID).toBe(made.backupID);
    const preparing = (await seen())
      .split(/^(?=create |start |die )/m)
      .filter((text) => text.startsWith(`create jtel-job-${status?.data?.requestUID}-restore-database\n`));
    expect(preparing).toHaveLength(1);
    expect(preparing[0]).toContain(made.tools?.producer?.split('@')[1]);
  });

  it('is backed up, tested and restored without TLS', async () => {
    expect((await backUp('new')).server?.series).toBe('11.8');
    await comesBack('from-11', 'new');
  });
});
