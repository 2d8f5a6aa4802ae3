/**
 * Job `count`: counts what is really there, table by table and file by file, to compare a restored stack
 * with its backup or with the stack that was backed up. It changes nothing.
 */
import { availableParallelism } from 'node:os';
import type { CountedTable, CountedTree, CountJobInput, CountJobResult } from '../jobs/count.ts';
import { DatabaseClient } from './database/client.ts';
import { countQuery, hasRows, readTables, tablesQuery } from './database/tables.ts';
import type { Table } from './database/tables.ts';
import { countTree } from './files/count-tree.ts';
import { JobError } from './job-error.ts';
import { part } from './report.ts';
import type { Report } from './report.ts';

const mostAtOnce = 4;

/** @throws {JobError} DatabaseFailed when a table is damaged, FileTreeFailed when a file cannot be read. */
export async function count(
  input: CountJobInput,
  report: Report,
  signal: AbortSignal,
): Promise<CountJobResult> {
  const { tables, sequences } =
    input.database === undefined
      ? { tables: [], sequences: 0 }
      : await DatabaseClient.with(input.database, signal, (client) => countDatabase(client, input, report));
  report({ step: 'CountingFiles', percent: 90 });
  const fileTrees: CountedTree[] = [];
  for (const tree of input.fileTrees) fileTrees.push(await countTree(tree, input.checksum, report, signal));
  return { tables, sequences, fileTrees };
}

async function countDatabase(
  client: DatabaseClient,
  input: CountJobInput,
  report: Report,
): Promise<Pick<CountJobResult, 'tables' | 'sequences'>> {
  const all = readTables(await client.query(tablesQuery(input.database?.schemas ?? [])), 'utf8');
  const names = all.filter(({ kind }) => kind === 'Table');
  const counted: CountedTable[] = [];
  let begun = 0;
  const next = async (): Promise<void> => {
    while (begun < names.length) {
      const at = begun++;
      const table = names[at];
      if (table === undefined) return;
      counted[at] = await countTable(client, table, input.checksum);
      report({
        step: 'CountingRows',
        percent: part(0, 90, begun / names.length),
        message: `${begun} of ${names.length} tables`,
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, availableParallelism()) }, next));
  return { tables: counted, sequences: all.filter(({ kind }) => kind === 'Sequence').length };
}

async function countTable(client: DatabaseClient, table: Table, checksum: boolean): Promise<CountedTable> {
  const { schema, name, quoted } = table;
  if (!hasRows(table)) return { schema, name, rows: 0 };
  const [[rows = ''] = []] = await client.query(countQuery(table));
  if (!/^\d+$/.test(rows))
    throw new JobError('DatabaseFailed', `the rows of table ${schema}.${name} cannot be counted`);
  if (!checksum) return { schema, name, rows: Number(rows) };
  const problems = (await client.query(`CHECK TABLE ${quoted}`)).filter(
    ([, , type, text]) => type === 'error' || (type === 'status' && text !== 'OK'),
  );
  if (problems.length > 0)
    throw new JobError(
      'DatabaseFailed',
      `table ${schema}.${name} is damaged: ${problems
        .map((row) => row[3] ?? '')
        .join('; ')
        .slice(0, 500)}`,
    );
  const [[, sum] = []] = await client.query(`CHECKSUM TABLE ${quoted} EXTENDED`);
  return {
    schema,
    name,
    rows: Number(rows),
    ...(sum === undefined || sum === 'NULL' ? {} : { checksum: sum }),
  };
}
