/**
 * A row of a system-versioned table that is still current ends at the last time that its server knows. MariaDB 11.5
 * knows later ones than the series before. To it a row with the end of those would be history: no query would see
 * it, and neither its number nor its values would differ. So the end is read as the newer server writes it.
 * https://mariadb.com/kb/en/what-is-mariadb-115 (MDEV-32188)
 */
import type { DefinedTable } from '../backup/definitions.ts';
import type { SourceSession } from './source.ts';

type Asked = Pick<SourceSession, 'ask'>;

/** Of the last second, at the offset +00:00 that sessions here have. */
const current = { value: '2038-01-19 03:14:07.999999', by: '2106-02-07 06:28:15.999999' };

/** The same columns then read both databases. */
export async function keepingCurrentRows(
  tables: readonly DefinedTable[],
  source: Asked,
  target: Asked,
): Promise<readonly DefinedTable[]> {
  if (!tables.some(({ hasHistory }) => hasHistory)) return tables;
  if ((await knowsLaterTimes(source)) || !(await knowsLaterTimes(target))) return tables;
  return tables.map((table) => ({
    ...table,
    columns: table.columns.map((column) =>
      table.hasHistory && column.isRowEnd === true ? { ...column, replaced: current } : column,
    ),
  }));
}

/** A time of the year 2096; servers answer NULL for what they do not know. */
async function knowsLaterTimes(server: Asked): Promise<boolean> {
  const [[isUnknown] = []] = await server.ask('SELECT FROM_UNIXTIME(4000000000) IS NULL');
  return isUnknown === '0';
}
