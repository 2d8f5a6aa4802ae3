/** The words of findings, each once; what is found when is tested beside the planner. */
import { describe as group, expect, test } from 'vitest';
import { aBackup, aJob } from '../testing.ts';
import type { Facts } from '../plan/findings.ts';
import { describe, describeImmutability, describeRepeated, describeWave } from './sentences.ts';

const since = '2026-03-01T01:30:00Z';
const failed: Facts = { is: 'JobFailed', job: { message: 'it went wrong.', windowOver: false } };

test.each([
  [{ is: 'NoStack', stack: 'main' }, 'JtelStack main does not exist'],
  [{ is: 'OtherMachine', known: 'm-1', found: 'm-2' }, 'on machine m-1, but m-2 answers'],
  [
    { is: 'Ahead', namespace: 'acme', ahead: [{ kind: 'JtelBackup', name: 'b', phase: 'Running', since }] },
    /JtelBackup b \(Running since 2026-03-01T01:30:00Z\).*kubectl delete jtelbackup NAME -n acme/,
  ],
  [{ is: 'Busy', busy: { with: 'Job', job: 'jtel-job-1' } }, 'job jtel-job-1 loads data'],
  [
    { is: 'Busy', busy: { with: 'Operation', operation: 'Update', since } },
    `operation Update, since ${since}`,
  ],
  [{ is: 'Busy', busy: { with: 'Restore', state: 'Loading', restore: 'back' } }, 'JtelRestore back, Loading'],
  [{ is: 'Held', held: { until: 'Due', due: since, inSeconds: 9 } }, `begins at ${since}`],
  ...(
    [
      [0, 'of all stacks run at the same time. It is the next one.'],
      [1, 'Another one comes first.'],
      [9, '9 others come first.'],
      [49, 'At least 20 others come first.'],
      [999, 'At least 500 others come first.'],
    ] as const
  ).map(
    ([before, text]) =>
      [{ is: 'Held', held: { until: 'Place', most: 50, before } }, text] satisfies [Facts, string],
  ),
  [
    { is: 'Held', held: { until: 'Place', store: 'backups', most: 10, before: 0 } },
    'no more than 10 backups in JtelBackupStore backups',
  ],
  [
    { is: 'Held', held: { until: 'Place', namespace: 'acme', most: 25, before: 0 } },
    'no more than 25 backups of namespace acme',
  ],
  [{ is: 'DatabaseNotRunning', service: 'acd-dbm' }, 'acd-dbm is not there'],
  [
    { is: 'DatabaseNotRunning', service: 'acd-dbm', container: { state: 'running', health: 'starting' } },
    'acd-dbm is running (starting)',
  ],
  [
    {
      is: 'OtherHistory',
      stack: { name: 'main', namespace: 'acme' },
      newest: {
        backupID: '20260228t020000z-0000ff',
        epoch: '20260225',
        writer: { clusterID: 'c-2', namespace: 'acme', name: 'twin', stackUID: 'u' },
      },
    },
    /by stack acme\/twin of cluster c-2.*annotate jtelstack main -n acme jtel.de\/adopt-backups=20260228t020000z-0000ff/,
  ],
  [
    { is: 'NotBegun', withinSeconds: 43_200, because: { is: 'DataIncomplete' } },
    /within 12 h: .*no complete/,
  ],
  [{ is: 'NotDone', withinSeconds: 86_400, lastMessage: 'reading' }, 'within 24 h. Last: reading'],
  [{ is: 'TriedAgain', inSeconds: 10, because: failed }, 'it went wrong. It is tried again in 10 s.'],
  [{ is: 'LastTry', attempt: 6, mostAttempts: 6, because: failed }, 'it went wrong. That was try 6 of 6.'],
  [{ is: 'JobFailed', job: { exitCode: 137, windowOver: false } }, 'exit code 137'],
  [{ is: 'JobFailed', job: { message: 'refused', windowOver: true } }, 'could write to the store is over'],
  [{ is: 'JobMayRun', message: 'away.' }, /away\. .*jtel\.de\/abandon-host=true/],
  [{ is: 'NotProven', backupID: 'b-1', message: 'why' }, /stored as b-1, .*demands immutability.* why/],
  [{ is: 'TestFailed', backupID: 'b-1', test: 'b-verify', message: 'rows differ' }, /b-verify failed: rows/],
] satisfies [Facts, string | RegExp][])('%j', (facts, words) => {
  expect(describe({ reason: 'JobFailed', facts })).toMatch(words);
});

group('a wave', () => {
  test('is called after its first action, and taking the host is none', () => {
    const wave = [
      { type: 'ClaimHost', cause: 'HostNotHeld' },
      { type: 'PullToolbox', cause: 'NoJob' },
      { type: 'StartJob', cause: 'NoJob' },
    ] as const;
    expect(describeWave(wave, aBackup())).toBe('starting the backup job on the host');
    expect(describeWave([{ type: 'CreateTestRestore', cause: 'NoTestRestore' }], aBackup())).toContain(
      'main-now-verify',
    );
  });
});

test('a backup that was made long ago names it and the way to another', () => {
  expect(describeRepeated({ backupID: 'b-1', is: 'LateCopy' })).toMatch(
    /^Nothing was done: .*backup b-1 was made since.*with another name/,
  );
  expect(describeRepeated({ backupID: 'b-1', is: 'SameOrder' })).toMatch(
    /^Nothing was done: .*in git counts once.*backup b-1 was made for it.*with another name/,
  );
});

test('immutability is told with what the store and its policy say', () => {
  const tried = { is: 'Tried', detail: 'deleting was refused' } as const;
  expect(describeImmutability({ ...tried, problem: 'it is not locked' })).toMatch(/refused\. But: it is not/);
  expect(
    describeImmutability({ ...tried, retention: { kind: 'TimeBased', days: 365, isLocked: true } }),
  ).toContain('locked and lasts 365 days');
  expect(
    describeImmutability({ ...tried, retention: { kind: 'NotRead', detail: 'account acme: 403' } }),
  ).toContain('not known: account acme: 403');
});

test('progress is told with figures', () => {
  const progress = {
    step: 'Reading',
    percent: 30,
    bytesDone: 3 * 2 ** 30,
    bytesTotal: 10 * 2 ** 30,
    uploadedBytes: 2 ** 28,
    secondsLeft: 600,
  };
  const runs = (job: ReturnType<typeof aJob>): string =>
    describe({
      reason: 'BackupRunning',
      facts: { is: 'JobRuns', ...(job.progress === undefined ? {} : { progress: job.progress }) },
    });
  expect(runs(aJob('Running', { progress }))).toBe(
    'Reading: 3.0 GiB of 10.0 GiB read, 256.0 MiB sent, about 10 min left',
  );
  expect(runs(aJob('Running'))).toBe('the job starts');
});
