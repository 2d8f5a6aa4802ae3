/**
 * Updates the database to the release's schema version: it plans, runs step by step, records, and can be
 * killed at any point.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from 'mariadb';
import { ownRelease, say } from '../lib/service.ts';
import { parseUpdate, planUpdates } from './updates.ts';
import type { RecordedUpdate, Update } from './updates.ts';

export interface UpdateProgress {
  readonly stepsDone: number;
  readonly stepsTotal: number;
  readonly current?: string;
}

export async function readUpdates(directory: string): Promise<readonly Update[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted();
  return await Promise.all(
    names.map(async (name) => parseUpdate(name, await readFile(join(directory, name), 'utf8'))),
  );
}

async function readRecorded(connection: Connection): Promise<readonly RecordedUpdate[]> {
  const tables: readonly { count: number }[] = await connection.query(
    "SELECT COUNT(*) AS count FROM information_schema.tables WHERE table_schema = 'jtel' AND table_name = 'schema_version'",
  );
  if (tables[0]?.count !== 1) {
    throw new Error(
      'the database is empty (no table jtel.schema_version): load a backup or the vanilla data first',
    );
  }
  const rows: readonly { version: number; steps_done: number; finished: Date | null; release: string }[] =
    await connection.query('SELECT version, steps_done, finished, `release` FROM jtel.schema_version');
  return rows.map((row) => ({
    version: row.version,
    stepsDone: row.steps_done,
    finished: row.finished !== null,
    release: row.release,
  }));
}

/** Number of steps to run. Changes nothing. @throws {DataTooNew} */
export async function checkDatabase(connection: Connection, updates: readonly Update[]): Promise<number> {
  return planUpdates(updates, await readRecorded(connection), ownRelease()).length;
}

async function hold(connection: Connection): Promise<void> {
  await connection.query("DO GET_LOCK('jtel_update_hold', 86400)");
  await connection.query("DO RELEASE_LOCK('jtel_update_hold')");
}

/**
 * Test hooks: JTEL_UPDATE_HOLD_AT=`version:step` waits there as long as somebody holds the lock `jtel_update_hold` of the
 * database; JTEL_UPDATE_FAIL_AT=`version:step` fails there.
 * @throws {DataTooNew} before anything is changed.
 */
export async function updateDatabase(
  connection: Connection,
  updates: readonly Update[],
  onProgress: (progress: UpdateProgress) => void,
): Promise<number> {
  // A second task runner waits here until the first is done, and then finds nothing to do.
  await connection.query("DO GET_LOCK('jtel_database_update', 86400)");
  const steps = planUpdates(updates, await readRecorded(connection), ownRelease());
  const holdAt = process.env['JTEL_UPDATE_HOLD_AT'];
  const failAt = process.env['JTEL_UPDATE_FAIL_AT'] ?? '';
  for (const [index, { update, number, step }] of steps.entries()) {
    const current = `update ${update.version} (${update.name}), step ${number} of ${update.steps.length}: ${step.title}`;
    onProgress({ stepsDone: index, stepsTotal: steps.length, current });
    say(
      `database update: ${index} of ${steps.length} steps done (${Math.floor((100 * index) / steps.length)} %), now ${current}`,
    );
    await connection.query(
      `INSERT INTO jtel.schema_version (version, name, \`release\`, steps_done, steps_total, started) VALUES (?, ?, ?, 0, ?, UTC_TIMESTAMP())
        ON DUPLICATE KEY UPDATE steps_total = VALUES(steps_total)`,
      [update.version, update.name, ownRelease(), update.steps.length],
    );
    if (holdAt === `${update.version}:${number}`) await hold(connection);
    if (failAt === `${update.version}:${number}`)
      throw new Error(`${current} failed, as JTEL_UPDATE_FAIL_AT=${failAt} asks`);
    for (const statement of step.statements) {
      try {
        await connection.query(statement);
      } catch (error) {
        throw new Error(`${current} failed at: ${statement.replaceAll(/\s+/g, ' ').slice(0, 120)}`, {
          cause: error,
        });
      }
    }
    await connection.query(
      `UPDATE jtel.schema_version SET steps_done = ?, finished = IF(? = steps_total, UTC_TIMESTAMP(), NULL) WHERE version = ?`,
      [number, number, update.version],
    );
  }
  onProgress({ stepsDone: steps.length, stepsTotal: steps.length });
  say(`database update: ${steps.length} of ${steps.length} steps done (100 %)`);
  await connection.query("DO RELEASE_LOCK('jtel_database_update')");
  return steps.length;
}
