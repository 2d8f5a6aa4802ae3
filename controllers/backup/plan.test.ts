import { describe, expect, test } from 'vitest';
import { annotations, backupFinalizer } from '../../crds/index.ts';
import type { PlanInput } from './model.ts';
import { describeProgress, plan, size } from './plan.ts';
import { aBackup, aHost, aJob, aRunningBackup, aStack, observing, planInput } from './testing.ts';

const away = { ok: false, reason: 'HostUnreachable', message: 'the host does not answer.' } as const;
const someoneElse = { clusterID: 'cluster-2', namespace: 'acme', name: 'main', stackUID: 'other-uid' };
const newestBy = (writer: typeof someoneElse) =>
  ({
    ok: true,
    value: { newest: { backupID: '20260228t020000z-0000ff', epoch: '20260225', writer } },
  }) as const;
const unsigned = {
  ok: true,
  value: { name: 'backups', policy: 'Required', retentionDays: 180, cannotSign: 'Give the account key.' },
} as const;
const restoredFrom = (backupID: string) => {
  const host = aHost();
  return {
    ok: true,
    value: { ...host, state: { ...host.state, data: { source: 'backup', time: '', backupID } } },
  } as PlanInput['observed']['host'];
};

test('a backup that waits says for whom and since when', () => {
  const since = '2026-03-01T01:30:00Z';
  const waits = (changes: Partial<PlanInput['observed']>): string => {
    const planned = plan(planInput({ observed: observing(changes) }));
    return planned.kind === 'Wait' ? planned.message : planned.kind;
  };
  expect(waits({ ahead: [`JtelBackup main-before (Running since ${since})`] })).toMatch(
    /JtelBackup main-before \(Running since 2026-03-01T01:30:00Z\).*kubectl delete jtelbackup NAME -n acme/,
  );
  expect(
    waits({ stack: aStack({}, { operation: { id: 'x', type: 'Update', startTime: since } }) }),
  ).toContain(`operation Update, since ${since}`);
  expect(
    waits({
      stack: aStack({}, { dataOrder: { requestUID: 'r', state: 'Loading', requestRef: { name: 'back' } } }),
    }),
  ).toContain('JtelRestore back, Loading');
});

describe('a backup that is asked for', () => {
  test('begins when nothing is in the way', () => {
    expect(plan(planInput())).toEqual({
      kind: 'Begin',
      epoch: '20260301',
      version: '3.43.2',
      storeName: 'backups',
    });
  });

  test('shares its epoch with the newest one, and has the key of the store', () => {
    const observed = observing({
      history: newestBy({ ...someoneElse, clusterID: 'cluster-1' }),
      store: { ok: true, value: { name: 'backups', policy: 'None', retentionDays: 1, keyID: '2026' } },
    });
    expect(plan(planInput({ observed }))).toMatchObject({ kind: 'Begin', epoch: '20260225', keyID: '2026' });
  });

  test('begins a new epoch after thirty days', () => {
    const observed = observing({ history: newestBy({ ...someoneElse, clusterID: 'cluster-1' }) });
    expect(
      plan(
        planInput({
          observed,
          now: new Date('2026-03-27T00:00:00Z'),
          limits: { ...planInput().limits, startDeadlineSeconds: 1e9 },
        }),
      ),
    ).toMatchObject({ kind: 'Begin', epoch: '20260327' });
  });

  test.each([
    ['the host is away', { host: away }, 'HostUnreachable'],
    ['the stack is suspended', { stack: aStack({ suspend: true }) }, 'Suspended'],
    ['the stack is only observed', { stack: aStack({ managementMode: 'Observe' }) }, 'Observing'],
    [
      'another machine answers',
      { stack: aStack({}, { host: { address: 'x', machineID: 'machine-2' } }) },
      'MachineChanged',
    ],
    [
      'the data are being overwritten',
      { stack: aStack({}, { data: { source: 'x', state: 'Incomplete' } }) },
      'DataIncomplete',
    ],
    [
      'nothing was loaded yet',
      { host: { ok: true, value: aHost({ state: { ...aHost().state, data: undefined } as never }) } },
      'DataIncomplete',
    ],
    [
      'the host belongs to another stack',
      {
        host: {
          ok: true,
          value: aHost({
            state: {
              ...aHost().state,
              owner: { clusterID: 'c', namespace: 'n', name: 'm', uid: 'other' },
            } as never,
          }),
        },
      },
      'HostOwned',
    ],
    [
      'the stack was moved away',
      {
        host: {
          ok: true,
          value: aHost({ state: { ...aHost().state, moved: { address: '192.0.2.99', time: '' } } as never }),
        },
      },
      'Moved',
    ],
    [
      'a load runs',
      {
        host: { ok: true, value: aHost({ jobs: [{ name: 'j', uid: 'u', type: 'load', state: 'Running' }] }) },
      },
      'StackBusy',
    ],
    ['an update runs', { stack: aStack({}, { operation: { id: 'x', type: 'Update' } }) }, 'StackBusy'],
    [
      'a restore is carried out',
      { stack: aStack({}, { dataOrder: { requestUID: 'r', state: 'Loading' } }) },
      'StackBusy',
    ],
    ['another backup came first', { ahead: ['JtelBackup main-before'] }, 'BackupWaits'],
    [
      'the database does not run',
      { host: { ok: true, value: aHost({ containers: [] }) } },
      'StackNotRunning',
    ],
    [
      'the store is away',
      { store: { ok: false, reason: 'StoreUnreachable', message: 'away' } },
      'StoreUnreachable',
    ],
    [
      'the release cannot be read',
      { release: { ok: false, reason: 'StoreUnreachable', message: 'away' } },
      'StoreUnreachable',
    ],
    [
      'the store cannot be searched',
      { history: { ok: false, reason: 'StoreThrottled', message: 'slow down' } },
      'StoreThrottled',
    ],
    ['somebody else wrote last', { history: newestBy(someoneElse) }, 'HistoryOfAnother'],
  ] as const)('waits while %s, and fails after its deadline', (_, changes, reason) => {
    const observed = observing(changes as Partial<PlanInput['observed']>);
    expect(plan(planInput({ observed }))).toMatchObject({ kind: 'Wait', reason });
    expect(plan(planInput({ observed, now: new Date('2026-03-01T14:00:00Z') }))).toMatchObject({
      kind: 'Fail',
      reason,
    });
  });

  test.each([
    ['there is no such stack', { stack: undefined }, 'StackNotFound'],
    [
      'the stack is being deleted',
      { stack: aStack({}, undefined, { deletionTimestamp: '2026-03-01T00:00:00Z' }) },
      'Deleting',
    ],
    ['nobody said where to', { stack: aStack({ backup: undefined as never }) }, 'BackupNotConfigured'],
    [
      'the store is of the vendor',
      { store: { ok: false, reason: 'ReferenceInvalid', message: 'tier' } },
      'ReferenceInvalid',
    ],
    ['its job could not be given the right to write', { store: unsigned }, 'StoreCannotSign'],
    [
      'the store allows no such identity',
      { store: { ok: false, reason: 'BackupNotAllowed', message: 'identity' } },
      'BackupNotAllowed',
    ],
  ] as const)('fails at once when %s', (_, changes, reason) => {
    expect(plan(planInput({ observed: { ...observing(), ...(changes as object) } }))).toMatchObject({
      kind: 'Fail',
      reason,
    });
  });

  test.each(['PreUpdate', 'PreRestore', 'Relocation'] as const)(
    'by an operation (%s) does not wait for that operation',
    (trigger) => {
      const observed = observing({
        stack: aStack(
          {},
          { operation: { id: 'x', type: 'Update' }, dataOrder: { requestUID: 'r', state: 'Preparing' } },
        ),
      });
      expect(plan(planInput({ backup: aBackup(undefined, { trigger }), observed }))).toMatchObject({
        kind: 'Begin',
      });
    },
  );
});

describe('a history that somebody else wrote', () => {
  test.each([
    ['the same stack wrote', observing({ history: newestBy({ ...someoneElse, stackUID: 'stack-uid' }) })],
    [
      'the same name in the same cluster wrote',
      observing({ history: newestBy({ ...someoneElse, clusterID: 'cluster-1' }) }),
    ],
    [
      'the data come from',
      observing({ history: newestBy(someoneElse), host: restoredFrom('20260228t020000z-0000ff') }),
    ],
    [
      'somebody consented to',
      observing({
        history: newestBy(someoneElse),
        stack: aStack({}, undefined, {
          annotations: { [annotations.adoptBackups]: '20260228t020000z-0000ff' },
        }),
      }),
    ],
  ])('is gone on with when it is the one that %s', (_, observed) => {
    expect(plan(planInput({ observed }))).toMatchObject({ kind: 'Begin' });
  });

  test('is not when the consent, or the data, are of another backup', () => {
    const stack = aStack({}, undefined, {
      annotations: { [annotations.adoptBackups]: '20260227t020000z-0000ff' },
    });
    const observed = observing({
      history: newestBy(someoneElse),
      stack,
      host: restoredFrom('20260226t020000z-0000ff'),
    });
    const verdict = plan(planInput({ observed }));
    expect(verdict).toMatchObject({ kind: 'Wait', reason: 'HistoryOfAnother' });
    expect(verdict).toHaveProperty(
      'message',
      expect.stringContaining('jtel.de/adopt-backups=20260228t020000z-0000ff'),
    );
  });
});

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
      message: 'Give the account key.',
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
    // The second try has twice the time.
    expect(
      plan(running({ job }, { backup: aRunningBackup({ ...backup.status, attempt: 2 }) })),
    ).toMatchObject({ reason: 'StoreCredentialsRefused' });
  });

  test('gives up after its last try, and says why', () => {
    const verdict = plan(running({ job: failed('JobFailed') }, { backup: aRunningBackup({ attempt: 6 }) }));
    expect(verdict).toEqual({
      kind: 'Fail',
      reason: 'JobFailed',
      message: 'it went wrong. That was try 6 of 6.',
    });
  });

  test('gives up after its deadline, with what it was doing', () => {
    const backup = aRunningBackup({ message: 'reading' });
    expect(plan(running({ host: away }, { backup, now: new Date('2026-03-02T02:00:00Z') }))).toMatchObject({
      kind: 'Fail',
      reason: 'DeadlineExceeded',
      message: expect.stringContaining('reading'),
    });
  });

  test('begins another try when its job was removed behind its back', () => {
    const backup = aRunningBackup({
      operation: { id: 'backup-uid-1', type: 'Backup', step: 'Running', startTime: '2026-03-01T02:00:00Z' },
    });
    expect(plan(running({}, { backup }))).toMatchObject({ kind: 'TryAgain', reason: 'JobFailed' });
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
      message: expect.stringContaining('half'),
    });
    expect(plan(planInput({ backup, observed: testIn('Completed') }))).toEqual({ kind: 'Complete' });
    expect(plan(planInput({ backup, observed: testIn('Failed', 'rows differ') }))).toMatchObject({
      kind: 'Fail',
      reason: 'VerificationFailed',
      message: expect.stringContaining('rows differ'),
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
      wave: [{ type: 'RemoveJobs', uids: ['backup-uid-1'] }, { type: 'ReleaseFinalizer' }],
    });
    expect(plan(planInput({ backup }))).toMatchObject({ kind: 'Act', wave: [{ type: 'ReleaseFinalizer' }] });
  });

  test('an object stays while its job may run on a host that is away, unless somebody lets it go', () => {
    const observed = observing({ host: away });
    expect(plan(planInput({ backup: deleted(), observed }))).toMatchObject({
      kind: 'Wait',
      reason: 'HostUnreachable',
      message: expect.stringContaining('jtel.de/abandon-host=true'),
    });
    expect(
      plan(planInput({ backup: deleted({ annotations: { [annotations.abandonHost]: 'true' } }), observed })),
    ).toMatchObject({ kind: 'Act', wave: [{ type: 'ReleaseFinalizer' }] });
  });

  test('nothing is done for one that let go already', () => {
    const { finalizers: _, ...metadata } = finished.metadata;
    expect(plan(planInput({ backup: { ...finished, metadata } }))).toEqual({ kind: 'Done' });
    expect(finished.metadata.finalizers).toEqual([backupFinalizer]);
  });
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
  expect(describeProgress(aJob('Running', { progress }))).toBe(
    'Reading: 3.0 GiB of 10 GiB read, 256 MiB sent, about 10 min left',
  );
  expect(describeProgress(aJob('Running'))).toBe('the job starts');
  expect([0, 1023, 1024, 1.5 * 2 ** 20, 2 ** 50].map(size)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 MiB',
    '1024 TiB',
  ]);
});
