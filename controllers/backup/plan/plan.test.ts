/** The planner on backups that are asked for: what they wait for, and when they begin. */
import { describe, expect, test } from 'vitest';
import { annotations } from '../../../crds/index.ts';
import type { PlanInput } from './actions.ts';
import { plan } from './plan.ts';
import { aBackup, aHost, aStack, away, observing, planInput, unsigned } from '../testing.ts';

const someoneElse = { clusterID: 'cluster-2', namespace: 'acme', name: 'main', stackUID: 'other-uid' };
const newestBy = (writer: typeof someoneElse) =>
  ({
    ok: true,
    value: { newest: { backupID: '20260228t020000z-0000ff', epoch: '20260225', writer } },
  }) as const;
const restoredFrom = (backupID: string) => {
  const host = aHost();
  return {
    ok: true,
    value: { ...host, state: { ...host.state, data: { source: 'backup', time: '', backupID } } },
  } as PlanInput['observed']['host'];
};

test('a backup that begins may write for as long as one like it needs', () => {
  const last = { epoch: '20260301', database: 'Physical', seconds: 3600 } as const;
  const begin = (changes: Partial<PlanInput['observed']>) =>
    plan(planInput({ observed: observing(changes) }));
  const history = { ok: true, value: { last } } as const;
  expect(begin({ history })).toMatchObject({ kind: 'Begin', epoch: '20260301', writeSeconds: 4 * 3600 });
  const store = {
    ok: true,
    value: { name: 'backups', policy: 'Required', retentionDays: 180, keyID: 'a' },
  } as const;
  expect(begin({ history, store })).not.toHaveProperty('writeSeconds');
});

test('a backup that waits says for whom and since when', () => {
  const since = '2026-03-01T01:30:00Z';
  const first = { kind: 'JtelBackup', name: 'main-before', phase: 'Running', since } as const;
  const waits = (changes: Partial<PlanInput['observed']>) =>
    plan(planInput({ observed: observing(changes) }));
  expect(waits({ ahead: [first] })).toMatchObject({
    reason: 'BackupWaits',
    facts: { is: 'Ahead', ahead: [first], namespace: 'acme' },
  });
  expect(
    waits({ stack: aStack({}, { operation: { id: 'x', type: 'Update', startTime: since } }) }),
  ).toMatchObject({ facts: { is: 'Busy', busy: { with: 'Operation', operation: 'Update', since } } });
  expect(
    waits({
      stack: aStack({}, { dataOrder: { requestUID: 'r', state: 'Loading', requestRef: { name: 'back' } } }),
    }),
  ).toMatchObject({ facts: { is: 'Busy', busy: { with: 'Restore', state: 'Loading', restore: 'back' } } });
});

test('a backup whose turn has not come waits, whatever else there is, and is looked at again then', () => {
  const waits = (held: NonNullable<PlanInput['observed']['held']>) =>
    plan(planInput({ observed: observing({ held, host: away }) }));
  expect(waits({ until: 'Due', due: '2026-03-01T03:10:00Z', inSeconds: 600 })).toMatchObject({
    kind: 'Wait',
    reason: 'BackupPending',
    afterSeconds: 600,
  });
  const place = { until: 'Place', most: 50, before: 7 } as const;
  expect(waits(place)).toMatchObject({ kind: 'Wait', reason: 'BackupQueued', afterSeconds: 300 });
  const observed = observing({ held: place });
  expect(plan(planInput({ observed, now: new Date('2026-03-01T14:00:00Z') }))).toMatchObject({
    kind: 'Fail',
    reason: 'BackupQueued',
  });
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
    [
      'another backup came first',
      { ahead: [{ kind: 'JtelBackup', name: 'main-before', phase: 'Running', since: '' }] },
      'BackupWaits',
    ],
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

  test('waits a little for a stack that is applied together with it', () => {
    const observed = { ...observing(), stack: undefined as never };
    const asked = (creationTimestamp: string) =>
      plan(planInput({ backup: aBackup(undefined, {}, { creationTimestamp }), observed }));
    const missing = { reason: 'StackNotFound' };
    expect(asked('2026-03-01T02:58:00Z')).toMatchObject({ kind: 'Wait', ...missing });
    expect(asked('2026-03-01T02:50:00Z')).toMatchObject({ kind: 'Fail', ...missing });
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
    expect(verdict).toMatchObject({
      kind: 'Wait',
      reason: 'HistoryOfAnother',
      facts: { is: 'OtherHistory', newest: { backupID: '20260228t020000z-0000ff' } },
    });
  });
});
