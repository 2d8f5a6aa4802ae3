/** W10, W31: what databases really hold, through both kinds of backup. */
import assert from 'node:assert/strict';
import { lookAtMatrix, makeMatrix } from '../../../support/backup/object-matrix.ts';
import { connectImage, RoundTrip } from '../../../support/backup/round-trip.ts';
import { waitFor } from '../../../support/wait.ts';
import type { Part, WorldCase } from '../scene.ts';

interface Filled {
  readonly trip: RoundTrip;
  readonly before: readonly string[];
}

const filled = (series: '10.11' | undefined): Part<Filled> => ({
  open: async () => {
    const trip = await RoundTrip.open(series === undefined ? {} : { series });
    await makeMatrix(trip.stage, series);
    return { trip, before: await lookAtMatrix(trip.stage, trip.stage.database, series) };
  },
  close: async ({ trip }) => await trip.close(),
});
const current = filled(undefined);
const older = filled('10.11');

const empty: Part<RoundTrip> = {
  open: async () => await RoundTrip.open(),
  close: async (trip) => await trip.close(),
};
const withConnect: Part<RoundTrip> = {
  open: async () => {
    // The stand-in exists once a stage was opened.
    await (await RoundTrip.open()).close();
    return await RoundTrip.open({ image: await connectImage() });
  },
  close: async (trip) => await trip.close(),
};

/** A client with a temporary table stays until the backup is made. No backup has such a table. */
async function besideTemporaryTable<T>({ stage }: RoundTrip, work: () => Promise<T>): Promise<T> {
  const name = `SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(600)%' AND id <> CONNECTION_ID()`;
  const client = stage
    .sql('CREATE TEMPORARY TABLE jtel.passing (id INT); INSERT INTO jtel.passing VALUES (1); DO SLEEP(600)')
    .catch(() => '');
  await waitFor('the temporary table', async () => (await stage.sql(name)) === '1');
  try {
    return await work();
  } finally {
    await stage.sql(
      "SELECT CONCAT('KILL ', id, ';') INTO @kill FROM information_schema.processlist WHERE info LIKE '%SLEEP(600)%' AND id <> CONNECTION_ID(); EXECUTE IMMEDIATE @kill",
    );
    await client;
  }
}

function comesBack(
  series: '10.11' | undefined,
  kind: 'Physical' | 'Logical',
  form: Pick<WorldCase, 'form'> = {},
): WorldCase {
  return {
    id: 'W10',
    title: `everything that MariaDB ${series ?? '11.8'} holds comes back equal from a ${kind.toLowerCase()} backup`,
    needs: 'sandbox',
    limitSeconds: 400,
    ...form,
    run: async (scene) => {
      const { trip, before } = await scene.part(series === undefined ? current : older);
      const result = await besideTemporaryTable(trip, () => trip.backup(kind));
      assert.deepEqual(
        await trip.comesBack(result, (server) => lookAtMatrix(trip.stage, server, series)),
        before,
      );
    },
  };
}

export const cases: readonly WorldCase[] = [
  comesBack(undefined, 'Logical'),
  comesBack(undefined, 'Physical'),
  comesBack('10.11', 'Logical', { form: 'long' }),
  comesBack('10.11', 'Physical', { form: 'long' }),
  {
    id: 'W10',
    title: 'a logical backup is one moment, of tables without transactions too, while objects are made',
    needs: 'sandbox',
    form: 'long',
    limitSeconds: 200,
    run: async (scene) => {
      const trip = await scene.part(empty);
      const { stage } = trip;
      await stage.sql(`CREATE DATABASE jtel; CREATE DATABASE jtelstats; USE jtel; CREATE TABLE kept (id INT PRIMARY KEY, t CHAR(200)); CREATE TABLE plain (id INT PRIMARY KEY, t CHAR(200)) ENGINE = Aria;
        INSERT INTO kept SELECT -seq, MD5(seq) FROM seq_1_to_50000; INSERT INTO plain SELECT -seq, MD5(seq) FROM seq_1_to_50000; CREATE TABLE stop (id INT); CREATE TABLE busy (n INT) ENGINE = Aria; INSERT INTO busy VALUES (0)`);
      // There are so many that one always waits for the lock of the backup. The backup's own reads must not
      // wait because of that.
      const crowd = Array.from({ length: 4 }, () =>
        stage.sql(
          'DELIMITER //\nBEGIN NOT ATOMIC WHILE (SELECT COUNT(*) FROM jtel.stop) = 0 DO UPDATE jtel.busy SET n = n + 1; END WHILE; END //\n',
        ),
      );
      const writer = stage.sql(`DELIMITER //
BEGIN NOT ATOMIC
  DECLARE i INT DEFAULT 0;
  WHILE (SELECT COUNT(*) FROM jtel.stop) = 0 DO
    SET i = i + 1;
    INSERT INTO jtel.plain VALUES (i, 'x'); INSERT INTO jtel.kept VALUES (i, 'x');
    IF i MOD 20 = 0 THEN
      EXECUTE IMMEDIATE CONCAT('CREATE TABLE jtelstats.made_', i, ' (id INT)');
      EXECUTE IMMEDIATE CONCAT('CREATE VIEW jtel.view_', i, ' AS SELECT * FROM jtelstats.made_', i);
      EXECUTE IMMEDIATE CONCAT('CREATE TRIGGER jtelstats.trigger_', i, ' BEFORE INSERT ON made_', i, ' FOR EACH ROW SET NEW.id = 1');
    END IF;
  END WHILE;
END //
`);
      try {
        await waitFor(
          'the writer',
          async () =>
            Number(
              await stage.sql(
                "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'jtelstats'",
              ),
            ) > 1,
        );
        const result = await trip.backup('Logical');
        await trip.comesBack(result, async (server) => {
          const [difference, rows] = (
            await stage.sql(
              'SELECT (SELECT MAX(id) FROM jtel.plain) - (SELECT MAX(id) FROM jtel.kept); SELECT COUNT(*) FROM jtel.plain',
              server,
            )
          ).split('\n');
          // Between its two statements the writer is one ahead.
          assert.ok(difference === '0' || difference === '1', `the tables are ${difference ?? ''} apart`);
          assert.ok(Number(rows) > 50_000);
        });
      } finally {
        await stage.sql('INSERT INTO jtel.stop VALUES (1)');
        await Promise.all([writer, ...crowd]);
        await stage.sql('DROP DATABASE jtel; DROP DATABASE jtelstats');
      }
    },
  },
  {
    id: 'W10',
    title:
      'a table that no statement could load again is refused beforehand, by its name; a view that is broken is told',
    needs: 'sandbox',
    limitSeconds: 120,
    run: async (scene) => {
      const trip = await scene.part(empty);
      const { stage } = trip;
      await stage.sql(`CREATE DATABASE jtel; CREATE DATABASE jtelstats; CREATE TABLE jtel.by_transaction (a INT, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START,
        e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
        CREATE TABLE jtel.base (id INT); CREATE VIEW jtelstats.broken AS SELECT * FROM jtel.base; DROP TABLE jtel.base`);
      const { error } = await trip.tryBackup('Logical');
      assert.equal(error?.reason, 'LogicalImpossible');
      assert.match(
        error.message,
        /`jtel`\.`by_transaction` keeps its history by transactions.*back up Physical/,
      );
      await stage.sql('DROP TABLE jtel.by_transaction');
      const result = await trip.backup('Logical');
      assert.deepEqual(result.dataSets[0]?.leftOut, [
        { kind: 'View', entries: 1, examples: ['`jtelstats`.`broken`'] },
      ]);
      assert.equal(
        await trip.comesBack(
          result,
          async (server) =>
            await stage.sql(
              "SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('jtel', 'jtelstats') ORDER BY 1",
              server,
            ),
        ),
        'jtel\njtelstats',
      );
      await stage.sql('DROP DATABASE jtel; DROP DATABASE jtelstats');
    },
  },
  {
    id: 'W31',
    title:
      'tables whose engine has their rows elsewhere are told by every kind of backup; where the engine is not there, the load says so and is not tried again',
    needs: 'sandbox',
    form: 'long',
    limitSeconds: 300,
    run: async (scene) => {
      const trip = await scene.part(withConnect);
      const { stage } = trip;
      await stage.sql(`INSTALL SONAME 'ha_connect'; CREATE DATABASE jtel; CREATE DATABASE jtelstats; CREATE TABLE jtel.calls (id INT PRIMARY KEY); INSERT INTO jtel.calls VALUES (1), (2);
        CREATE TABLE jtel.outside (id INT NOT NULL, t CHAR(10) NOT NULL) ENGINE = CONNECT TABLE_TYPE = DOS; INSERT INTO jtel.outside VALUES (1, 'a'), (2, 'b'), (3, 'c');
        CREATE TABLE jtel.passing (id INT) ENGINE = MEMORY; INSERT INTO jtel.passing VALUES (1)`);
      const physical = await trip.backup('Physical');
      assert.deepEqual(physical.dataSets[0]?.leftOut, [
        { kind: 'TableRows', entries: 2, examples: ['jtel.outside (CONNECT)', 'jtel.passing (MEMORY)'] },
      ]);
      const logical = await trip.backup('Logical');
      assert.deepEqual(logical.dataSets[0]?.leftOut, [
        { kind: 'TableRows', entries: 1, examples: ['jtel.outside (CONNECT)'] },
      ]);
      assert.equal(logical.dataSets[0]?.rows, 3);
      // The second server has the package, but nobody has installed the engine yet.
      await assert.rejects(
        trip.comesBack(logical, async () => undefined),
        /^Error: StatementRefused: loading jtel\/2-tables\/outside\.sql: .*Unknown storage engine 'CONNECT'/,
      );
    },
  },
];
