/** Compares a table of the old database with its copy: number of rows, and a checksum of all values. */
import type { DefinedTable } from '../backup/definitions.ts';
import { checksumQuery } from '../backup/table-rows.ts';
import { readable } from '../database/conversation.ts';
import { hasRows } from '../database/tables.ts';
import { JobError } from '../job-error.ts';
import { requireWhole } from './copy-table.ts';
import type { SourceSession } from './source.ts';

export interface Compared {
  readonly table: DefinedTable;
  readonly isSame: boolean;
  readonly rows: number;
  readonly copiedRows: number;
}

export async function compareTable(
  table: DefinedTable,
  source: SourceSession,
  target: SourceSession,
): Promise<Compared> {
  if (!hasRows(table)) return { table, isSame: true, rows: 0, copiedRows: 0 };
  const [there, here] = await Promise.all([sumOf(table, source), sumOf(table, target)]);
  return {
    table,
    isSame: there.rows === here.rows && there.sum === here.sum,
    rows: there.rows,
    copiedRows: here.rows,
  };
}

/** @throws {JobError} ImportDiffers, which names tables and their rows. */
export function requireSame(compared: readonly Compared[]): void {
  const differing = compared.filter(({ isSame }) => !isSame);
  if (differing.length === 0) return;
  const names = differing.slice(0, 5).map(({ table, rows, copiedRows }) => {
    const found = rows === copiedRows ? `${rows} rows with other values` : `${rows} rows, here ${copiedRows}`;
    return `${readable(`${table.schema}.${table.name}`)} (${found})`;
  });
  throw new JobError(
    'ImportDiffers',
    `${differing.length} of ${compared.length} tables are not as in the old database: ${names.join(', ')}${differing.length > names.length ? ', …' : ''}; nothing counts as loaded`,
  );
}

async function sumOf(
  { quoted, columns, hasHistory, schema, name }: DefinedTable,
  session: SourceSession,
): Promise<{ readonly rows: number; readonly sum: string }> {
  const parts: string[] = [];
  const warnings = await session.stream(checksumQuery(quoted, columns, hasHistory), (bytes) => {
    parts.push(bytes.toString('latin1'));
  });
  requireWhole(readable(`${schema}.${name}`), warnings);
  const [rows = '', sum = ''] = parts.join('').trim().split('\t');
  if (!/^\d+$/.test(rows) || !/^\d+$/.test(sum))
    throw new JobError('DatabaseFailed', `table ${readable(`${schema}.${name}`)} cannot be counted`);
  return { rows: Number(rows), sum };
}
