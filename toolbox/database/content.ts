/** What is in the database: is it empty, which load wrote it, how much is it. */
import type { DatabaseClient } from './client.ts';
import { countQuery, hasRows, readTables, tablesQuery } from './tables.ts';
import { systemSchemas } from '../../jobs/load.ts';
import type { Marker } from '../../jobs/load.ts';
import { parseMarker } from '../marker.ts';

/** Only names that {@link parseSpec} accepted get here: letters, digits, underscore. */
function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

/** Names of tables, views, routines and events in the schemas, as `schema.name`, sorted. */
export async function listObjects(
  client: DatabaseClient,
  schemas: readonly string[],
): Promise<readonly string[]> {
  const rows = await client.query(
    `SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables WHERE table_schema IN (${quoted(schemas)})
     UNION SELECT CONCAT(routine_schema, '.', routine_name, '()') FROM information_schema.routines WHERE routine_schema IN (${quoted(schemas)})
     UNION SELECT CONCAT(event_schema, '.', event_name) FROM information_schema.events WHERE event_schema IN (${quoted(schemas)})
     ORDER BY 1`,
  );
  return rows.map(([name = '']) => name);
}

/** All schemas except the server's own and this project's. */
export async function listSchemas(client: DatabaseClient): Promise<readonly string[]> {
  const rows = await client.query(
    `SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN (${quoted(systemSchemas)}) ORDER BY 1`,
  );
  return rows.map(([name = '']) => name);
}

export async function dropSchemas(client: DatabaseClient, schemas: readonly string[]): Promise<void> {
  await client.query(schemas.map((schema) => `DROP DATABASE IF EXISTS \`${schema}\`;\n`).join(''));
}

/** Exact numbers, which prove a load. Rows of history count. Rows that belong to other tables do not. */
export async function count(
  client: DatabaseClient,
  schemas: readonly string[],
): Promise<{ tables: number; rows: number }> {
  const tables = readTables(await client.query(tablesQuery(schemas)), 'utf8').filter(
    ({ kind }) => kind === 'Table',
  );
  let rows = 0;
  for (const table of tables.filter(hasRows)) {
    const [[number = '0'] = []] = await client.query(countQuery(table));
    rows += Number(number);
  }
  return { tables: tables.length, rows };
}

export async function readDatabaseMarker(client: DatabaseClient): Promise<Marker | undefined> {
  const [[there] = []] = await client.query(
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'jtel_operator' AND table_name = 'data_marker'",
  );
  if (there !== '1') return undefined;
  const [[hex] = []] = await client.query('SELECT HEX(content) FROM jtel_operator.data_marker WHERE id = 1');
  return hex === undefined
    ? undefined
    : parseMarker(Buffer.from(hex, 'hex').toString('utf8'), 'jtel_operator.data_marker');
}

/** One row in one statement, so that either the old marker or the new one is there at all times. */
export async function writeDatabaseMarker(client: DatabaseClient, marker: Marker): Promise<void> {
  const hex = Buffer.from(JSON.stringify(marker)).toString('hex');
  await client.query(
    `CREATE DATABASE IF NOT EXISTS jtel_operator CHARACTER SET utf8mb4;
     CREATE TABLE IF NOT EXISTS jtel_operator.data_marker (id TINYINT NOT NULL PRIMARY KEY, content TEXT NOT NULL) ENGINE = InnoDB;
     REPLACE INTO jtel_operator.data_marker VALUES (1, CONVERT(0x${hex} USING utf8mb4));`,
  );
}
