/**
 * A backup of a real MariaDB while somebody else holds a lock that it needs: the backup says so, and goes on
 * afterwards.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupJobInput } from '../../../jobs/backup.ts';
import { BlobDouble } from '../../support/backup/blob-double.ts';
import { DatabaseStage } from '../../support/backup/database-stage.ts';
import { backupID, identity } from '../../support/backup/job-builder.ts';
import { waitFor } from '../../support/wait.ts';

let stage: DatabaseStage;
let double: BlobDouble;

beforeAll(async () => {
  stage = await DatabaseStage.open('lock-test');
  double = await BlobDouble.start(stage.gateway);
  await stage.sql(
    'CREATE DATABASE jtel; CREATE DATABASE jtelstats; CREATE TABLE jtel.calls (id INT PRIMARY KEY); INSERT INTO jtel.calls VALUES (1)',
  );
});
afterAll(async () => {
  await double?.stop();
  await stage?.close();
});

test('a backup that waits for a lock says since when, and who may have it', async () => {
  const input: BackupJobInput = {
    type: 'backup',
    backupID,
    attempt: 1,
    identity,
    epoch: '20261123',
    upload: {
      kind: 'SignedURL',
      containerUrl: double.containerUrl,
      query: 'sp=c&sig=canary-create',
      prefix: '',
      expiresTime: '2099-01-01T00:00:00Z',
    },
    known: [],
    database: stage.databaseInput('Physical'),
    fileTrees: [{ name: 'files', path: '/data/files', excludes: [] }],
    limits: {},
  };
  const holder = stage.sql('BACKUP STAGE START; SELECT SLEEP(600)').catch(() => 'ended');
  const holders = "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'";
  const id = await waitFor('the lock to be held', async () => (await stage.sql(holders)).trim());
  const run = await stage.start(input);
  try {
    const said = async (): Promise<string | undefined> =>
      (await stage.docker.run(['logs', run.name])).split('\n').find((line) => line.includes('waits since'));
    const line = await waitFor('the job to say that it waits', said, { timeoutSeconds: 90 });
    expect(line).toMatch(
      /waits since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ for a lock of the database \(Waiting for .*connection \d+ of root from localhost \(SELECT SLEEP for \d+ s\)/,
    );
    expect(line).not.toContain('secondsLeft');
    await stage.sql(`KILL ${id}`);
    const { exitCode, progress } = await stage.finish(run);
    expect(exitCode).toBe(0);
    expect(progress.at(-1)?.['message']).not.toContain('waits since');
  } finally {
    await stage.sql(`KILL ${id}`).catch(() => 'it is gone');
    await holder;
    await stage.remove(run);
  }
}, 300_000);
