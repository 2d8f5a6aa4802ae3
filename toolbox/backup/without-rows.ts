/**
 * Tables whose engine keeps the rows elsewhere: a backup has only their definition, and no tool tells that.
 */
import type { LeftOut } from '../../backup-format/data-set.ts';
import type { BackupDatabase } from '../../jobs/backup.ts';
import { DatabaseClient } from '../database/client.ts';
import { Conversation } from '../database/conversation.ts';
import { isWithoutRows, readTables, tablesQuery } from '../database/tables.ts';
import type { Table } from '../database/tables.ts';
import { LeftOutCounter } from './left-out.ts';

export function countWithoutRows(
  tables: readonly Table[],
  method: BackupDatabase['kind'],
  counter: LeftOutCounter,
): void {
  for (const table of tables.filter((each) => isWithoutRows(each, method))) {
    counter.add('TableRows', Buffer.from(`${table.schema}.${table.name} (${table.engine})`, 'latin1'));
  }
}

/** For a physical backup. @throws {JobError} DatabaseUnreachable, DatabaseFailed */
export async function tablesWithoutRows(
  database: BackupDatabase,
  signal: AbortSignal,
): Promise<readonly LeftOut[]> {
  return await DatabaseClient.with(database, signal, async (client) => {
    const session = await Conversation.begin(client, 'SET character_set_results = NULL');
    try {
      const counter = new LeftOutCounter();
      countWithoutRows(
        readTables(await session.ask(tablesQuery(database.schemas)), 'latin1'),
        'Physical',
        counter,
      );
      return counter.kinds;
    } finally {
      session.end();
    }
  });
}
