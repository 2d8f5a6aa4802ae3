/**
 * Backups of a real database brought back by real containers on a real host: whole, elsewhere, again, and not
 * over data.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CountJobResult } from '../../../jobs/count.ts';
import type { RestoreJobInput } from '../../../jobs/restore.ts';
import { aFence } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import { first, RestoreStage, second, signal } from './restore-stage.ts';

let stage: RestoreStage;
let physical: RestoreJobInput['backup'];
let logical: RestoreJobInput['backup'] | undefined;
let there: CountJobResult;

const content = `
  CREATE DATABASE jtel CHARACTER SET utf8mb4; CREATE DATABASE jtelstats;
  CREATE TABLE jtel.calls (id INT PRIMARY KEY, note VARCHAR(100), big BLOB, KEY (note));
  INSERT INTO jtel.calls SELECT seq, CONCAT('call "ä" ', MD5(seq)), REPEAT(SHA2(seq, 512), 2) FROM jtel_seq.seq_1_to_60000;
  CREATE TABLE jtelstats.days (day DATE PRIMARY KEY, calls INT) ENGINE = Aria;
  INSERT INTO jtelstats.days SELECT DATE_ADD('2026-01-01', INTERVAL seq DAY), seq FROM jtel_seq.seq_1_to_300;
  CREATE VIEW jtel.recent AS SELECT id, note FROM jtel.calls WHERE id > 59990;
  CREATE TABLE jtel.log (id INT AUTO_INCREMENT PRIMARY KEY, what TEXT);
  CREATE TRIGGER jtel.told AFTER INSERT ON jtel.log FOR EACH ROW UPDATE jtelstats.days SET calls = calls + 1 WHERE day = '2026-01-02';
  CREATE FUNCTION jtel.twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n;`;

beforeAll(async () => {
  stage = await RestoreStage.open();
  // A sandbox that was kept may hold what an earlier run left.
  for (const project of [first, second]) await stage.host.destroy(project, aFence(1_000_000), signal);
  await stage.start(first, ['acd-dbm', 'acd-dbs']);
  // The server has no sequence engine; a table of numbers serves as well.
  const numbers =
    'CREATE DATABASE jtel_seq; CREATE TABLE jtel_seq.n (seq INT PRIMARY KEY); INSERT INTO jtel_seq.n WITH RECURSIVE t AS (SELECT 1 AS seq UNION ALL SELECT seq + 1 FROM t WHERE seq < 60000) SELECT seq FROM t;';
  await stage.sql(first, `SET max_recursive_iterations = 100000; ${numbers}`);
  await stage.sql(
    first,
    content
      .replace('jtel_seq.seq_1_to_60000', 'jtel_seq.n')
      .replace('jtel_seq.seq_1_to_300', 'jtel_seq.n WHERE seq <= 300'),
  );
  await stage.sql(first, 'DROP DATABASE jtel_seq');
  const tree = `/var/lib/docker/volumes/${first}_files/_data`;
  await stage.onHost(`docker volume create --label com.docker.compose.project=${first} --label com.docker.compose.volume=files ${first}_files >/dev/null
    mkdir -p ${tree}/announcements && head -c 3000000 /dev/urandom >${tree}/announcements/a.wav && echo hi >${tree}/b.txt && chown -R 1000:1000 ${tree}`);
  physical = await stage.backup(first, 'Physical', '20261123t120000z-00000a');
  there = await stage.count(first);
}, 600_000);

afterAll(async () => {
  await stage?.close();
});

describe('the files of a database', () => {
  test('are not put over a database that is there', async () => {
    await stage.host.composeStop(first, aFence(), signal);
    const before = await stage.onHost(
      `cd /var/lib/docker/volumes/${first}_database/_data && find . | sort | md5sum`,
    );
    expect(await stage.restore(first, physical)).toMatchObject({
      job: { state: 'Failed' },
      error: { reason: 'DataNotEmpty', message: expect.stringContaining('jtel/') },
    });
    expect(
      await stage.onHost(`cd /var/lib/docker/volumes/${first}_database/_data && find . | sort | md5sum`),
    ).toBe(before);
  });

  test('come to a new stack with other passwords, and are all there', async () => {
    await stage.host.claim(second, aFence(), signal);
    const report = await stage.restore(second, physical);
    expect(report.error).toBeUndefined();
    expect(physical.dataSets[0]?.tables).toBe(there.tables.length + there.sequences);
    expect(report).toMatchObject({
      job: { state: 'Succeeded' },
      progress: { percent: expect.any(Number) },
      result: { backupID: physical.backupID, database: { files: physical.dataSets[0]?.files } },
    });
    const owners = await stage.onHost(
      `cd /var/lib/docker/volumes/${second}_database/_data && find data -printf '%U:%G\\n' | sort -u; ls -A; cd data && ls -A | grep -e ^xtrabackup -e ^backup-my -e server-id || true`,
    );
    expect(owners.split('\n')).toEqual(['999:999', '.jtel-data.json', 'data']);
    await stage.start(second);
    expect(await stage.count(second)).toEqual(there);
    expect(await stage.sql(second, 'SELECT COUNT(*) FROM jtel.recent; SELECT jtel.twice(21)')).toBe('10\n42');
    await stage.host.destroy(second, aFence(), signal);
  });

  test(
    'replace what is there when that is agreed to; the replica then clones its master anew',
    { timeout: 300_000 },
    async () => {
      await stage.start(first, ['acd-dbm', 'acd-dbs']);
      await stage.sql(
        first,
        "INSERT INTO jtel.log (what) VALUES ('after the backup'); DROP TABLE jtel.calls",
      );
      await stage.host.composeStop(first, aFence(), signal);
      const report = await stage.restore(first, physical, { loadID: 'load-2', onData: 'Replace' });
      expect(report.error).toBeUndefined();
      await stage.start(first, ['acd-dbm']);
      expect(await stage.count(first)).toEqual(there);
      await stage.start(first, ['acd-dbm', 'acd-dbs']);
      await waitFor(
        'the replica to have what the master has',
        async () => (await stage.sql(first, 'SELECT COUNT(*) FROM jtel.calls', 'acd-dbs')) === '60000',
        { timeoutSeconds: 60 },
      );
      await stage.sql(first, "INSERT INTO jtel.log (what) VALUES ('written to the new life')");
      await waitFor(
        'the replica to follow',
        async () => (await stage.sql(first, 'SELECT COUNT(*) FROM jtel.log', 'acd-dbs')) === '1',
        { timeoutSeconds: 60 },
      );
      await stage.sql(
        first,
        "DELETE FROM jtel.log; UPDATE jtelstats.days SET calls = 1 WHERE day = '2026-01-02'",
      );
    },
  );

  test('are brought in by a job that is killed again and again, too', { timeout: 300_000 }, async () => {
    await stage.host.claim(second, aFence(), signal);
    const steps = ['Restoring', 'Preparing', 'Placing'];
    for (const step of steps) {
      const uid = await stage.startJob(
        second,
        stage.restoreJob(second, physical, {
          limits: { bytesPerSecond: step === 'Restoring' ? 2_000_000 : 1e9 },
        }),
      );
      await waitFor(
        `the job to come to ${step}`,
        async () => {
          const report = await stage.host.readJob(uid, signal);
          return (
            report?.progress?.step === step ||
            report?.job.state === 'Succeeded' ||
            report?.job.state === 'Failed'
          );
        },
        { timeoutSeconds: 60, intervalMilliseconds: 20 },
      );
      await stage.onHost(`docker kill jtel-job-${uid} jtel-job-${uid}-database 2>/dev/null || true`);
      await stage.host.removeJob(uid, aFence(), signal);
    }
    const report = await stage.restore(second, physical);
    expect(report.error).toBeUndefined();
    await stage.start(second);
    expect(await stage.count(second)).toEqual(there);
    await stage.host.destroy(second, aFence(), signal);
  });
});

async function aDump(): Promise<RestoreJobInput['backup']> {
  return (logical ??= await stage.backup(first, 'Logical', '20261123t130000z-00000b'));
}

describe('a dump', () => {
  test('is loaded into a running database, table by table, and counted', { timeout: 300_000 }, async () => {
    const dump = await aDump();
    await stage.start(second);
    const report = await stage.restore(second, dump);
    expect(report.error).toBeUndefined();
    expect(report.result).toMatchObject({
      database: { tables: there.tables.length, rows: there.tables.reduce((sum, { rows }) => sum + rows, 0) },
    });
    expect(await stage.count(second)).toEqual(there);
    expect(
      await stage.sql(
        second,
        "SELECT COUNT(*) FROM jtel.recent; SELECT jtel.twice(21); SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = 'jtel'",
      ),
    ).toBe('10\n42\ntold');
    // Only a restore that may do so replaces existing data.
    expect(await stage.restore(second, dump, { loadID: 'load-2' })).toMatchObject({
      error: { reason: 'DataNotEmpty' },
    });
    await stage.sql(second, 'DROP TABLE jtel.calls');
    expect(await stage.restore(second, dump, { loadID: 'load-2', onData: 'Replace' })).toMatchObject({
      job: { state: 'Succeeded' },
    });
    expect(await stage.count(second)).toEqual(there);
  });
});

describe('a job', () => {
  test('that only checks finds a pack that is gone, beside a stack that works, and writes nothing', async () => {
    const files = `cd /var/lib/docker/volumes/${first}_database/_data && ls -A`;
    const before = await stage.onHost(files);
    const change = { purpose: 'Check', onData: 'Replace', loadID: 'check-1' } as const;
    expect(await stage.restore(first, physical, change)).toMatchObject({ job: { state: 'Succeeded' } });
    const [path = '', pack = Buffer.alloc(0)] =
      [...stage.double.blobs].find(([name]) => name.includes('/packs/')) ?? [];
    stage.double.blobs.delete(path);
    expect(await stage.restore(first, physical, change)).toMatchObject({
      error: { reason: 'BackupInvalid' },
    });
    stage.double.blobs.set(path, pack);
    expect(await stage.onHost(files)).toBe(before);
  });

  test('puts no secret where it can be seen', async () => {
    const uid = await stage.startJob(
      first,
      stage.restoreJob(first, await aDump(), { purpose: 'Check', onData: 'Replace', loadID: 'check-2' }),
    );
    await stage.ended(uid);
    const seen = await stage.onHost(`docker inspect jtel-job-${uid}; docker logs jtel-job-${uid} 2>&1`);
    expect(seen).toContain('result');
    for (const secret of ['canary-read', 'database-root-password']) expect(seen).not.toContain(secret);
    await stage.host.removeJob(uid, aFence(), signal);
  });
});
