/** The operator is newer than a job that still runs, or older than one that it adopts. */
import { describe, expect, it } from 'vitest';
import { read } from '../backup-format/schema.ts';
import { jobLine, jobResults } from './job.ts';

const sha256 = 'a'.repeat(64);
const blob = (name: string) => ({ name, bytes: 5, sha256, md5: `${'A'.repeat(22)}==` });
const backup = {
  backupID: '20261123t120000z-00c0de',
  attempt: 1,
  indexParts: [blob('index-1-1.zst')],
  packList: blob('packs-1.zst'),
  packs: 1,
  dataSets: [{ name: 'files', kind: 'FileTree', bytes: 6, files: 1, digest: sha256 }],
  totalBytes: 6,
  uploadedBytes: 15,
  storedBytes: 5,
  reusedBytes: 0,
};
const count = {
  tables: [{ schema: 'jtel', name: 'odd\n`name`', rows: 3 }],
  sequences: 0,
  fileTrees: [{ name: 'files', files: 1, bytes: 6 }],
};

describe('what an older toolbox says is read as it is', () => {
  it.each([
    ['a backup of format 1.0', 'backup', backup],
    ['a count that tells nothing of attributes', 'count', count],
  ] as const)('%s', (_, type, result) => {
    expect(read<unknown>(jobResults[type], result, 'the result')).toStrictEqual(result);
  });
});

describe('what a newer toolbox says is read as far as it is known', () => {
  it.each([
    [
      'a backup',
      'backup',
      { ...backup, speed: 3, dataSets: [{ ...backup.dataSets[0], hue: 'red' }] },
      backup,
    ],
    ['a count', 'count', { ...count, views: 2 }, count],
  ] as const)('%s', (_, type, result, known) => {
    expect(read<unknown>(jobResults[type], result, 'the result')).toStrictEqual(known);
  });

  it('a reason that is not known here', () => {
    const error = { reason: 'SunBurntOut', message: 'wait' };
    expect(read(jobLine, { error }, 'a line')).toStrictEqual({ error });
  });
});

describe('what only informs does not spoil the rest', () => {
  it('in a result', () => {
    expect(read(jobResults.backup, { ...backup, knownIgnored: 7 }, 'the result')).toStrictEqual(backup);
  });

  it('in progress', () => {
    const progress = { step: 'Reading', percent: 5 };
    expect(
      read(jobLine, { progress: { ...progress, message: 7, secondsLeft: null, bytesDone: '9' } }, 'a line'),
    ).toStrictEqual({ progress });
  });
});
