/**
 * A logical backup of the database: several mariadb-dump at the same time, all of the same moment, each table a file. For
 * databases that have no physical backup, and for what must be readable by another version.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { databaseSetName } from '../../../../backup/job.ts';
import type { BackupDatabase } from '../../../../backup/job.ts';
import { dumpEnd, logicalPath } from '../../../../backup/logical.ts';
import type { LogicalPart } from '../../../../backup/logical.ts';
import { DatabaseClient } from '../database/client.ts';
import { JobError } from '../job-error.ts';
import type { SourceContext } from './context.ts';
import { DumpSplitter } from './dump-splitter.ts';
import type { SplitFile } from './dump-splitter.ts';
import { atOneMoment, Conversation } from './snapshot.ts';

const common = ['--default-character-set=utf8mb4', '--max-allowed-packet=1G', '--skip-dump-date', '--skip-lock-tables'];
const ofTables = [...common, '--single-transaction', '--quick', '--hex-blob', '--skip-triggers'];
const withoutTables = [...common, '--no-create-info', '--no-data', '--no-create-db'];

export interface LogicalFacts {
  readonly server: { readonly version: string };
  readonly position?: string;
  readonly tables: number;
  readonly rows: number;
}

interface Table {
  readonly schema: string;
  readonly name: string;
  readonly bytes: number;
  readonly type: string;
}

/** Tables of one schema that one process dumps. */
interface Share {
  readonly schema: string;
  readonly tables: readonly Table[];
}

/** @throws {JobError} DatabaseFailed unless the backup is whole. */
export async function readLogical(database: BackupDatabase, context: SourceContext): Promise<LogicalFacts> {
  return await DatabaseClient.with(database, context.signal, async (client) => {
    const all = await listTables(client, database.schemas);
    const tables = all.filter(({ type }) => type === 'BASE TABLE' || type === 'SYSTEM VERSIONED');
    const children: ChildProcessWithoutNullStreams[] = [];
    const dumps: Promise<void>[] = [];
    const counter = new Conversation(client);
    try {
      await counter.ask('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      let counting: Promise<readonly string[]> | undefined;
      const position = await atOneMoment(client, context.signal, () => {
        for (const share of shares(tables, Math.max(2, Math.min(8, availableParallelism())))) {
          const child = client.start('mariadb-dump', [...ofTables, '--', share.schema, ...share.tables.map(({ name }) => name)]);
          children.push(child);
          // Read from the start: what nobody reads is thrown away when a program ends.
          const dump = readShare(share, child, context);
          dump.catch(() => undefined); // told below
          dumps.push(dump);
        }
        counting = counter.ask('START TRANSACTION WITH CONSISTENT SNAPSHOT');
        return [counter.process, ...children];
      });
      await counting;
      const rows = countRows(counter, tables);
      rows.catch(() => undefined); // told below
      await Promise.all(dumps);
      for (const schema of database.schemas) await readObjects(client, schema, all, context);
      const [[version = ''] = []] = await client.query('SELECT VERSION()');
      return { server: { version }, ...(position === '' ? {} : { position }), tables: tables.length, rows: await rows };
    } finally {
      counter.end();
      for (const child of children) child.kill('SIGKILL');
    }
  });
}

async function listTables(client: DatabaseClient, schemas: readonly string[]): Promise<readonly Table[]> {
  const rows = await client.query(
    `SELECT HEX(table_schema), HEX(table_name), COALESCE(data_length, 0), table_type FROM information_schema.tables
     WHERE table_schema IN (${schemas.map((schema) => `'${schema}'`).join(', ')}) ORDER BY 1, 2`,
  );
  const text = (hex: string): string => Buffer.from(hex, 'hex').toString('utf8');
  return rows.map(([schema = '', name = '', bytes = '0', type = '']) => ({ schema: text(schema), name: text(name), bytes: Number(bytes), type }));
}

/** Processes for each schema by its share of the bytes; the largest tables first, each to the process that has least. */
function shares(tables: readonly Table[], processes: number): readonly Share[] {
  const total = tables.reduce((sum, { bytes }) => sum + bytes, 0) || 1;
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  return schemas.flatMap((schema) => {
    const own = tables.filter((table) => table.schema === schema).toSorted((a, b) => b.bytes - a.bytes);
    const part = own.reduce((sum, { bytes }) => sum + bytes, 0) / total;
    const bins = Array.from({ length: Math.min(own.length, Math.max(1, Math.round(part * processes))) }, () => ({ bytes: 0, tables: [] as Table[] }));
    for (const table of own) {
      const bin = bins.toSorted((a, b) => a.bytes - b.bytes || a.tables.length - b.tables.length)[0];
      bin?.tables.push(table);
      if (bin !== undefined) bin.bytes += table.bytes;
    }
    return bins.map((bin) => ({ schema, tables: bin.tables }));
  });
}

async function countRows(counter: Conversation, tables: readonly Table[]): Promise<number> {
  let rows = 0;
  for (const { schema, name } of tables) {
    const [count = ''] = await counter.ask(`SELECT COUNT(*) FROM ${quote(schema)}.${quote(name)}`);
    if (!/^\d+$/.test(count)) throw new JobError('DatabaseFailed', `the rows of table ${schema}.${name} could not be counted`);
    rows += Number(count);
  }
  return rows;
}

async function readShare({ schema, tables }: Share, child: ChildProcessWithoutNullStreams, context: SourceContext): Promise<void> {
  const splitter = new DumpSplitter(tables.map(({ name }) => name), (table) => sqlFile(logicalPath(schema, 'tables', table), schema, context));
  await pour(child, `tables of ${schema}`, context, (bytes) => splitter.push(bytes));
  splitter.end();
}

/** What is not in tables: how the schema is made, sequences, routines, views, triggers and events. */
async function readObjects(client: DatabaseClient, schema: string, all: readonly Table[], context: SourceContext): Promise<void> {
  const rows = await client.query(`SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = '${schema}'`);
  const [charset, collation] = rows[0] ?? [];
  if (charset === undefined || collation === undefined) return; // declared, never made
  const made = sqlFile(logicalPath(schema, 'schema'), undefined, context);
  made.write(Buffer.from(`CREATE DATABASE IF NOT EXISTS ${quote(schema)} CHARACTER SET ${charset} COLLATE ${collation};\n${dumpEnd}\n`));
  made.end();
  const namesOf = (type: string): readonly string[] => all.filter((table) => table.schema === schema && table.type === type).map(({ name }) => name);
  const parts: readonly (readonly [LogicalPart, readonly string[], readonly string[]])[] = [
    ['sequences', [...common, '--skip-triggers'], namesOf('SEQUENCE')],
    ['routines', [...withoutTables, '--skip-triggers', '--routines'], []],
    ['views', [...common, '--skip-triggers'], namesOf('VIEW')],
    ['triggers-and-events', [...withoutTables, '--triggers', '--events'], []],
  ];
  for (const [part, options, names] of parts) {
    if (names.length === 0 && (part === 'sequences' || part === 'views')) continue;
    const file = sqlFile(logicalPath(schema, part), schema, context);
    let tail = '';
    await pour(client.start('mariadb-dump', [...options, '--', schema, ...names]), `${part} of ${schema}`, context, (bytes) => {
      tail = (tail + bytes.toString('latin1')).slice(-500);
      file.write(bytes);
    });
    if (!tail.trimEnd().split('\n').at(-1)?.startsWith(dumpEnd)) throw new JobError('DatabaseFailed', `the dump of ${part} of ${schema} lacks its last line`);
    file.end();
  }
}

/** @param schema that the file's statements are for. */
function sqlFile(path: string, schema: string | undefined, { pipeline }: SourceContext): SplitFile {
  const writer = pipeline.newFile();
  if (schema !== undefined) writer.write(Buffer.from(`USE ${quote(schema)};\n`));
  return {
    write: (bytes) => writer.write(bytes),
    end: () => writer.end({ set: databaseSetName, entry: 'f', path: Buffer.from(path) }),
  };
}

/** @throws {JobError} DatabaseFailed unless the program ends with code 0. */
async function pour(child: ChildProcessWithoutNullStreams, what: string, context: SourceContext, take: (bytes: Buffer) => void): Promise<void> {
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString('utf8')).slice(-2000)));
  child.stdin.end();
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  ended.catch(() => undefined);
  for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
    await context.pipeline.free();
    take(bytes);
    await context.throttle.wait(bytes.length, context.signal);
  }
  const [code, killed] = await ended;
  context.signal.throwIfAborted();
  if (code !== 0) throw new JobError('DatabaseFailed', `dumping ${what} ended with ${killed ?? `code ${code}`}: ${said.trim().slice(-500)}`);
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
