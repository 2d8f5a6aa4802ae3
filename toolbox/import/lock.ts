/** Keeps the tables of the old database as they are while they are compared with their copies. */
import { hasRows, readTables, tablesQuery } from '../database/tables.ts';
import { JobError } from '../job-error.ts';
import type { Source } from './source.ts';

/** Who still works with a table of a stopped installation holds its lock for longer. */
const lockWaitSeconds = 10;
/** The connection that holds the locks says nothing for as long as `work` lasts. Every server allows this. */
const idleSeconds = 2_147_483;

/**
 * Whoever still works with the old installation waits, and no change is lost.
 * @throws {JobError} SourceInUse; SourceUnreachable if the tables did not stay locked until `work` had ended.
 */
export async function whileLocked<T>(
  source: Source,
  schemas: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const holder = await source.begin(
    `; SET SESSION lock_wait_timeout = ${lockWaitSeconds}, wait_timeout = ${idleSeconds}`,
  );
  const tables = readTables(await holder.ask(tablesQuery(schemas)), 'latin1').filter(hasRows);
  if (tables.length > 0)
    await holder.ask(`LOCK TABLES ${tables.map(({ quoted }) => `${quoted} READ`).join(', ')}`);
  const result = await work();
  try {
    // Locks end with their connection, and nobody is told.
    await holder.ask('DO 1');
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    throw new JobError(
      'SourceUnreachable',
      `the tables of the old database did not stay locked, so they may have changed after they were compared: ${error.message}`,
      error,
    );
  }
  return result;
}
