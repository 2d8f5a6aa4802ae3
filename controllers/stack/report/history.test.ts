/** What the status says about changes: history, the way back, the spec that waits or was refused. */
import { describe, expect, it } from 'vitest';
import type { JtelBackup, JtelStackStatus } from '../../../crds/index.ts';
import { rollbackBackup, rollbackPoint } from '../desired/rollback.ts';
import { appliedRevision, historyOf } from './history.ts';
import type { Attempt, Revision, RevisionOutcome, Revisions } from '../desired/revisions.ts';
import { outdatedRevisions } from '../desired/revisions.ts';
import { summarise } from './status.ts';
import { plan } from '../plan/plan.ts';
import { aHost, aStack, container, identity, now, observing, state, type Scene } from '../testing.ts';
import { optional } from '../../../base/optional.ts';

const at = (minute: number): string => `2026-03-01T02:${String(minute).padStart(2, '0')}:00.000Z`;

function revision(
  number: number,
  version: string,
  attempt?: Partial<Attempt>,
  outcome?: Partial<RevisionOutcome>,
): Revision {
  return {
    name: `main-${number}`,
    number,
    spec: aStack({ version }).spec,
    time: at(number),
    ...(attempt === undefined ? {} : { attempt: { action: 'Update', startTime: at(number), ...attempt } }),
    ...(outcome === undefined ? {} : { outcome: { result: 'Succeeded', time: at(number + 5), ...outcome } }),
  };
}

function log(...all: readonly Revision[]): Revisions {
  const current = all.at(-1);
  if (current === undefined) throw new Error('no revision');
  const good = all.findLast(({ outcome }) => outcome?.result === 'Succeeded');
  return { all, current, ...optional({ good }) };
}

const installed = revision(1, '3.43.1', { action: 'Install' }, {});
const from = { revision: 1, version: '3.43.1' };
const updated = revision(2, '3.43.2', { from, backupRef: 'main-pre-update-2' }, { downtimeSeconds: 12 });
const brief = (entries: ReturnType<typeof historyOf>): readonly string[] =>
  entries.map(({ action, version, result }) => `${action} ${version} ${result}`);

describe('the history', () => {
  it('is newest first, with the down time', () => {
    const entries = historyOf(undefined, log(installed, updated));
    expect(brief(entries)).toEqual(['Update 3.43.2 Succeeded', 'Install 3.43.1 Succeeded']);
    expect(entries[0]).toMatchObject({
      revision: 2,
      startTime: at(2),
      completionTime: at(7),
      downtimeSeconds: 12,
    });
  });
  it('tells a failed update and the way back apart', () => {
    const failed = revision(
      3,
      '4.0.0',
      { from },
      { result: 'RolledBack', backTo: 2, backTime: at(20), message: 'no luck', downtimeSeconds: 99 },
    );
    const entries = historyOf(undefined, log(installed, updated, failed));
    expect(brief(entries).slice(0, 2)).toEqual(['Rollback 3.43.2 Succeeded', 'Update 4.0.0 RolledBack']);
    expect(entries[0]).toMatchObject({ revision: 2, completionTime: at(20), downtimeSeconds: 99 });
    expect(entries[1]).toMatchObject({ message: 'no luck' });
  });
  it('knows what was overtaken before it was through', () => {
    expect(
      brief(historyOf(undefined, log(installed, revision(2, '3.43.2', {}), revision(3, '4.0.0', {})))),
    ).toContain('Update 3.43.2 Superseded');
  });
  it('keeps what was told, also when its revision is gone, and at most ten', () => {
    const told = historyOf(undefined, log(installed, updated));
    expect(brief(historyOf(told, log(updated)))).toEqual(brief(told));
    const many = Array.from({ length: 15 }, (_, index) => revision(index + 1, '3.43.2', {}, {}));
    expect(historyOf(told, log(...many))).toHaveLength(10);
  });
  it('has what came later first, also after a clock was ahead', () => {
    const ahead = revision(2, '3.43.2', { from, startTime: at(50) }, { time: at(55) });
    const told = historyOf(undefined, log(installed, ahead));
    const failed = revision(3, '4.0.0', { from }, { result: 'RolledBack', backTo: 2, backTime: at(20) });
    const entries = historyOf(told, log(installed, ahead, failed));
    expect(brief(entries)).toEqual([
      'Rollback 3.43.2 Succeeded',
      'Update 4.0.0 RolledBack',
      'Update 3.43.2 Succeeded',
      'Install 3.43.1 Succeeded',
    ]);
    expect(historyOf(entries, log(ahead, failed))).toEqual(entries);
  });
  it('does not change when nothing does', () => {
    const told = historyOf(undefined, log(installed, updated));
    expect(historyOf(told, log(installed, updated))).toEqual(told);
  });
});

describe('the way back by hand', () => {
  const backup = {
    metadata: { name: 'main-pre-update-2' },
    status: { immutability: { untilTime: at(59) } },
  } as unknown as JtelBackup;
  it('is what ran before the last update, with its backup, for as long as that is kept', () => {
    const point = rollbackPoint(log(installed, updated), backup, undefined);
    expect(point).toEqual({
      revision: 1,
      version: '3.43.1',
      backupRef: { name: 'main-pre-update-2' },
      availableUntil: at(59),
    });
    expect(rollbackBackup(log(installed, updated), undefined)).toBe('main-pre-update-2');
    expect(rollbackBackup(log(installed, updated), point)).toBeUndefined();
    expect(rollbackPoint(log(installed, updated), undefined, point)).toEqual(point);
  });
  it('is not there before the first update', () =>
    expect(rollbackPoint(log(installed), undefined, undefined)).toBeUndefined());
});

it('after a way back the applied revision is the one gone back to', () => {
  expect(appliedRevision(log(installed, updated))).toBe(2);
  expect(
    appliedRevision(log(installed, updated, revision(3, '4.0.0', {}, { result: 'RolledBack', backTo: 2 }))),
  ).toBe(2);
});

it('old revisions go, but neither the applied one nor the way back', () => {
  const later = [3, 4, 5, 6].map((number) => revision(number, '3.43.2'));
  expect(outdatedRevisions(log(installed, updated, ...later), 2)).toEqual(['main-3']);
});

describe('the status of a spec that', () => {
  const stack = aStack({ version: '3.99.0' });
  const running = {
    ...observing(aHost()),
    revisions: log(revision(1, '3.43.2', {}, { digest: 'd2' }), revision(2, '3.99.0')),
  };
  const of = (status: JtelStackStatus, type: string): unknown => {
    const found = status.conditions?.find((condition) => condition.type === type);
    return found === undefined ? undefined : `${found.status} ${found.reason}`;
  };
  const look = (observed: Scene, when = now): JtelStackStatus =>
    summarise({
      clusterID: identity.clusterID,
      ...observed,
      stack,
      observed,
      plan: plan({ ...observed, stack: aStack(), observed, identity, now: when }),
      now: when,
    });

  it('waits for its window is Ready: the release before it serves', () => {
    const objection = {
      kind: 'Wait',
      step: 'Window',
      reason: 'WaitingForWindow',
      facts: { is: 'Told', message: 'it opens on Sunday' },
      afterSeconds: 60,
    } as const;
    const status = look({ ...running, objection });
    expect([of(status, 'Ready'), of(status, 'UpToDate'), of(status, 'Reconciling'), status.phase]).toEqual([
      'True Healthy',
      'False WaitingForWindow',
      undefined,
      'Ready',
    ]);
    expect(status).toMatchObject({
      version: '3.43.2',
      targetVersion: '3.99.0',
      revision: 1,
      message: 'it opens on Sunday',
    });
  });
  it('cannot be begun is not Ready, and says so where one looks for it', () => {
    const objection = {
      kind: 'Blocked',
      step: 'Inputs',
      condition: 'ReleaseAvailable',
      reason: 'ReleaseNotFound',
      facts: { is: 'Told', message: 'there is none' },
      stalled: true,
      afterSeconds: 60,
    } as const;
    const status = look({ ...running, objection });
    expect([
      of(status, 'Ready'),
      of(status, 'ReleaseAvailable'),
      of(status, 'UpToDate'),
      of(status, 'Stalled'),
    ]).toEqual([
      'False ReleaseNotFound',
      'False ReleaseNotFound',
      'False ReleaseNotFound',
      'True ReleaseNotFound',
    ]);
  });
  it('is installed for longer than allowed says so, and that it goes on', () => {
    const slow = aHost({
      state: state(),
      containers: aHost().containers.with(2, container('acd-web-1', { health: 'starting' })),
    });
    const status = look(
      { ...observing(slow), revisions: log(revision(1, '3.43.2', { action: 'Install' })) },
      new Date('2026-03-01T09:00:00Z'),
    );
    expect(of(status, 'Stalled')).toBe('True ProgressDeadlineExceeded');
    expect(status.conditions?.find(({ type }) => type === 'Stalled')?.message).toContain(
      'it is tried on. Now: waiting for acd-web-1',
    );
  });
});
