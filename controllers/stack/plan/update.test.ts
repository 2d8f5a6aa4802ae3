/** The planner on changes: when they begin, what they wait for, and when they are through. */
import { describe, expect, it } from 'vitest';
import type { HostObservation } from '../../../host-driver/host.ts';
import { fallback, withWorkload } from '../desired/effective.ts';
import { refusal } from '../desired/refusal.ts';
import { plan } from './plan.ts';
import type { Attempt, Revisions } from '../desired/revisions.ts';
import { aHost, aStack, now, observing, planInput, state, type Scene } from '../testing.ts';
import {
  all,
  backup,
  begun,
  good,
  log,
  mark,
  newRunner,
  old,
  planned,
  policy,
  revision,
  secondsAgo,
  started,
  store,
  wave,
  young,
} from './testing-update.ts';
import { optional } from '../../../base/optional.ts';

describe('an update', () => {
  it('begins with a backup', () => expect(wave(old(), log())).toEqual(['NoteAttempt', 'CreateBackup']));
  it('asks for it again when a process ended in between', () =>
    expect(wave(old(), log(begun))).toEqual(['CreateBackup']));
  it('waits for it', () =>
    expect(wave(old(), log(begun), backup('Running'))).toEqual(['Wait', 'WaitingForBackup']));
  it('pulls everything, marks the host and only then touches a container', () => {
    const { images: _images, ...host } = old();
    expect(wave(host, log(begun), backup('Completed'))).toEqual([
      'WriteRelease',
      'PullImages',
      'MarkUpdate',
      'ApplyRelease',
      'RecordApplied',
    ]);
  });
  it('of which a restore replaced the data begins anew, without a backup and without a way back', () => {
    const { applied: _applied, ...replaced } = state();
    const data = { source: 'backup b1', time: '', requestUID: 'restore' };
    const host = old({ state: { ...replaced, data } });
    const late = { ...begun, startTime: secondsAgo(9000) };
    for (const attempt of [late, { ...late, failure: { reason: 'Held', message: '', time: '' } } as const]) {
      const verdict = planned(host, log(attempt), backup('Running'));
      expect(verdict.kind === 'Act' && verdict.wave.map(({ type }) => type)).toEqual([
        'NoteAttempt',
        'WriteRelease',
        'ApplyRelease',
        'RecordApplied',
      ]);
      const { from: _from, backupRef: _backup, ...anew } = begun;
      expect(verdict.kind === 'Act' && verdict.wave[0]).toEqual({
        type: 'NoteAttempt',
        attempt: { ...anew, action: 'Restore', startTime: now.toISOString() },
        cause: 'ChangeBegins',
      });
    }
  });
  it('does not go on without it', () => {
    expect(planned(old(), log(begun), backup('Failed'))).toMatchObject({
      kind: 'Blocked',
      reason: 'BackupFailed',
      stalled: true,
      facts: { is: 'UpdateBackupFailed', backup: 'main-pre-update-2' },
    });
  });
  it('needs a store for it', () => {
    expect(
      plan(planInput(observing(old(), { revisions: log() }), { stack: aStack({ update: policy }) })),
    ).toMatchObject({ kind: 'Blocked', reason: 'BackupRequired' });
  });
  it('goes without when the spec says so', () => {
    const stack = aStack({ update: { ...policy, preUpdateBackup: 'Skip' } });
    expect(wave(old(), log(), {}, { stack })).toEqual([
      'NoteAttempt',
      'WriteRelease',
      'MarkUpdate',
      'ApplyRelease',
      'RecordApplied',
    ]);
  });
  it.each([
    ['has', '10.11', { service: 'acd-dbm', image: 'registry/jtel/acd-dbm@sha256:new' }],
    ['may have', undefined, { service: 'acd-dbm', image: 'registry/jtel/acd-dbm@sha256:new' }],
    ['does not have', '11.8', undefined],
  ])('notes the database when it %s another series than before', (_, series, noted) => {
    const { applied } = state();
    if (applied === undefined) throw new Error('the builder has no applied release');
    const before = {
      ...applied,
      digest: 'd1',
      version: '3.43.1',
      ...optional({ series }),
    };
    const host = old({}, { applied: before });
    const { desired } = observing(host);
    if (desired === undefined) throw new Error('the builder has no release');
    const database = { service: 'acd-dbm', image: 'registry/jtel/acd-dbm@sha256:new', series: '11.8' };
    const verdict = planned(host, log(begun), {
      ...backup('Completed'),
      desired: { ...desired, release: { ...desired.release, database } },
    });
    const marked =
      verdict.kind === 'Act' ? verdict.wave.find(({ type }) => type === 'MarkUpdate') : undefined;
    expect(marked).toMatchObject({ mark: { from: '3.43.1', to: '3.43.2' } });
    expect(marked?.type === 'MarkUpdate' && marked.mark.database).toEqual(noted);
  });
  it('that was begun under a former spec takes over its backup instead of making one of half-updated data', () => {
    const former = revision(2, '3.43.2', { attempt: begun });
    const current = revision(3, '3.43.2');
    const revisions = { all: [good, former, current], current, good };
    const host = old({ containers: all(newRunner()) }, { update: mark });
    const first = planned(host, revisions);
    expect(first.kind === 'Act' && first.wave[0]).toMatchObject({
      type: 'NoteAttempt',
      attempt: { action: 'Update', backupRef: 'main-pre-update-2' },
    });
  });
});

describe('the disk before an update', () => {
  const images = [{ repository: 'registry/jtel/acd-web', digest: 'sha256:1', tag: '' }];
  const desired = (host: HostObservation): Partial<Scene> => {
    const { desired: wanted } = observing(host);
    return wanted === undefined ? {} : { desired: { ...wanted, release: { ...wanted.release, images } } };
  };
  const withFree = (bytes: number, changes: Partial<HostObservation> = {}): HostObservation =>
    old({ facts: { ...old().facts, diskFreeBytes: bytes }, ...changes });

  it('has to have room for what is to be pulled', () => {
    const host = withFree(150 * 2 ** 20);
    expect(planned(host, log(), desired(host))).toMatchObject({
      kind: 'Blocked',
      condition: 'Preflight',
      reason: 'DiskFull',
      facts: { is: 'NoDiskForImages', freeBytes: 150 * 2 ** 20 },
    });
  });
  it('does not matter when everything is there', () => {
    const host = withFree(0, { images: ['registry/jtel/acd-web@sha256:1'] });
    expect(wave(host, log(), desired(host))).toEqual(['NoteAttempt', 'CreateBackup']);
  });
});

describe('the window of an update', () => {
  const closed = aStack({
    update: { ...policy, windows: [{ days: ['Wed'], start: '22:00', durationMinutes: 60, timeZone: 'UTC' }] },
    ...store,
  });
  it('is waited for before anything is done', () => {
    expect(planned(old(), log(), {}, { stack: closed })).toMatchObject({
      kind: 'Wait',
      reason: 'WaitingForWindow',
      facts: { is: 'WindowClosed', opens: new Date('2026-03-04T22:00:00Z'), timeZone: 'UTC' },
      afterSeconds: 3600,
    });
  });
  it('does not end an update that has begun', () =>
    expect(wave(old(), log(begun), backup('Running'), { stack: closed })).toEqual([
      'Wait',
      'WaitingForBackup',
    ]));
  it('does not concern a change of the configuration', () => {
    const same = revision(2, '3.43.2');
    const before = revision(1, '3.43.2', { outcome: { result: 'Succeeded', time: '' } });
    const host = aHost({ currentRelease: 'd0', images: [] });
    expect(wave(host, { all: [before, same], current: same, good: before }, {}, { stack: closed })).toEqual([
      'NoteAttempt',
      'ApplyRelease',
      'RecordApplied',
    ]);
  });
});

describe('containers that differ under a spec that is new', () => {
  const drifted = (): HostObservation => aHost({ containers: aHost().containers.slice(1), images: [] });
  const policyOnly = revision(3, '3.43.2');
  const well = revision(1, '3.43.2', { outcome: { result: 'Succeeded', time: secondsAgo(7000) } });
  const told = (drift: 'Warn' | 'Ignore') => ({ stack: aStack({ update: policy, ...store, drift }) });
  const applies = (...given: Parameters<typeof planned>): boolean => wave(...given).includes('ApplyRelease');

  it.each(['Warn', 'Ignore'] as const)(
    'are left as they are by a policy of %s, also when that policy is what is new',
    (drift) => {
      expect(
        applies(drifted(), { all: [well, policyOnly], current: policyOnly, good: well }, {}, told(drift)),
      ).toBe(false);
    },
  );
  it('are put right when the change before it stopped half-way', () => {
    const half = revision(2, '3.43.2', { attempt: { action: 'Configure', startTime: secondsAgo(60) } });
    expect(
      applies(
        drifted(),
        { all: [well, half, policyOnly], current: policyOnly, good: well },
        {},
        told('Warn'),
      ),
    ).toBe(true);
  });
});

describe('a gate', () => {
  const healthy = started(all(newRunner(), young('acd-web-1')));
  it('notes when everything is healthy, for the down time', () =>
    expect(wave(healthy, log(begun), backup('Completed'))).toEqual(['NoteAttempt']));
  it('watches for a while whether it stays so', () => {
    const fresh = started(all(newRunner({ startedSeconds: now.getTime() / 1000 - 4 })));
    expect(planned(fresh, log({ ...begun, healthyTime: secondsAgo(2) }), backup('Completed'))).toMatchObject({
      kind: 'Wait',
      reason: 'WaitingForHealth',
      afterSeconds: 6,
    });
  });
  it('is passed when nothing was restarted since; the down time is from the mark to the first health', () => {
    const verdict = planned(healthy, log({ ...begun, healthyTime: secondsAgo(10) }), backup('Completed'));
    expect(verdict.kind === 'Act' && verdict.wave).toMatchObject([
      { type: 'NoteOutcome', outcome: { result: 'Succeeded', downtimeSeconds: 20 } },
      { type: 'EndUpdate' },
    ]);
  });
  it('does not keep a change of the configuration waiting', () => {
    const attempt: Attempt = {
      action: 'Configure',
      startTime: secondsAgo(5),
      from: { revision: 1, version: '3.43.2' },
    };
    expect(
      wave(started(all(young('acd-web-1', { startedSeconds: now.getTime() / 1000 })), 'None'), log(attempt)),
    ).toEqual(['NoteOutcome']);
  });
  it('ends the mark on the host when a process ended between the two notes', () => {
    expect(wave(healthy, log(begun, { result: 'Succeeded', time: '' }))).toEqual(['EndUpdate']);
  });
  it('lets a task be done', () => {
    const observed = observing(started(all(young('acd-web-1', { state: 'exited', exitCode: 0 })), 'None'));
    const desired =
      observed.desired === undefined
        ? {}
        : {
            desired: { ...observed.desired, release: { ...observed.desired.release, tasks: ['acd-web-1'] } },
          };
    expect(
      wave(
        started(all(young('acd-web-1', { state: 'exited', exitCode: 0 })), 'None'),
        log(undefined, { result: 'Succeeded', time: '' }),
        desired,
      ),
    ).not.toContain('WaitingForHealth');
  });
});

describe('a spec that cannot be begun', () => {
  const missing = {
    release: { ok: false, reason: 'ReleaseNotFound', message: 'there is no 3.99.0' },
  } as const;
  it('is refused', () =>
    expect(refusal(planInput(observing(old(), missing)))).toMatchObject({ reason: 'ReleaseNotFound' }));
  it('leaves the last good one looked after', () => expect(fallback(log(), old().state)).toBe(good));
  it.each([
    ['that was begun is not undone by the way', log(begun), old().state],
    [
      'has nothing to fall back to when nothing was good yet',
      { ...log(), good: undefined } as unknown as Revisions,
      old().state,
    ],
    ['never brings an older release onto data of an update', log(), old({}, { update: mark }).state],
    ['never brings a release onto data of another version', log(), state()],
  ])('%s', (_, revisions, hostState) => expect(fallback(revisions, hostState)).toBeUndefined());
  it('is told only when what runs is well', () => {
    const objection = refusal(planInput(observing(old(), missing)));
    if (objection === undefined) throw new Error('nothing was refused');
    const settled = log(undefined, { result: 'Succeeded', time: '' });
    expect(wave(aHost(), settled, { objection })).toEqual(['Blocked', 'ReleaseNotFound']);
    expect(
      wave(aHost({ containers: aHost().containers.slice(1), images: [] }), settled, { objection }),
    ).toEqual(['ApplyRelease', 'RecordApplied']);
  });
  it('keeps host and switches of the spec as it stands, and the containers of the good one', () => {
    const stack = aStack({
      version: '3.99.0',
      size: 'Large',
      drift: 'Warn',
      components: [{ name: 'acd-fax' }] as never,
    });
    expect(withWorkload(stack, good).spec).toMatchObject({ version: '3.43.1', size: 'Small', drift: 'Warn' });
    expect(withWorkload(stack, good).spec).not.toHaveProperty('components');
  });
});
