/**
 * The toolbox's logical backups of a real MariaDB: what they store is restored here by other means, and is
 * compared.
 */
import { describe, expect, test } from 'vitest';
import { backupID, identity } from '../../support/backup/job-builder.ts';
import { readBack } from '../../support/backup/read-back.ts';
import {
  answersOf,
  checksums,
  double,
  input,
  onStage,
  resultOf,
  rows,
  run,
  stage,
} from './backup-fixture.ts';

onStage('logical-backup-test');

describe('a logical backup', () => {
  test('restores to the same data: tables, sequences, views, routines, triggers, events', async () => {
    const before = await stage.sql(checksums);
    await stage.sql("CREATE USER 'jtel_operator_load'@'%'; SET GLOBAL log_bin_trust_function_creators = 1");
    const result = resultOf(await run(input('Logical')));
    const leftByAKilledLoad = `SELECT COUNT(*), @@GLOBAL.log_bin_trust_function_creators FROM mysql.user
      WHERE User = 'jtel_operator_load'`;
    expect((await stage.sql(leftByAKilledLoad)).split(/\s+/)).toEqual(['0', '0']);
    expect(result.dataSets[0]).toMatchObject({ name: 'database', kind: 'Logical', tables: 3 });
    expect(result.dataSets[0]?.rows).toBeGreaterThanOrEqual(rows + 3);
    const files = readBack(double.blobs, identity, backupID, result, 'database');
    expect([...files.keys()].map((path) => decodeURIComponent(path)).toSorted()).toEqual([
      '4-views.sql',
      '6-accounts.sql',
      'jtel/0-schema.sql',
      'jtel/1-sequences.sql',
      'jtel/2-tables/calls.sql',
      'jtel/2-tables/odd%2F`name %25.sql',
      'jtel/3-routines.sql',
      'jtel/5-triggers-and-events.sql',
      'jtelstats/0-schema.sql',
      'jtelstats/2-tables/days.sql',
      'jtelstats/3-routines.sql',
      'jtelstats/5-triggers-and-events.sql',
    ]);
    for (const [, { content }] of files)
      expect(content.toString('latin1').trimEnd().split('\n').at(-1)).toMatch(/^-- Dump completed/);
    expect(await answersOf(files, 'Logical')).toBe(before);
  });

  test('is of one moment, whatever is written meanwhile, and holds writers up for a moment only', async () => {
    await stage.sql(
      'USE jtel; CREATE TABLE debit (id INT PRIMARY KEY, v INT); CREATE TABLE jtelstats.credit (id INT PRIMARY KEY, v INT) ENGINE=InnoDB; INSERT INTO debit VALUES (1, 0); INSERT INTO jtelstats.credit VALUES (1, 0)',
    );
    const writer = stage.docker.exec(stage.database, [
      'bash',
      '-c',
      `
      for i in $(seq 1 400); do echo "START TRANSACTION; UPDATE jtel.debit SET v = v - 1; UPDATE jtelstats.credit SET v = v + 1; COMMIT;"; done |
      mariadb --defaults-file=/dev/shm/jtel/client.cnf`,
    ]);
    const result = resultOf(await run(input('Logical')));
    await writer;
    const files = readBack(double.blobs, identity, backupID, result, 'database');
    const value = (path: string): number =>
      Number(/\(1\t,(-?\d+)\t\)/.exec(files.get(path)?.content.toString('utf8') ?? '')?.[1]);
    expect(value('jtel/2-tables/debit.sql') + value('jtelstats/2-tables/credit.sql')).toBe(0);
    await stage.sql('DROP TABLE jtel.debit; DROP TABLE jtelstats.credit');
  });
});
