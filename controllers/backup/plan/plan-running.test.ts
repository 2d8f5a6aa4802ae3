/** The planner on backups that have begun: their job, their verification, and what is cleaned up after the end. */
import { describe, expect, test } from 'vitest';
import { annotations, backupFinalizer } from '../../../crds/index.ts';
import type { HostObservation } from '../../../host-driver/host.ts';
import type { PlanInput } from './actions.ts';
import { plan } from './plan.ts';
import { aHost, aJob, aRunningBackup, aStack, away, observing, planInput, unsigned } from '../testing.ts';

describe('a backup that runs', () => {
  const running = (changes: Partial<PlanInput['observed']> = {}, more: Partial<PlanInput> = {}): PlanInput =>
    planInput({ backup: aRunningBackup(), observed: observing(changes), ...more });

  test('starts its job, claiming the host when somebody else did since', () => {
    expect(plan(running())).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'PullToolbox' }, { type: 'StartJob' }],
    });
    expect(plan(running({}, { identity: { clusterID: 'cluster-1' } }))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'ClaimHost' }, { type: 'PullToolbox' }, { type: 'StartJob' }],
    });
  });

  test('follows its job and stores what it did', () => {
    expect(plan(running({ job: aJob('Running') }))).toMatchObject({ kind: 'Wait', reason: 'BackupRunning' });
    expect(plan(running({ job: aJob('Succeeded') }))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'Commit' }],
    });
  });

  test('fails at once when its job can no longer be given the right to write; what a job has stored is committed all the same', () => {
    expect(plan(running({ store: unsigned }))).toEqual({
      kind: 'Fail',
      reason: 'StoreCannotSign',
      facts: { is: 'Told', message: 'Give the account key.' },
    });
    expect(plan(running({ store: unsigned, job: aJob('Running') }))).toMatchObject({
      kind: 'Wait',
      reason: 'BackupRunning',
    });
    expect(plan(running({ store: unsigned, job: aJob('Succeeded') }))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'Commit' }],
    });
  });

  test('waits while the store refuses credentials that somebody may be about to repair', () => {
    const store = { ok: false, reason: 'StoreCredentialsRefused', message: 'refused' } as const;
    expect(plan(running({ store }))).toMatchObject({ kind: 'Wait', reason: 'StoreCredentialsRefused' });
    expect(plan(planInput({ observed: observing({ store }) }))).toMatchObject({
      kind: 'Wait',
      reason: 'StoreCredentialsRefused',
    });
  });

  test('waits for a host that is away: the job goes on', () => {
    expect(plan(running({ host: away }))).toMatchObject({ kind: 'Wait', reason: 'HostUnreachable' });
  });

  const failed = (reason: string, finished = '2026-03-01T02:50:00Z') =>
    aJob(
      'Failed',
      { error: { reason, message: 'it went wrong.' } },
      { finishedSeconds: Date.parse(finished) / 1000 },
    );

  test.each([
    ['an error', 'DatabaseRefused', 'JobFailed'],
    ['too little memory', 'OutOfMemory', 'JobFailed'],
    ['a reboot', 'JobFailed', 'JobFailed'],
  ])('is tried again after %s', (_, word, reason) => {
    expect(plan(running({ job: failed(word) }))).toMatchObject({ kind: 'TryAgain', reason });
  });

  test.each([
    ['keys that it lacks', 'DatabaseKeysMissing', 'DatabaseKeysMissing'],
    ['a table that it cannot keep', 'LogicalImpossible', 'JobFailed'],
    ['a connection that is not safe enough', 'DatabaseInsecure', 'JobFailed'],
  ])('is given up at once for %s', (_, word, reason) => {
    expect(plan(running({ job: failed(word, '2026-03-01T02:59:50Z') }))).toMatchObject({
      kind: 'Fail',
      reason,
      facts: { is: 'JobFailed', job: { message: 'it went wrong.' } },
    });
  });

  test('pauses between tries', () => {
    expect(plan(running({ job: failed('JobFailed', '2026-03-01T02:59:50Z') }))).toMatchObject({
      kind: 'Wait',
      reason: 'JobFailed',
      afterSeconds: 10,
    });
  });

  test('goes on at once when only the time to write was over', () => {
    const backup = aRunningBackup({
      operation: { id: 'backup-uid-1', type: 'Backup', step: 'Running', startTime: '2026-02-28T14:00:00Z' },
    });
    const job = failed('StoreCredentialsRefused', '2026-03-01T02:59:59Z');
    expect(plan(running({ job }, { backup }))).toMatchObject({
      kind: 'TryAgain',
      reason: 'UploadWindowOver',
    });
    expect(plan(running({ job }))).toMatchObject({ kind: 'Wait', reason: 'StoreCredentialsRefused' });
    // The right may end before the window does.
    const short = aRunningBackup({ writeSeconds: 3600 });
    expect(plan(running({ job }, { backup: short }))).toMatchObject({
      kind: 'TryAgain',
      reason: 'UploadWindowOver',
    });
    // The second try has twice the time.
    expect(
      plan(running({ job }, { backup: aRunningBackup({ ...backup.status, attempt: 2 }) })),
    ).toMatchObject({ reason: 'StoreCredentialsRefused' });
  });

  test('gives up after its last try, and says why', () => {
    const verdict = plan(running({ job: failed('JobFailed') }, { backup: aRunningBackup({ attempt: 6 }) }));
    expect(verdict).toMatchObject({
      kind: 'Fail',
      reason: 'JobFailed',
      facts: { is: 'LastTry', attempt: 6, mostAttempts: 6, because: { is: 'JobFailed' } },
    });
  });

  test('gives up after its deadline, with what it was doing', () => {
    const backup = aRunningBackup({ message: 'reading' });
    expect(plan(running({ host: away }, { backup, now: new Date('2026-03-02T02:00:00Z') }))).toMatchObject({
      kind: 'Fail',
      reason: 'DeadlineExceeded',
      facts: { is: 'NotDone', withinSeconds: 86_400, lastMessage: 'reading' },
    });
  });

  test('begins another try when its job was removed behind its back', () => {
    const backup = aRunningBackup({
      operation: { id: 'backup-uid-1', type: 'Backup', step: 'Running', startTime: '2026-03-01T02:00:00Z' },
    });
    expect(plan(running({}, { backup }))).toMatchObject({ kind: 'TryAgain', reason: 'JobFailed' });
  });

  const stack = aStack({}, undefined, { deletionTimestamp: '2026-03-01T02:59:00Z' });
  test('starts no job any more and ends when its stack is being deleted, whether the host answers or not', () => {
    for (const changes of [{}, { job: aJob('Running') }, { host: away }]) {
      expect(plan(running({ stack, ...changes }))).toMatchObject({ kind: 'Fail', reason: 'Deleting' });
      // What its wave does may not be seen yet.
      expect(plan(running({ stack, ...changes }, { isBusy: true }))).toMatchObject({
        kind: 'Wait',
        reason: 'Deleting',
      });
    }
  });

  test('is committed when its job ended before its stack is deleted, if that can be done at once', () => {
    expect(plan(running({ stack, job: aJob('Succeeded') }))).toMatchObject({ wave: [{ type: 'Commit' }] });
    const backup = aRunningBackup({ phase: 'Verifying' });
    expect(plan(running({ stack }, { backup }))).toMatchObject({ wave: [{ type: 'Commit' }] });
    const failure = { reason: 'BackupIncomplete', message: 'pack x is missing.' } as const;
    expect(plan(running({ stack }, { backup, failure }))).toMatchObject({ kind: 'Fail', reason: 'Deleting' });
    expect(plan(running({ stack, host: away }, { backup }))).toMatchObject({ kind: 'Fail' });
  });

  test('fails when its stack is gone', () => {
    expect(
      plan(planInput({ backup: aRunningBackup(), observed: { ...observing(), stack: undefined as never } })),
    ).toMatchObject({ kind: 'Fail', reason: 'StackNotFound' });
  });
});

describe('a backup that is verified', () => {
  const stored = { phase: 'Verifying', manifestDigest: 'd', immutability: { state: 'Verified' } } as const;
  const verifying = (
    status: Parameters<typeof aRunningBackup>[0] = {},
    more: Partial<PlanInput> = {},
  ): PlanInput => planInput({ backup: aRunningBackup({ phase: 'Verifying', ...status }), ...more });

  test('is compared until its manifest stands', () => {
    expect(plan(verifying())).toMatchObject({ kind: 'Act', wave: [{ type: 'Commit' }] });
    expect(plan(verifying(stored))).toEqual({ kind: 'Complete' });
  });

  test('has another try when something is missing in the store', () => {
    expect(
      plan(verifying({}, { failure: { reason: 'BackupIncomplete', message: 'pack x is missing.' } })),
    ).toMatchObject({ kind: 'TryAgain', reason: 'BackupIncomplete' });
  });

  test('fails when its name is taken', () => {
    expect(plan(verifying({}, { failure: { reason: 'BlobExists', message: 'taken' } }))).toMatchObject({
      kind: 'Fail',
      reason: 'BlobExists',
    });
  });

  test.each([
    ['Required', 'Unprotected', 'Fail'],
    ['Required', 'Unknown', 'Fail'],
    ['Required', 'Verified', 'Complete'],
    ['Preferred', 'Unprotected', 'Complete'],
    ['None', 'Unknown', 'Complete'],
  ] as const)('in a store that says %s and is %s: %s', (policy, state, kind) => {
    const observed = observing({
      store: { ok: true, value: { name: 'backups', policy, retentionDays: 180 } },
    });
    expect(plan(verifying({ ...stored, immutability: { state } }, { observed }))).toMatchObject({
      kind,
      ...(kind === 'Fail' ? { reason: 'NotImmutable' } : {}),
    });
  });

  const testIn = (phase: string, message?: string) =>
    observing({ test: { status: { phase, message } } as never });
  test('by a restore waits for that, and ends as it does', () => {
    const backup = aRunningBackup(stored, { verify: 'Restore' });
    expect(plan(planInput({ backup }))).toMatchObject({ kind: 'Act', wave: [{ type: 'CreateTestRestore' }] });
    expect(plan(planInput({ backup, observed: testIn('Loading', 'half') }))).toMatchObject({
      kind: 'Wait',
      facts: { is: 'TestRuns', message: 'half' },
    });
    expect(plan(planInput({ backup, observed: testIn('Completed') }))).toEqual({ kind: 'Complete' });
    expect(plan(planInput({ backup, observed: testIn('Failed', 'rows differ') }))).toMatchObject({
      kind: 'Fail',
      reason: 'VerificationFailed',
      facts: { is: 'TestFailed', message: 'rows differ' },
    });
  });
});

describe('after the end', () => {
  const onHost = observing({
    host: {
      ok: true,
      value: aHost({
        jobs: [
          { name: 'j', uid: 'backup-uid-1', type: 'backup', state: 'Running' },
          { name: 'k', uid: 'other-uid-1', type: 'backup', state: 'Running' },
        ],
      }),
    },
  });
  const deleted = (changes: object = {}) => ({
    ...aRunningBackup(),
    metadata: { ...aRunningBackup().metadata, deletionTimestamp: '2026-03-01T02:30:00Z', ...changes },
  });
  const finished = aRunningBackup({ phase: 'Completed' });

  test.each([
    ['deleted', deleted()],
    ['finished', finished],
  ])('a %s backup leaves no job on the host', (_, backup) => {
    expect(plan(planInput({ backup, observed: onHost }))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'RemoveJobs', uids: ['backup-uid-1'], cause: 'JobLeft' }, { type: 'ReleaseFinalizer' }],
    });
    expect(plan(planInput({ backup }))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'ReleaseFinalizer', cause: 'NoJobLeft' }],
    });
  });

  const owned = (owner: object) => {
    const job = { name: 'j', uid: 'backup-uid-1', type: 'backup', state: 'Running' } as const;
    const state = { ...aHost().state, owner } as NonNullable<HostObservation['state']>;
    return observing({ host: { ok: true, value: aHost({ jobs: [job], state }) } });
  };
  const before = { clusterID: 'cluster-1', namespace: 'acme', name: 'main', uid: 'of the stack before' };

  test('waits until a stack that was applied again has taken its host back, and leaves the host of another one', () => {
    expect(plan(planInput({ backup: finished, observed: owned(before) }))).toMatchObject({
      kind: 'Wait',
      reason: 'HostOwned',
    });
    const foreign = owned({ ...before, clusterID: 'cluster-2' });
    expect(plan(planInput({ backup: finished, observed: foreign }))).toMatchObject({
      wave: [{ type: 'ReleaseFinalizer', cause: 'HostNotOurs' }],
    });
  });

  test('an object stays while its job may run on a host that is away, unless somebody lets it go', () => {
    const observed = observing({ host: away });
    expect(plan(planInput({ backup: deleted(), observed }))).toMatchObject({
      kind: 'Wait',
      reason: 'HostUnreachable',
      facts: { is: 'JobMayRun' },
    });
    expect(
      plan(planInput({ backup: deleted({ annotations: { [annotations.abandonHost]: 'true' } }), observed })),
    ).toMatchObject({ kind: 'Act', wave: [{ type: 'ReleaseFinalizer', cause: 'HostAbandoned' }] });
  });

  test('nothing is done for one that let go already', () => {
    const { finalizers: _, ...metadata } = finished.metadata;
    expect(plan(planInput({ backup: { ...finished, metadata } }))).toEqual({ kind: 'Done' });
    expect(finished.metadata.finalizers).toEqual([backupFinalizer]);
  });
});
