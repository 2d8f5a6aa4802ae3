/**
 * The job that imports an old installation's database, between two real servers: MariaDB 10.11, which has nothing
 * of ours, and the one of a new stack.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ImportJobResult } from '../../../jobs/import.ts';
import { waitFor } from '../../support/wait.ts';
import { Stage, type Outcome } from './stage.ts';

let stage: Stage;
const user = 'mover';
const password = `o"ld\\pw'x`;
const rights = 'SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES';
const rows = 20_000;

const oldData = `SET NAMES utf8mb4; CREATE DATABASE jtel CHARACTER SET latin1; CREATE DATABASE jtelstats; USE jtel;
  CREATE SEQUENCE numbers; DO NEXTVAL(numbers);
  CREATE TABLE calls (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(200), data VARBINARY(100));
  INSERT INTO calls (note, data) SELECT CONCAT('call ', MD5(seq), '\\n--\\n'), UNHEX(SHA2(seq, 256)) FROM seq_1_to_${rows};
  CREATE TABLE \`odd/\`\`näme %\` (id INT PRIMARY KEY, parent INT, half INT AS (id DIV 2) STORED, FOREIGN KEY (parent) REFERENCES calls (id));
  INSERT INTO \`odd/\`\`näme %\` (id, parent) VALUES (1, 1), (2, NULL);
  CREATE TABLE kinds (f FLOAT, d DOUBLE, b BIT(9), e ENUM('', 'ä'), t TIMESTAMP(3) NULL, u TEXT CHARACTER SET utf8mb4, l VARCHAR(9), j JSON, n DECIMAL(30,10)) ENGINE=MyISAM;
  INSERT INTO kinds VALUES (1.2345678, 0.1, b'100000001', 'ä', '2026-01-01 00:00:00.123', 'ü€😀\\'\\\\', 'ä', '{"a": 1}', 0.0000000001),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (1, 1, 0, '', NULL, '', '', '[]', 1), (1, 1, 0, '', NULL, '', '', '[]', 1);
  CREATE TABLE gone (id INT); CREATE VIEW recent AS SELECT id, note FROM calls WHERE id > 100;
  CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone;
  CREATE TABLE short_lived (id INT); INSERT INTO short_lived VALUES (1);
  CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;
  CREATE TRIGGER stamp BEFORE INSERT ON kinds FOR EACH ROW SET NEW.f = NEW.f;
  CREATE DEFINER = 'clerk'@'%' EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM calls WHERE id < 0;
  CREATE TABLE jtelstats.days (day DATE PRIMARY KEY, n INT) ENGINE=Aria; INSERT INTO jtelstats.days VALUES ('2026-01-01', 5);`;

beforeAll(async () => {
  stage = await Stage.open();
  await stage.startOld();
  await onOld(
    `${oldData} CREATE USER '${user}'@'%' IDENTIFIED BY '${password.replaceAll(/[\\']/g, '\\$&')}'`,
  );
});
afterAll(async () => {
  await stage?.close();
});
beforeEach(async () => {
  await stage.reset();
  await onOld(
    `REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${user}'@'%'; GRANT ${rights} ON *.* TO '${user}'@'%'`,
  );
});

const onOld = async (statements: string): Promise<string> => await stage.sql(statements, stage.old);

function input(phase: 'Pull' | 'Finish', source: object = {}): Readonly<Record<string, unknown>> {
  const { database } = stage.spec({});
  return {
    type: 'import',
    loadID: 'import-1',
    phase,
    source: { host: 'old', port: 3306, user, password, ...source },
    database,
    schemas: ['jtel', 'jtelstats'],
  };
}

function resultOf({ error, result }: Outcome): ImportJobResult {
  expect(error).toBeUndefined();
  return result as unknown as ImportJobResult;
}

const marker = async (): Promise<string> =>
  await stage.sql('SELECT content FROM jtel_operator.data_marker').catch(() => '');

/** In words that both servers use: rows, and code. */
const everything = `SET NAMES utf8mb4; SET time_zone = '+00:00';
  SELECT COUNT(*), BIT_XOR(CRC32(CONCAT_WS('|', id, note, HEX(data)))) FROM jtel.calls; SELECT * FROM jtel.\`odd/\`\`näme %\` ORDER BY id;
  SELECT CAST(f AS DOUBLE), d, b + 0, e + 0, t, HEX(u), HEX(l), j, n FROM jtel.kinds ORDER BY n, f; SELECT * FROM jtelstats.days;
  SELECT next_not_cached_value FROM jtel.numbers; SELECT COUNT(*) FROM jtel.recent; SELECT jtel.one();
  SELECT trigger_name, definer FROM information_schema.triggers WHERE trigger_schema = 'jtel'; SELECT event_name FROM information_schema.events;
  SELECT table_name FROM information_schema.tables WHERE table_schema LIKE 'jtel%' AND table_schema <> 'jtel_operator' AND table_name <> 'broken' ORDER BY 1;
  SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 'jtel'`;

describe('an import', () => {
  test('pulls while the old one works, and takes the last changes once it was stopped', async () => {
    const writer = onOld(
      Array.from(
        { length: 20 },
        (_none, id) => `UPDATE jtel.calls SET note = 'changed' WHERE id = ${id + 1};`,
      ).join('\n'),
    );
    const pull = resultOf(await stage.run(input('Pull')));
    await writer;
    expect(pull).toMatchObject({ phase: 'Pull', tables: 5, copied: 5, rows: rows + 2 + 4 + 1 + 1 });
    expect(pull.remarks).toContainEqual({ kind: 'Account', what: `${user}@%` });
    expect(pull.remarks.filter(({ kind }) => kind !== 'Account')).toEqual([
      { kind: 'Definer', what: 'clerk@%: event jtel.nightly' },
      { kind: 'View', what: '`jtel`.`broken`' },
    ]);
    // What was pulled does not count, and no code works on it.
    expect(await marker()).toContain('"state":"loading"');
    expect(
      await stage.sql(
        `SELECT COUNT(*) FROM information_schema.events; SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'jtel'`,
      ),
    ).toBe('0\n0');

    await onOld(
      `USE jtel; DROP TABLE short_lived; UPDATE kinds SET d = 0.30000000000000004 WHERE n < 1 AND f > 1;
       ALTER TABLE jtelstats.days ADD COLUMN more INT; DO NEXTVAL(numbers)`,
    );
    const finish = resultOf(await stage.run(input('Finish')));
    expect(finish).toMatchObject({ phase: 'Finish', tables: 4, rows: rows + 2 + 4 + 1 });
    // The calls differ only if the writer changed some after they were read.
    expect(finish.copied).toBeGreaterThanOrEqual(2);
    expect(finish.copied).toBeLessThan(4);
    expect(await stage.sql(everything)).toBe(await onOld(everything));
    expect(await marker()).toContain('"state":"loaded"');
    expect(await stage.sql("SHOW TABLES FROM jtel_operator LIKE 'copied%'")).toBe('');
    // A container that was lost at its end is started again: its account may be gone by then.
    expect(resultOf(await stage.run(input('Finish', { password: 'gone' })))).toMatchObject({
      copied: 0,
      tables: 4,
    });
    // A spec that names another old database by then does not take this one for that.
    expect((await stage.run(input('Finish', { host: 'nowhere' }))).error?.reason).toBe('DataNotEmpty');
  });

  test('goes on after it was cut off, with what was not copied yet', async () => {
    const job = await stage.start(input('Pull'));
    const copied = async (): Promise<number> =>
      Number(await stage.sql('SELECT COUNT(*) FROM jtel_operator.copied_tables').catch(() => '0'));
    await waitFor('a table', async () => (await copied()) > 0, { timeoutSeconds: 60 });
    await stage.docker.tryRun(['kill', job]); // a fast one has ended
    const before = await copied();
    const outcome = resultOf(await stage.run(input('Pull')));
    expect(before).toBeGreaterThan(0);
    expect(outcome.copied).toBeLessThanOrEqual(outcome.tables - before);
    expect(await stage.sql('SELECT COUNT(*) FROM jtel.calls')).toBe(String(rows));
  });

  test('is not finished while somebody writes in the old one', async () => {
    resultOf(await stage.run(input('Pull')));
    const busy = onOld(
      'SET autocommit = 0; UPDATE jtel.calls SET note = 1 WHERE id = 1; DO SLEEP(600); ROLLBACK',
    ).catch(() => undefined);
    const sleeper = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'";
    await waitFor('the writer', async () => (await onOld(sleeper)) === '1', { timeoutSeconds: 20 });
    const { error } = await stage.run(input('Finish'));
    await onOld(
      "SELECT CONCAT('KILL ', id) INTO @kill FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'; EXECUTE IMMEDIATE @kill",
    );
    await busy;
    expect(error).toMatchObject({
      reason: 'SourceInUse',
      message: expect.stringMatching(/^the old database at old:3306: .*stop the old installation/),
    });
    expect(await marker()).toContain('"state":"loading"');
  });
});

describe('an import that cannot begin says why, and writes nothing', () => {
  test.each([
    [
      'with a wrong password',
      { password: 'wrong' },
      'SourceRefused',
      /Access denied.*correct user and password/,
    ],
    ['to a server that does not speak TLS', { tls: {} }, 'SourceRefused', /TLS/],
  ])('%s', async (_, source, reason, words) => {
    const { error, lines } = await stage.run(input('Pull', source));
    expect(error).toMatchObject({ reason, message: expect.stringMatching(words) });
    expect(lines.join('\n')).not.toContain(JSON.stringify(password).slice(1, -1));
    expect(await marker()).toBe('');
  });

  test('without a right that it needs', async () => {
    await onOld(`REVOKE EVENT, TRIGGER ON *.* FROM '${user}'@'%'`);
    const { error } = await stage.run(input('Pull'));
    expect(error).toMatchObject({
      reason: 'SourceRefused',
      message: expect.stringContaining(`account ${user} lacks TRIGGER, EVENT; GRANT ${rights} ON *.*`),
    });
    expect(await marker()).toBe('');
  });

  test('into a database with data', async () => {
    await stage.sql(
      'CREATE DATABASE jtel; CREATE TABLE jtel.customers (id INT); INSERT INTO jtel.customers VALUES (7)',
    );
    const { error } = await stage.run(input('Pull'));
    expect(error?.reason).toBe('DataNotEmpty');
    expect(await stage.sql('SELECT id FROM jtel.customers')).toBe('7');
  });
});
