/** How much a database is about to give, for progress only. */
import type { BackupDatabase } from '../../jobs/backup.ts';
import { DatabaseClient } from '../database/client.ts';
import { JobError } from '../job-error.ts';

/** Size of all tablespaces with their free space. If the server does not report that, size of the tables. */
const physical = 'SELECT SUM(FILE_SIZE) FROM information_schema.INNODB_SYS_TABLESPACES';
const logical = 'SELECT SUM(data_length) FROM information_schema.tables';

/** @throws {JobError} DatabaseUnreachable, DatabaseFailed when it cannot be asked at all. */
export async function databaseSize(database: BackupDatabase, signal: AbortSignal): Promise<number> {
  return await DatabaseClient.with(database, signal, async (client) => {
    for (const question of database.kind === 'Physical' ? [physical, logical] : [logical]) {
      try {
        const [[bytes = '0'] = []] = await client.query(question);
        return Number(bytes) || 0;
      } catch (error) {
        if (!(error instanceof JobError) || error.reason !== 'DatabaseFailed' || question === logical)
          throw error;
      }
    }
    return 0;
  });
}
