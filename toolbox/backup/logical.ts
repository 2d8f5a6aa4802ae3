/**
 * A logical backup of the database: SQL, each table a file, all of one moment, also of tables without
 * transactions. Definitions are read and transactions begun while all writes wait, a second or less; who
 * writes to tables without transactions waits until those were read. For databases that have no physical
 * backup, and for what must be readable by another version. Why not by the server's own dump tools:
 * docs/decisions/0026-logical-backups.md.
 */
import { availableParallelism } from 'node:os';
import type { LeftOut } from '../../backup-format/data-set.ts';
import { databaseSetName } from '../../jobs/values.ts';
import type { BackupDatabase } from '../../jobs/backup.ts';
import { logicalPath } from '../../backup-format/logical.ts';
import { DatabaseClient } from '../database/client.ts';
import { Conversation, quoteName, readable } from '../database/conversation.ts';
import { withLargePackets } from '../database/globals.ts';
import { hasRows, readTables, tablesQuery } from '../database/tables.ts';
import { JobError } from '../job-error.ts';
import { readAccounts } from './accounts.ts';
import type { SourceContext } from './context.ts';
import { readDefinitions } from './definitions.ts';
import type { DefinedTable, Definitions } from './definitions.ts';
import { countWithoutRows } from './without-rows.ts';
import {
  accountsText,
  routinesText,
  schemaText,
  sequencesText,
  tableHead,
  tableTail,
  triggersAndEventsText,
  viewsText,
} from './dump-text.ts';
import type { FileWriter } from './file-writer.ts';
import { LeftOutCounter } from './left-out.ts';
import { RowWriter } from './row-writer.ts';
import { atOneMoment } from './snapshot.ts';
import { insertHead, rowsQuery } from './table-rows.ts';

/** Settings of a session that reads: values as they are. */
export const setup = `SET SESSION sql_mode = '', time_zone = '+00:00', character_set_results = NULL, sql_quote_show_create = 1,
  net_write_timeout = 3600, wait_timeout = 28800, max_statement_time = 0`;
/** Writers to tables without transactions wait this long at most. */
const longestTableLockSeconds = 60;

export interface LogicalFacts {
  readonly server: { readonly version: string };
  readonly position?: string;
  readonly tables: number;
  readonly rows: number;
  readonly leftOut: readonly LeftOut[];
}

/**
 * @throws {JobError} DatabaseFailed unless the backup is whole; LogicalImpossible, before anything is read,
 * for what cannot be kept.
 */
export async function readLogical(database: BackupDatabase, context: SourceContext): Promise<LogicalFacts> {
  const { signal } = context;
  return await DatabaseClient.with(database, signal, async (client) => {
    const sessions: Conversation[] = [];
    const begin = async (more = '', form: 'Escaped' | 'Raw' = 'Escaped'): Promise<Conversation> => {
      const session = await Conversation.begin(client, `${setup}${more}`, form);
      sessions.push(session);
      return session;
    };
    try {
      const holder = await begin();
      const brokenViews = await findBrokenViews(holder, database.schemas);
      // Reports what cannot be kept before anybody has to wait. This look also makes the second one fast.
      await readDefinitions(holder, database.schemas, brokenViews);
      const threads = Math.max(2, Math.min(8, availableParallelism()));
      const isolation = '; SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ';
      const readers = await withLargePackets(client, () =>
        Promise.all(Array.from({ length: threads }, () => begin(isolation, 'Raw'))),
      );
      const { found, position } = await atOneMoment(client, setup, signal, async (lock) => {
        await Promise.all(readers.map((reader) => reader.ask('START TRANSACTION WITH CONSISTENT SNAPSHOT')));
        const definitions = await readDefinitions(lock, database.schemas, brokenViews);
        const locked = definitions.tables.filter(isLocked);
        if (locked.length > 0)
          await holder.ask(`LOCK TABLES ${locked.map(({ quoted }) => `${quoted} READ`).join(', ')}`);
        return { definitions, accounts: await readAccounts(lock, namesOf(definitions)) };
      });
      const { definitions, accounts } = found;
      const rows = await readAllTables(definitions.tables, readers, holder, context);
      writeRest(definitions, accounts.statements, context);
      const [[version = ''] = []] = await client.query('SELECT VERSION()');
      const leftOut = new LeftOutCounter();
      countWithoutRows(definitions.tables, 'Logical', leftOut);
      for (const view of brokenViews) leftOut.add('View', Buffer.from(view, 'latin1'));
      for (const grant of accounts.leftOut) leftOut.add('Grant', Buffer.from(grant, 'latin1'));
      return {
        server: { version },
        ...(position === '' ? {} : { position }),
        tables: definitions.tables.length,
        rows,
        leftOut: leftOut.kinds,
      };
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      for (const session of sessions) session.end();
    }
  });
}

/** For these the server can show no moment but the present one. */
function isLocked(table: DefinedTable): boolean {
  return hasRows(table) && !table.isTransactional;
}

function namesOf({ tables, sequences, views, routines }: Definitions): ReadonlySet<string> {
  return new Set(
    [...tables, ...sequences.map(({ table }) => table), ...views, ...routines].map(({ schema, name }) =>
      quoteName(schema, name),
    ),
  );
}

/** Views whose tables are gone. No server accepts their definition. */
export async function findBrokenViews(
  session: Pick<Conversation, 'ask'>,
  schemas: readonly string[],
): Promise<ReadonlySet<string>> {
  const broken = new Set<string>();
  for (const { kind, quoted } of readTables(await session.ask(tablesQuery(schemas)), 'latin1')) {
    if (kind !== 'View') continue;
    const said = await session.ask(`CHECK TABLE ${quoted}`);
    if (said.some(([, , type = '', text = '']) => type === 'Error' && text.includes('references invalid')))
      broken.add(quoted);
  }
  return broken;
}

/** Locked tables come first, then the largest, so that no large one is begun last. @returns rows. */
async function readAllTables(
  tables: readonly DefinedTable[],
  readers: readonly Conversation[],
  holder: Conversation,
  context: SourceContext,
): Promise<number> {
  const waiting = tables.toSorted((a, b) => Number(isLocked(a)) - Number(isLocked(b)) || a.bytes - b.bytes);
  let locked = waiting.filter(isLocked).length;
  let rows = 0;
  const next = async (reader: Conversation): Promise<void> => {
    for (let table = waiting.pop(); table !== undefined; table = waiting.pop()) {
      const read = await readTable(table, reader, context);
      rows += read;
      if (isLocked(table) && --locked === 0) await holder.ask('UNLOCK TABLES');
    }
  };
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => {
      const names = tables.filter(isLocked).map(({ schema, name }) => readable(`${schema}.${name}`));
      if (locked > 0)
        reject(
          new JobError(
            'LogicalImpossible',
            `the tables without transactions could not be read within ${longestTableLockSeconds} s, and writes to them waited: ${names.slice(0, 10).join(', ')}; ` +
              'make them ENGINE=InnoDB, or back up Physical (spec.backup.method)',
          ),
        );
    }, longestTableLockSeconds * 1000).unref();
  });
  late.catch(() => undefined); // the race reports it
  await Promise.race([Promise.all(readers.map(next)), late]);
  return rows;
}

async function readTable(table: DefinedTable, reader: Conversation, context: SourceContext): Promise<number> {
  const { pipeline, throttle, signal } = context;
  const file = pipeline.newFile();
  write(file, tableHead(table));
  let rows: number | undefined;
  if (hasRows(table)) {
    const writer = new RowWriter(insertHead(table.quoted, table.columns), (bytes) => file.write(bytes));
    const warnings = await reader.stream(
      rowsQuery(table.quoted, table.columns, table.hasHistory),
      async (bytes) => {
        await pipeline.free();
        writer.push(bytes);
        if (!isLocked(table)) await throttle.wait(bytes.length, signal);
      },
    );
    // The server shortens what exceeds a packet, and only warns.
    if (warnings > 0)
      throw new JobError(
        'DatabaseFailed',
        `table ${readable(`${table.schema}.${table.name}`)} could not be read whole: ${warnings} warnings`,
      );
    writer.end();
    rows = writer.rows;
  }
  write(file, tableTail(table, rows));
  file.end({
    set: databaseSetName,
    entry: 'f',
    path: Buffer.from(logicalPath(table.schema, 'tables', table.name), 'latin1'),
  });
  return rows ?? 0;
}

function writeRest(definitions: Definitions, accounts: readonly string[], { pipeline }: SourceContext): void {
  const store = (path: string, text: string): void => {
    const file = pipeline.newFile();
    write(file, text);
    file.end({ set: databaseSetName, entry: 'f', path: Buffer.from(path, 'latin1') });
  };
  for (const schema of definitions.schemas) {
    const own = <T extends { readonly schema: string }>(all: readonly T[]): readonly T[] =>
      all.filter((one) => one.schema === schema.name);
    const sequences = definitions.sequences.filter(({ table }) => table.schema === schema.name);
    store(logicalPath(schema.name, 'schema'), schemaText(schema));
    if (sequences.length > 0)
      store(logicalPath(schema.name, 'sequences'), sequencesText(schema.name, sequences));
    store(logicalPath(schema.name, 'routines'), routinesText(schema, own(definitions.routines)));
    store(
      logicalPath(schema.name, 'triggers-and-events'),
      triggersAndEventsText(schema, own(definitions.triggers), own(definitions.events)),
    );
  }
  store(logicalPath(undefined, 'views'), viewsText(definitions.views));
  store(logicalPath(undefined, 'accounts'), accountsText(accounts));
}

function write(file: FileWriter, text: string): void {
  file.write(Buffer.from(text, 'latin1'));
}
