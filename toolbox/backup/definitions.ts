/**
 * Reads everything of a database but its rows, in one go while nothing can change: definitions of tables,
 * sequences with their position, views, routines, triggers, events. This file only asks; {@link ./dump-
 * text.ts} makes SQL of the answers.
 */
import type { Conversation } from '../database/conversation.ts';
import { quoteName, readable } from '../database/conversation.ts';
import { readTables, tablesQuery } from '../database/tables.ts';
import type { Table } from '../database/tables.ts';
import { JobError } from '../job-error.ts';
import type { Column } from './table-rows.ts';

export interface DefinedTable extends Table {
  /** As `SHOW CREATE TABLE` returns it. */
  readonly create: string;
  readonly columns: readonly Column[];
  /**
   * Whether it has values that the server makes itself, or does not always accept as they are. A strict load
   * refuses some of them.
   */
  readonly isLax: boolean;
}

export interface Sequence {
  readonly table: Table;
  readonly create: string;
  readonly position: {
    readonly next: string;
    readonly minimum: string;
    readonly maximum: string;
    readonly increment: string;
    readonly round: string;
  };
}

/** A statement with the settings under which it was made. Under others it could mean something else. */
export interface Stored {
  readonly schema: string;
  readonly name: string;
  readonly create: string;
  readonly sqlMode?: string;
  readonly timeZone?: string;
  readonly clientCharset: string;
  readonly collation: string;
  readonly databaseCollation?: string;
}

export interface Definitions {
  readonly schemas: readonly { readonly name: string; readonly create: string; readonly collation: string }[];
  readonly tables: readonly DefinedTable[];
  readonly sequences: readonly Sequence[];
  readonly views: readonly Stored[];
  readonly routines: readonly Stored[];
  readonly triggers: readonly Stored[];
  readonly events: readonly Stored[];
}

/** Column of a system time period whose definition has no names for it. */
const implicit = (name: 'row_start' | 'row_end'): Column => ({
  name,
  type: 'timestamp',
  charset: undefined,
  isNullable: false,
  isRowEnd: name === 'row_end',
});

/**
 * @param brokenViews by quoted name; they are not queried.
 * @throws {JobError} DatabaseFailed; LogicalImpossible for a table whose rows could not be loaded again.
 */
export async function readDefinitions(
  session: Pick<Conversation, 'ask'>,
  schemas: readonly string[],
  brokenViews: ReadonlySet<string>,
): Promise<Definitions> {
  const list = schemas.map((schema) => `'${schema}'`).join(', ');
  const first = async (statement: string): Promise<readonly string[]> =>
    (await session.ask(statement))[0] ?? [];
  const there = await session.ask(
    `SELECT schema_name, default_collation_name FROM information_schema.schemata WHERE schema_name IN (${list}) ORDER BY 1`,
  );
  const made: Definitions['schemas'][number][] = [];
  for (const [name = '', collation = ''] of there) {
    made.push({
      name,
      collation,
      create: (await first(`SHOW CREATE DATABASE IF NOT EXISTS ${quoteName(name)}`))[1] ?? '',
    });
  }

  const all = readTables(await session.ask(tablesQuery(schemas)), 'latin1');
  const columns = await readColumns(session, list);
  const tables: DefinedTable[] = [];
  for (const table of all.filter(({ kind }) => kind === 'Table')) {
    const [, create = ''] = await first(`SHOW CREATE TABLE ${table.quoted}`);
    tables.push({ ...table, create, ...columnsOf(table, columns.get(table.quoted) ?? []) });
  }
  const sequences: Sequence[] = [];
  for (const table of all.filter(({ kind }) => kind === 'Sequence')) {
    const [, create = ''] = await first(`SHOW CREATE SEQUENCE ${table.quoted}`);
    const [next = '', minimum = '', maximum = '', increment = '', round = ''] = await first(
      `SELECT next_not_cached_value, minimum_value, maximum_value, increment, cycle_count FROM ${table.quoted}`,
    );
    sequences.push({ table, create, position: { next, minimum, maximum, increment, round } });
  }
  const views: Stored[] = [];
  for (const { schema, name, quoted } of all.filter(
    (table) => table.kind === 'View' && !brokenViews.has(table.quoted),
  )) {
    const [, create = '', clientCharset = '', collation = ''] = await first(`SHOW CREATE VIEW ${quoted}`);
    views.push({ schema, name, create, clientCharset, collation });
  }
  const routines: Stored[] = [];
  // A package comes before its body, and both come before what uses them.
  const routineRows = await session.ask(`SELECT db, name, type FROM mysql.proc WHERE db IN (${list})
    ORDER BY FIELD(type, 'PACKAGE', 'PACKAGE BODY', 'FUNCTION', 'PROCEDURE'), 1, 2`);
  for (const [schema = '', name = '', type = ''] of routineRows) {
    const [, sqlMode = '', create = '', clientCharset = '', collation = '', databaseCollation = ''] =
      await first(`SHOW CREATE ${type} ${quoteName(schema, name)}`);
    routines.push({ schema, name, create, sqlMode, clientCharset, collation, databaseCollation });
  }
  const triggers: Stored[] = [];
  const triggerRows =
    await session.ask(`SELECT trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema IN (${list})
    ORDER BY 1, event_object_table, action_timing, event_manipulation, action_order`);
  for (const [schema = '', name = ''] of triggerRows) {
    const [, sqlMode = '', create = '', clientCharset = '', collation = '', databaseCollation = ''] =
      await first(`SHOW CREATE TRIGGER ${quoteName(schema, name)}`);
    triggers.push({ schema, name, create, sqlMode, clientCharset, collation, databaseCollation });
  }
  const events: Stored[] = [];
  for (const [schema = '', name = ''] of await session.ask(
    `SELECT event_schema, event_name FROM information_schema.events WHERE event_schema IN (${list}) ORDER BY 1, 2`,
  )) {
    const [
      ,
      sqlMode = '',
      timeZone = '',
      create = '',
      clientCharset = '',
      collation = '',
      databaseCollation = '',
    ] = await first(`SHOW CREATE EVENT ${quoteName(schema, name)}`);
    events.push({ schema, name, create, sqlMode, timeZone, clientCharset, collation, databaseCollation });
  }
  const definitions = { schemas: made, tables, sequences, views, routines, triggers, events };
  for (const stored of [...made, ...tables, ...sequences, ...views, ...routines, ...triggers, ...events]) {
    if (!/^\s*CREATE\b/i.test(stored.create))
      throw new JobError(
        'DatabaseFailed',
        `the database does not tell how ${readable('name' in stored ? stored.name : stored.table.name)} is made`,
      );
  }
  return definitions;
}

interface ColumnRow extends Column {
  readonly isGenerated: boolean;
  /** `ROW START` or `ROW END` of system time. */
  readonly role: string;
}

async function readColumns(
  session: Pick<Conversation, 'ask'>,
  list: string,
): Promise<ReadonlyMap<string, readonly ColumnRow[]>> {
  const rows = await session.ask(
    `SELECT table_schema, table_name, column_name, data_type, IFNULL(character_set_name, ''), is_nullable, is_generated, IFNULL(generation_expression, '')
     FROM information_schema.columns WHERE table_schema IN (${list}) ORDER BY 1, 2, ordinal_position`,
  );
  const columns = new Map<string, ColumnRow[]>();
  for (const [
    schema = '',
    table = '',
    name = '',
    type = '',
    charset = '',
    nullable = '',
    generated = '',
    expression = '',
  ] of rows) {
    const key = quoteName(schema, table);
    const column = {
      name,
      type: type.toLowerCase(),
      charset: charset === '' ? undefined : charset,
      isNullable: nullable === 'YES',
      isGenerated: generated === 'ALWAYS',
      isRowEnd: expression === 'ROW END',
      role: expression,
    };
    const known = columns.get(key);
    if (known === undefined) columns.set(key, [column]);
    else known.push(column);
  }
  return columns;
}

function columnsOf(table: Table, all: readonly ColumnRow[]): Pick<DefinedTable, 'columns' | 'isLax'> {
  const isPeriod = ({ role }: ColumnRow): boolean => role === 'ROW START' || role === 'ROW END';
  const period = all.filter(isPeriod);
  if (period.some(({ type }) => type === 'bigint')) {
    throw new JobError(
      'LogicalImpossible',
      `table ${readable(table.quoted)} keeps its history by transactions (${period.map(({ name }) => readable(name)).join(', ')}), and no statement can load that again: ` +
        'back up Physical (spec.backup.method), or drop its system versioning',
    );
  }
  const given = all.filter((column) => !column.isGenerated || isPeriod(column));
  const history = table.hasHistory && period.length === 0 ? [implicit('row_start'), implicit('row_end')] : [];
  return {
    columns: [...given, ...history],
    isLax: all.some(
      ({ type, isGenerated, role }) => type === 'enum' || (isGenerated && !role.startsWith('ROW ')),
    ),
  };
}
