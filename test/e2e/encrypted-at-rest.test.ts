/**
 * A database that is encrypted at rest. A backup of its files without its keys could be restored nowhere, so
 * it does not count. With the keys the backup is tested, restored, and loaded on another machine after
 * everything but the store and a copy of the keys is lost.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azureBlobStore } from '../../blob-store/azure/azure-store.ts';
import { databaseReleases } from '../../sandbox/stand-ins/database-releases.ts';
import type { BlobAccess } from '../../sandbox/index.ts';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'at-rest';
const otherName = `${namespace}-b`;
const { encrypted, keysUnnamed, mariadb10 } = databaseReleases;
const replace = { ifNotEmpty: 'Replace', confirmReplace: stackName, preRestoreBackup: 'Skip' };
const backup = { storeRef: { name: 'backups' }, state: 'Suspended' };
/** In each row, so that any file that is not encrypted would show it. */
const canary = 'canary-of-the-rows';
let stage: Stage;
let access: BlobAccess;
let rows: string;
let keys: string;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace, moreHosts: [otherName] });
  access = await stage.applyBackupStore();
  await stage.startOperator(['--lease-duration-seconds', '90', '--resync-seconds', '10']);
  await stage.apply({ version: keysUnnamed, spec: { backup, initialData: { source: 'Vanilla' } } });
  await stage.untilReady(600);
  await stage.query(`CREATE TABLE jtel.calls (id INT PRIMARY KEY, note TEXT) ENGINE=InnoDB;
    INSERT INTO jtel.calls SELECT seq, CONCAT('${canary} ', MD5(seq)) FROM jtel.seq_1_to_3000`);
  await stage.inFiles('mkdir -p announcements && echo welcome > announcements/hello.txt');
  rows = await stage.rows();
  keys = await keyFile();
});

afterAll(() => stage.close());

async function keyFile(): Promise<string> {
  const secret = await stage.kubectl.json<{ data: Readonly<Record<string, string>> }>([
    'get',
    'secret',
    `${stackName}-credentials`,
    '-n',
    namespace,
  ]);
  return Buffer.from(secret.data['database-keys'] ?? '', 'base64').toString();
}

async function giveKeys(content: string): Promise<void> {
  await stage.kubectl.run([
    'patch',
    'secret',
    `${stackName}-credentials`,
    '-n',
    namespace,
    '--type',
    'merge',
    '--patch',
    JSON.stringify({ data: { 'database-keys': Buffer.from(content).toString('base64') } }),
  ]);
}

/**
 * Waits until nothing is in the redo log alone. That log is not encrypted, and what is restored must need
 * decryption.
 */
async function checkpoint(): Promise<void> {
  await stage.query(
    'SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0; SET GLOBAL innodb_max_dirty_pages_pct = 0',
  );
  const age =
    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Innodb_checkpoint_age'";
  await waitFor('a checkpoint', async () => Number(await stage.query(age)) < 1000, { timeoutSeconds: 60 });
}

/** Tables on the host, of all stacks, that show the text in the clear. */
async function filesWith(text: string): Promise<string> {
  await stage.query('FLUSH TABLES jtel.calls FOR EXPORT; UNLOCK TABLES');
  const look = 'grep -rlF -e "$(cat)" /var/lib/docker/volumes --include=*.ibd || true';
  return (await stage.onHost(['sh', '-c', look], text)).trim();
}

async function storeHas(text: string): Promise<readonly string[]> {
  const { endpoint, container, account, key } = access;
  const store = azureBlobStore(
    { endpoint, container, prefix: '' },
    { kind: 'AccountKey', accountName: account, accountKey: key },
  );
  const signal = AbortSignal.timeout(60_000);
  const found: string[] = [];
  for await (const { name, bytes } of store.list('', signal))
    if ((await store.read(name, bytes, signal)).includes(text)) found.push(name);
  return found;
}

describe('a release that does not say where its keys are', () => {
  it('has no backup: one try, and the reason', async () => {
    const failed = await stage.request('JtelBackup', 'unnamed', {});
    expect(failed).toMatchObject({
      phase: 'Failed',
      attempt: 1,
      message: expect.stringMatching(/keys/),
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Failed', reason: 'DatabaseKeysMissing' }),
      ]),
    });
  });
});

describe('one that does', () => {
  beforeAll(async () => {
    await stage.patchSpec({ version: encrypted, update: { preUpdateBackup: 'Skip' } });
    await stage.untilReady();
  });

  it('is backed up, and the backup starts when it is tested; the keys are not in it', async () => {
    await stage.query('CREATE TABLE jtel.open ENGINE=InnoDB ENCRYPTED=NO AS SELECT * FROM jtel.calls');
    await checkpoint();
    expect(await filesWith(canary)).toMatch(/^\S+\/jtel\/open\.ibd$/);
    await stage.query('DROP TABLE jtel.open');
    const made = await stage.request('JtelBackup', 'named', { verify: 'Restore' }, 480);
    expect(made).toMatchObject({ phase: 'Completed', verification: { state: 'Passed', method: 'Restore' } });
    expect(await storeHas(keys.trim())).toEqual([]);
  });

  it('gets its data back, encrypted as they were', async () => {
    await stage.query('DELETE FROM jtel.calls WHERE id > 10');
    const source = { source: { backupRef: { name: 'named' } } };
    expect(await stage.request('JtelRestore', 'back', { ...source, ...replace })).toMatchObject({
      phase: 'Completed',
      downtimeSeconds: expect.any(Number),
    });
    await stage.untilReady();
    expect(await stage.rows()).toBe(rows);
    expect(await filesWith(canary)).toBe('');
  });
});

describe('on another machine, after everything but the store is lost', () => {
  beforeAll(async () => {
    await stage.sandbox.docker.run(['kill', stage.host.container]);
    await stage.kubectl.run(['delete', 'jtelstack', stackName, '-n', namespace]);
    await stage.kubectl.run(['delete', 'secret', `${stackName}-credentials`, '-n', namespace]);
    stage.useHost(otherName);
  });

  it('its files are not loaded under an older MariaDB', async () => {
    await stage.apply({ version: mariadb10, spec: { backup, initialData: { source: 'Auto' } } });
    const { message } = await stage.condition('DataLoaded', 'BackupInvalid', 180);
    expect(message).toMatch(/11\.8.*10\.11/);
  });

  it('nor with other keys; the condition says where the right ones belong', async () => {
    await stage.patchSpec({ version: encrypted });
    const { message } = await stage.condition('DataLoaded', 'DatabaseKeysMissing', 180);
    expect(message).toMatch(/entry database-keys of Secret acme-credentials/);
  });

  it('they are with those that it had', async () => {
    await giveKeys(keys);
    await stage.untilReady();
    expect(await stage.rows()).toBe(rows);
    expect(await stage.inFiles('cat announcements/hello.txt')).toBe('welcome');
    expect(await filesWith(canary)).toBe('');
  });
});
