/** A database with rows as stacks have them: keys, times, texts that repeat in part. */

const tables = 8;
const rowBytes = 420;

/** Creates `jtel.calls_0` … `jtel.calls_7`. @param sql runs statements as root */
export async function fillCalls(
  mebibytes: number,
  sql: (statements: string) => Promise<unknown>,
): Promise<void> {
  const rows = Math.round((mebibytes * 2 ** 20) / tables / rowBytes);
  await sql(`SET max_recursive_iterations = 100000000; CREATE DATABASE IF NOT EXISTS jtel; CREATE DATABASE IF NOT EXISTS jtelstats; CREATE TABLE jtel.n (seq INT PRIMARY KEY);
    INSERT INTO jtel.n WITH RECURSIVE t AS (SELECT 1 AS seq UNION ALL SELECT seq + 1 FROM t WHERE seq < ${rows}) SELECT seq FROM t;`);
  for (let table = 0; table < tables; table++) {
    await sql(`CREATE TABLE jtel.calls_${table} (id INT PRIMARY KEY, begun DATETIME, caller CHAR(32), note VARCHAR(300), KEY (begun));
      INSERT INTO jtel.calls_${table} SELECT seq, DATE_ADD('2026-01-01', INTERVAL seq SECOND), MD5(seq * ${table + 1}), CONCAT(SHA2(seq, 512), ' call of customer ', seq % 1000, ' was answered by agent ', seq % 77, '; disposition: called back later') FROM jtel.n;`);
  }
  await sql('DROP TABLE jtel.n');
}

/** A table that shows that all rows are there. */
export const countCalls = 'SELECT COUNT(*) FROM jtel.calls_7';
