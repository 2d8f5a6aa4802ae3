/** What comes next for a restore: one line per situation. */
import { describe, expect, it } from 'vitest';
import type { JtelBackup, JtelRestore, JtelStack, JtelStackStatus } from '../../../crds/index.ts';
import { aHost, anEmptyHost, aStack } from '../../stack/testing.ts';
import type { Observed } from '../observe/observed.ts';
import type { Plan } from './actions.ts';
import { plan } from './plan.ts';
import { summarise } from '../report/status.ts';
import { aRestore } from '../../../test/support/a-restore.ts';

const now = new Date('2026-03-01T03:00:00Z');
const target = {
  ok: true,
  value: { backupID: '20260301t020000z-00000a', identity: 'acme.main', storeName: 'backups' },
} as const;
const seen: JtelStackStatus = {
  data: { source: 'vanilla 3.43.2', state: 'Complete' },
  host: { diskFreeBytes: 2 ** 40 },
  conditions: [
    {
      type: 'HostReachable',
      status: 'True',
      reason: 'HostReachable',
      message: '',
      lastTransitionTime: '2026-03-01T00:00:00Z',
      observedGeneration: 1,
    },
  ],
};

function stack(status: JtelStackStatus = seen, spec: Partial<JtelStack['spec']> = {}): JtelStack {
  return aStack(spec, {}, status);
}

const good: Observed = { stack: stack(), target, checked: { checks: [] } };
const backupIn = (phase: 'Running' | 'Completed' | 'Failed'): JtelBackup =>
  ({ status: { phase, message: 'because' } }) as JtelBackup;
const order = (
  state: 'Preparing' | 'Loading' | 'Starting' | 'Done' | 'Failed',
  data: JtelStackStatus['data'] = seen.data ?? { source: '' },
): Observed => ({
  ...good,
  stack: stack({
    ...seen,
    data,
    dataOrder: {
      requestUID: 'restore-uid',
      state,
      message: 'so far',
      ...(state === 'Failed' ? { reason: 'BackupInvalid' } : {}),
    },
  }),
});
const next = (restore: JtelRestore, observed: Observed): Plan => plan({ restore, observed, now });

/** Amid a move. @param why it does not go on */
function moving(why?: string): Observed {
  const relocation = { id: 'move-1', state: 'Preparing' } as NonNullable<JtelStackStatus['relocation']>;
  const ready = {
    type: 'Ready',
    status: 'False',
    reason: why ?? 'Relocating',
    message: '',
    lastTransitionTime: '2026-03-01T00:00:00Z',
  } as const;
  const conditions = [...(seen.conditions ?? []), ready];
  const phase = why === undefined ? 'Relocating' : 'Stalled';
  return { ...good, stack: stack({ ...seen, phase, relocation, conditions }) };
}

describe('what is in the way of a beginning', () => {
  const away: Observed = {
    ...good,
    checked: { checks: [], problem: { reason: 'StoreUnreachable', facts: { is: 'Told', message: '' } } },
  };
  const minutesAgo = (minutes: number): string => new Date(now.getTime() - minutes * 60_000).toISOString();
  const blocked = (minutes: number, phase: 'Pending' | 'Checking' = 'Pending'): JtelRestore =>
    aRestore({}, { status: { phase, blockedSinceTime: minutesAgo(minutes) } });

  it.each([
    ['a store that is away', away],
    ['a stack that is not there', { ...good, stack: undefined as never }],
    ['a move that is refused', moving('UpdateNotSupported')],
    ['a host that was not looked at', { ...good, stack: stack({}) }],
  ])('ends it after an hour: %s', (_, observed) => {
    expect(next(blocked(59), observed)).toMatchObject({ kind: 'Wait' });
    expect(next(blocked(61), observed)).toMatchObject({
      kind: 'Fail',
      facts: { is: 'NotBegun', withinSeconds: 3600 },
    });
  });
  it('ends it between its checks and the load, too', () => {
    expect(next(blocked(61, 'Checking'), away)).toMatchObject({ kind: 'Fail', reason: 'StoreUnreachable' });
  });
  it('ends a test as well', () => {
    const test = aRestore(
      { mode: 'Test' },
      { status: { phase: 'Pending', blockedSinceTime: minutesAgo(61) } },
    );
    expect(next(test, away)).toMatchObject({ kind: 'Fail', reason: 'StoreUnreachable' });
  });
  it.each<readonly [string, Observed]>([
    ['a suspended stack', { ...good, stack: stack(seen, { suspend: true }) }],
    ['a move', moving()],
    ['an older order', { ...good, ahead: { name: 'first', phase: 'Loading', since: minutesAgo(90) } }],
    ['a backup of what is there', { ...good, preRestoreBackup: backupIn('Running') }],
  ])('may last when it is wanted: %s', (_, observed) => {
    expect(next(blocked(600), observed)).toMatchObject({ kind: 'Wait' });
  });
  it('counts from when it began, and anew after a break', () => {
    const told = (restore: JtelRestore, observed: Observed): JtelRestore['status'] =>
      summarise({ restore, observed, plan: next(restore, observed), now });
    const first = told(aRestore(), away);
    expect(first?.blockedSinceTime).toBe('2026-03-01T03:00:00Z');
    expect(told(blocked(20), away)?.blockedSinceTime).toBe(minutesAgo(20));
    expect(
      told(blocked(20), { ...good, preRestoreBackup: backupIn('Running') })?.blockedSinceTime,
    ).toBeUndefined();
  });
});

describe('a stack that is moved', () => {
  it('is in the way, with the reason for which the move does not go on', () => {
    expect(next(aRestore(), moving())).toMatchObject({
      kind: 'Wait',
      phase: 'Pending',
      reason: 'Relocating',
    });
    expect(next(aRestore(), moving('UpdateNotSupported'))).toMatchObject({ reason: 'UpdateNotSupported' });
  });
  it.each(['Completed', 'Failed'] as const)('is not in the way any more once the move is %s', (state) => {
    const relocation = { id: 'move-1', state } as NonNullable<JtelStackStatus['relocation']>;
    const observed = { ...good, stack: stack({ ...seen, relocation }) };
    expect(next(aRestore({ preRestoreBackup: 'Skip' }), observed)).toMatchObject({ kind: 'Order' });
  });
});

describe('a test whose load fails', () => {
  const start = now.getTime() / 1000;
  const failedAt = (seconds: number, reason: string): Observed => ({
    ...good,
    scratch: {
      project: 'jtel-test-0',
      place: stack().spec.host as never,
      host: { ok: true, value: aHost() },
      databaseService: 'acd-dbm',
      restore: {
        job: { name: 'j', uid: 'u', type: 'restore', state: 'Failed', finishedSeconds: start + seconds },
        error: { reason, message: 'no answer.' },
      },
    },
  });
  const test = aRestore({ mode: 'Test' }, { status: { phase: 'Loading', startTime: now.toISOString() } });
  const look = (seconds: number, observed: Observed): Plan =>
    plan({ restore: test, observed, now: new Date((start + seconds) * 1000) });

  it('is tried again after longer and longer pauses, for an hour', () => {
    const tries: number[] = [];
    let failed = 5;
    let verdict = look(failed, failedAt(failed, 'DownloadFailed'));
    while (verdict.kind === 'Wait') {
      tries.push(verdict.afterSeconds);
      const again = failed + verdict.afterSeconds;
      verdict = look(again, failedAt(failed, 'DownloadFailed'));
      if (verdict.kind !== 'Act') break;
      failed = again + 5;
      verdict = look(failed, failedAt(failed, 'DownloadFailed'));
    }
    expect(tries).toEqual([60, 70, 145, 295, 595, 600, 600, 600, 600]);
    expect(verdict).toMatchObject({
      kind: 'Note',
      result: 'Failed',
      facts: { is: 'JobFailed', job: { type: 'Restore', message: 'no answer.' } },
    });
  });
  it('ends at once when no other try can help', () => {
    expect(look(5, failedAt(5, 'DatabaseKeysMissing'))).toMatchObject({ kind: 'Note' });
  });
});

describe('a test that has begun, and of which nothing is on its host yet', () => {
  const place = stack().spec.host as never;
  const scratch = {
    project: 'jtel-test-0',
    place,
    host: { ok: true, value: anEmptyHost() },
    databaseService: '',
  } as const;
  const status = { phase: 'Loading', testHost: place } as const;

  it.each([
    [
      'whose stack is gone',
      'Fail',
      aRestore({ mode: 'Test' }, { status }),
      { stack: undefined as never, target, scratch },
    ],
    [
      'that is deleted',
      'LetGo',
      aRestore({ mode: 'Test' }, { status, metadata: { deletionTimestamp: now.toISOString() } }),
      { ...good, scratch },
    ],
  ])('%s ends when no wave can make anything there any more', (_, end, restore, observed) => {
    expect(plan({ restore, observed, now, isBusy: true })).toMatchObject({ kind: 'Wait' });
    expect(plan({ restore, observed, now })).toMatchObject({ kind: end });
  });
});

describe('before anything is touched', () => {
  it.each<[string, Partial<JtelRestore['spec']>, Partial<Observed>, object]>([
    [
      'a stack that is not there is waited for',
      {},
      { stack: undefined as never },
      { kind: 'Wait', phase: 'Pending', reason: 'StackNotFound' },
    ],
    [
      'an older restore comes first',
      {},
      {
        ahead: {
          name: 'first',
          phase: 'Loading',
          since: '2026-03-01T02:00:00Z',
          message: 'a pack is missing.',
        },
      },
      {
        kind: 'Wait',
        reason: 'RestoreWaits',
        facts: { is: 'Ahead', namespace: 'acme', ahead: { name: 'first', phase: 'Loading' } },
      },
    ],
    [
      'a suspended stack is waited for',
      {},
      { stack: stack(seen, { suspend: true }) },
      { kind: 'Wait', reason: 'Suspended' },
    ],
    [
      'a stopped stack is waited for',
      {},
      { stack: stack(seen, { powerState: 'Stopped' }) },
      { kind: 'Wait', reason: 'Stopped' },
    ],
    [
      'a stack that is only observed is waited for',
      {},
      { stack: stack(seen, { managementMode: 'Observe' }) },
      { kind: 'Wait', reason: 'Observing' },
    ],
    [
      'facts about a host that was not looked at are waited for',
      {},
      { stack: stack({}) },
      { kind: 'Wait', reason: 'NotChecked' },
    ],
    [
      'a store that does not answer is waited for',
      {},
      {
        checked: { checks: [], problem: { reason: 'StoreUnreachable', facts: { is: 'Told', message: '' } } },
      },
      { kind: 'Wait', phase: 'Pending' },
    ],
    [
      'a damaged backup is the end',
      {},
      {
        checked: {
          checks: [],
          problem: { reason: 'BackupInvalid', facts: { is: 'Told', message: 'a pack is missing.' } },
        },
      },
      { kind: 'Fail', reason: 'BackupInvalid', facts: { is: 'Untouched' } },
    ],
    [
      'a plan is complete when everything was checked',
      { mode: 'Plan' },
      {},
      {
        kind: 'Complete',
        reason: 'ChecksPassed',
        facts: { is: 'WouldRestore', stack: 'main', backupFirst: true, way: 'Beside', keepHours: 24 },
      },
    ],
    ['what is there is backed up first', {}, {}, { kind: 'CreateBackup', name: 'pre-restore-restore-uid' }],
    [
      '… and that is waited for',
      {},
      { preRestoreBackup: backupIn('Running') },
      { kind: 'Wait', phase: 'Checking', reason: 'BackupRunning' },
    ],
    [
      '… and its failure is the end',
      {},
      { preRestoreBackup: backupIn('Failed') },
      { kind: 'Fail', reason: 'BackupFailed' },
    ],
    ['… and then the order is given', {}, { preRestoreBackup: backupIn('Completed') }, { kind: 'Order' }],
    [
      'without that wish it is given at once',
      { preRestoreBackup: 'Skip', verify: 'Checksum', inPlace: 'Refuse', keepPreviousHours: 24 },
      {},
      { kind: 'Order' },
    ],
    [
      'incomplete data are not worth a backup',
      {},
      { stack: stack({ ...seen, data: { source: 'x', state: 'Incomplete' } }) },
      { kind: 'Order' },
    ],
  ])('%s', (_, spec, observed, expected) => {
    expect(next(aRestore(spec), { ...good, ...observed })).toMatchObject(expected);
  });
});

describe('once the order is given', () => {
  const loading = aRestore({}, { status: { phase: 'Loading' } });
  it.each<[string, Observed, object]>([
    ['a stack that has not seen it yet is waited for', good, { kind: 'Wait', phase: 'Loading' }],
    [
      'its word is passed on',
      order('Loading'),
      { kind: 'Wait', phase: 'Loading', facts: { is: 'Told', message: 'so far' } },
    ],
    [
      'trouble that is tried again is told at once',
      {
        ...order('Preparing'),
        stack: stack({
          ...seen,
          dataOrder: {
            requestUID: 'restore-uid',
            state: 'Preparing',
            reason: 'JobFailed',
            message: 'error 1100',
          },
        }),
      },
      {
        kind: 'Wait',
        phase: 'Loading',
        reason: 'JobFailed',
        facts: { is: 'Told', message: 'error 1100' },
        trouble: true,
      },
    ],
    ['its start is followed', order('Starting'), { kind: 'Wait', phase: 'Starting' }],
    ['its health is the end', order('Done'), { kind: 'Complete', reason: 'RestoreCompleted' }],
    [
      'its failure before it wrote leaves the stack as it was',
      order('Failed'),
      { kind: 'Fail', reason: 'BackupInvalid', facts: { is: 'OrderFailed', dataIncomplete: false } },
    ],
    [
      'its failure while it wrote is told as that',
      order('Failed', { source: 'x', state: 'Incomplete', requestUID: 'restore-uid' }),
      { kind: 'Fail', facts: { is: 'OrderFailed', dataIncomplete: true } },
    ],
    [
      'a store that is away by now is no reason to start over',
      { ...order('Loading'), target: { ok: false, reason: 'StoreNotFound', message: '' } },
      { kind: 'Wait', phase: 'Loading' },
    ],
  ])('%s', (_, observed, expected) => {
    expect(next(loading, observed)).toMatchObject(expected);
  });

  it('a deleted request is let go; the stack sees that by itself', () => {
    expect(
      next(
        aRestore(
          {},
          { status: { phase: 'Loading' }, metadata: { deletionTimestamp: '2026-03-01T02:59:00Z' } },
        ),
        order('Loading'),
      ),
    ).toEqual({ kind: 'LetGo' });
  });
});
