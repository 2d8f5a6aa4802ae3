/** Copies one table: rows stream from the old server into the new one, and nothing lies on a disk between them. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { DefinedTable } from '../backup/definitions.ts';
import { tableHead, tableTail } from '../backup/dump-text.ts';
import { RowWriter } from '../backup/row-writer.ts';
import { insertHead, rowsQuery } from '../backup/table-rows.ts';
import type { DatabaseClient } from '../database/client.ts';
import { readable } from '../database/conversation.ts';
import { hasRows } from '../database/tables.ts';
import { JobError } from '../job-error.ts';
import type { SourceSession } from './source.ts';

const bufferBytes = 1024 * 1024;

/**
 * Replaces the table in the new database. The load itself counts the rows and fails if some are missing.
 * @param reader a session whose answers are raw.
 * @returns rows.
 */
export async function copyTable(
  table: DefinedTable,
  reader: SourceSession,
  account: DatabaseClient,
  onBytes: (bytes: number) => void,
): Promise<number> {
  const name = readable(`${table.schema}.${table.name}`);
  const pipe = new PassThrough({ highWaterMark: bufferBytes });
  pipe.on('error', () => undefined); // whoever destroys it says why
  const loading = account.load(pipe).catch((error: unknown) => {
    throw error instanceof JobError
      ? new JobError(error.reason, `table ${name}: ${error.message}`, error)
      : error;
  });
  const load: { failure?: unknown } = {};
  const broken = new AbortController();
  const ended = loading.then(
    () => undefined,
    (error: unknown) => {
      load.failure = error;
      broken.abort();
    },
  );
  const write = (text: string): void => void pipe.write(Buffer.from(text, 'latin1'));
  try {
    write(`SET foreign_key_checks = 0;\nDROP TABLE IF EXISTS ${table.quoted};\n${tableHead(table)}`);
    let rows: number | undefined;
    if (hasRows(table)) {
      const writer = new RowWriter(
        insertHead(table.quoted, table.columns),
        (bytes) => void pipe.write(Buffer.from(bytes)),
      );
      const warnings = await reader.stream(
        rowsQuery(table.quoted, table.columns, table.hasHistory),
        async (bytes) => {
          onBytes(bytes.length);
          writer.push(bytes);
          // A load that fails no longer drains, and says why.
          if (pipe.writableNeedDrain) await once(pipe, 'drain', { signal: broken.signal });
        },
      );
      requireWhole(name, warnings);
      writer.end();
      ({ rows } = writer);
    }
    write(tableTail(table, rows));
    pipe.end();
    await loading;
    return rows ?? 0;
  } catch (error) {
    // A load that ended first is what made the rest fail; else it ends because of what fails here.
    const { failure } = load;
    pipe.destroy();
    await ended;
    throw failure ?? error;
  }
}

/** The server shortens what exceeds a packet, and only warns. @throws {JobError} ImportImpossible */
export function requireWhole(name: string, warnings: number): void {
  if (warnings > 0)
    throw new JobError(
      'ImportImpossible',
      `table ${name} of the old database cannot be read whole (${warnings} warnings): a row may be longer than its max_allowed_packet; raise that there (SET GLOBAL max_allowed_packet = 1073741824)`,
    );
}
