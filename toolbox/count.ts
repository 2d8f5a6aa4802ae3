/**
 * Job `count`: what is really there, table by table and file by file, to compare a restored stack with its backup or with the
 * stack that was backed up. Changes nothing.
 */
import { availableParallelism } from 'node:os';
import { Fields, FormatError, patterns, refuseTwice } from '../backup-format/fields.ts';
import type { CountedTable, CountedTree, CountJobInput, CountJobResult } from '../jobs/job.ts';
import { DatabaseClient } from './database/client.ts';
import { countQuery, hasRows, readTables, tablesQuery } from './database/tables.ts';
import type { Table } from './database/tables.ts';
import { countTree } from './files/count-tree.ts';
import { readTLS } from './database/tls.ts';
import { JobError } from './job-error.ts';
import { part } from './report.ts';
import type { Report } from './report.ts';

const mostAtOnce = 4;

/** @throws {JobError} SpecInvalid, naming the field. */
export function parseCountInput(document: unknown): CountJobInput {
  try {
    const spec = new Fields(document, 'spec');
    const fileTrees = spec.list('fileTrees', 100, (value, place) => {
      const tree = new Fields(value, place);
      const excludes = tree.list('excludes', 1000, (glob, at) => new Fields({ glob }, at).text('glob'));
      return {
        name: tree.text('name', patterns.setName),
        path: tree.text('path', /^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/),
        excludes,
      };
    });
    refuseTwice(
      fileTrees.map(({ name }) => name),
      'spec.fileTrees',
    );
    return {
      type: spec.oneOf('type', ['count']),
      ...spec.optional('database', () => database(spec.object('database'))),
      fileTrees,
      checksum: spec.read('checksum', isTrue),
    };
  } catch (error) {
    if (error instanceof FormatError) throw new JobError('SpecInvalid', `job spec: ${error.message}`);
    throw error;
  }
}

function database(spec: Fields): NonNullable<CountJobInput['database']> {
  return {
    host: spec.text('host', /^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252})$/),
    port: spec.integer('port', 1, 65_535),
    rootPassword: spec.text('rootPassword', patterns.text),
    schemas: spec.list('schemas', 64, (schema, place) =>
      new Fields({ schema }, place).text('schema', /^[A-Za-z0-9_]{1,64}$/),
    ),
    ...readTLS(spec),
  };
}

function isTrue(value: unknown, place: string): boolean {
  if (typeof value !== 'boolean') throw new FormatError(`${place} must be true or false`);
  return value;
}

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
