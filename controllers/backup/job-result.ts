/** What a backup job says it did. It comes from a host, which may have been broken into: checked like any other input. */

import { readDataSet } from '../../backup-format/data-set.ts';
import { Fields, FormatError, patterns, refuseTwice } from '../../backup-format/fields.ts';
import type { BackupJobResult, WrittenBlob } from '../../jobs/job.ts';
import { readServer } from '../../backup-format/manifest.ts';

/** @throws {FormatError} */
export function parseJobResult(
  value: unknown,
  expected: { readonly backupID: string; readonly attempt: number },
): BackupJobResult {
  const fields = new Fields(value, 'the result of the backup job');
  const result: BackupJobResult = {
    backupID: fields.text('backupID'),
    attempt: fields.integer('attempt', 1),
    indexParts: fields.list('indexParts', 100_000, writtenBlob),
    // A toolbox of before writes none.
    ...fields.optional('attributeParts', () => fields.list('attributeParts', 100_000, writtenBlob)),
    packList: fields.read('packList', writtenBlob),
    packs: fields.integer('packs'),
    dataSets: fields.list('dataSets', 100, readDataSet),
    totalBytes: fields.integer('totalBytes'),
    uploadedBytes: fields.integer('uploadedBytes'),
    storedBytes: fields.integer('storedBytes'),
    reusedBytes: fields.integer('reusedBytes'),
    ...fields.optional('server', () => readServer(fields.object('server'))),
    ...fields.optional('position', () => fields.text('position', patterns.text, 4096)),
  };
  for (const name of ['backupID', 'attempt'] as const) {
    if (result[name] !== expected[name])
      throw new FormatError(
        `the result of the backup job is of ${name} ${result[name]}, not of ${expected[name]}`,
      );
  }
  refuseTwice(
    result.dataSets.map(({ name }) => name),
    'the data sets of the backup job',
  );
  return result;
}

function writtenBlob(value: unknown, place: string): WrittenBlob {
  const fields = new Fields(value, place);
  return {
    name: fields.text('name', /^[a-z0-9][a-z0-9.-]*$/, 64),
    bytes: fields.integer('bytes'),
    sha256: fields.text('sha256', patterns.sha256),
    md5: fields.text('md5', patterns.md5),
  };
}
