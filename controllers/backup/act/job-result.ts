/** Reads a backup job's result. It comes from a host that may have been broken into, so it is checked like any input. */

import { FormatError, read } from '../../../backup-format/schema.ts';
import { backupJobResult, type BackupJobResult } from '../../../jobs/backup.ts';

/** @throws {FormatError} */
export function parseJobResult(
  value: unknown,
  expected: { readonly backupID: string; readonly attempt: number },
): BackupJobResult {
  const what = 'the result of the backup job';
  const result = read(backupJobResult, value, what);
  for (const name of ['backupID', 'attempt'] as const) {
    if (result[name] !== expected[name])
      throw new FormatError(`${what} is of ${name} ${result[name]}, not of ${expected[name]}`);
  }
  return result;
}
