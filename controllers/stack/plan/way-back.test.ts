/** The planner on changes that fail: when they count as failed, and how the previous release and its data come back. */
import { describe, expect, it } from 'vitest';
import type { JtelRestore, JtelStack } from '../../../crds/index.ts';
import type { HostObservation } from '../../../host-driver/host.ts';
import type { Attempt, RevisionOutcome } from '../desired/revisions.ts';
import { aHost, aStack, container, observing, state, type Scene } from '../testing.ts';
import {
  all,
  backup,
  begun,
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
  updater,
  wave,
  young,
} from './testing-update.ts';

const unsafe: Attempt = {
  action: 'Update',
  startTime: secondsAgo(60),
  from: { revision: 1, version: '3.43.1' },
};
const failure = {
  reason: 'HealthGateFailed',
  message: 'acd-web-1 (unhealthy).',
  time: secondsAgo(1),
} as const;

describe('a change has failed', () => {
  const withUpdater = (host: HostObservation): Partial<Scene> => {
    const { desired } = observing(host);
    return {
      ...backup('Completed'),
      ...(desired === undefined ? {} : { desired: { ...desired, release: { ...desired.release, updater } } }),
    };
  };
  const cases: readonly (readonly [string, HostObservation, Attempt, string])[] = [
    [
      'when a new container is unhealthy',
      started(all(young('acd-web-1', { health: 'unhealthy' }))),
      begun,
      'HealthGateFailed',
    ],
    [
      'when a new container is restarted again and again',
      started(all(young('acd-web-1', { state: 'restarting', restarts: 3 }))),
      begun,
      'HealthGateFailed',
    ],
    [
      'when the data cannot be updated',
      old(
        { containers: all(newRunner({ state: 'restarting', restarts: 5, exitCode: 1 })) },
        { update: mark },
      ),
      begun,
      'DatabaseUpdateFailed',
    ],
    [
      'when it takes too long',
      started(all(young('acd-web-1', { health: 'starting' }))),
      { ...begun, startTime: secondsAgo(3601) },
      'ProgressDeadlineExceeded',
    ],
  ];
  it.each(cases)('%s', (_, host, attempt, reason) => {
    const verdict = planned(host, log(attempt), withUpdater(host));
    expect(verdict.kind === 'Act' && verdict.wave).toMatchObject([
      { type: 'KeepLogs' },
      { type: 'NoteFailure', failure: { reason } },
    ]);
  });
  it('not when an old container is unhealthy: it may have been so before', () => {
    expect(
      wave(started(all(container('acd-web-1', { health: 'unhealthy' }))), log(begun), backup('Completed')),
    ).toEqual(['Wait', 'WaitingForHealth']);
  });
  it('not while the backup took the time: the old release serves meanwhile', () => {
    const host = started(all(young('acd-web-1', { health: 'starting' })));
    expect(
      wave(host, log({ ...begun, startTime: secondsAgo(9000) }), backup('Completed', secondsAgo(100))),
    ).toEqual(['Wait', 'WaitingForHealth']);
  });
  it('never, when it is a first installation: there is nothing to go back to', () => {
    const first = revision(1, '3.43.2', { attempt: { action: 'Install', startTime: secondsAgo(90_000) } });
    expect(
      wave(started(all(young('acd-web-1', { health: 'unhealthy' })), 'None'), {
        all: [first],
        current: first,
      }),
    ).toEqual(['Wait', 'WaitingForHealth']);
  });
});

describe('after a failure', () => {
  const outcome = (
    host: HostObservation,
    attempt: Attempt,
    stack: JtelStack = aStack({ update: policy, ...store }),
  ): unknown => {
    const verdict = planned(host, log({ ...attempt, failure }), {}, { stack });
    return verdict.kind === 'Act' && verdict.wave[0]?.type === 'NoteOutcome'
      ? { ...verdict.wave[0].outcome, words: verdict.wave[0].words }
      : verdict;
  };
  const touched = old({ containers: all(newRunner()) }, { update: mark });

  it('the previous release comes back with its data when they were touched', () => {
    expect(outcome(touched, begun)).toMatchObject({
      result: 'RollingBack',
      backTo: 1,
      restoreRef: expect.stringMatching(/^main-way-back-2-\d{8}t\d{6}z$/),
      stopTime: mark.time,
    });
  });
  it.each([
    ['the updater still is the old one', all(container('acd-task-runner'))],
    ['the new updater was never started', all(newRunner({ state: 'created' }))],
  ])('that comes back alone when %s', (_, containers) => {
    expect(outcome(old({ containers }, { update: mark }), begun)).not.toHaveProperty('restoreRef');
  });
  it.each([
    ['was started', container('acd-dbm', { image: 'registry/jtel/acd-dbm@sha256:new' }), true],
    [
      'was only made',
      container('acd-dbm', { image: 'registry/jtel/acd-dbm@sha256:new', state: 'created' }),
      false,
    ],
    ['is still the one before', container('acd-dbm'), false],
  ])('and with its data when a database of another series %s', (_, database, restored) => {
    const update = { ...mark, database: { service: 'acd-dbm', image: 'registry/jtel/acd-dbm@sha256:new' } };
    const found = outcome(old({ containers: all(database) }, { update }), begun);
    expect(Object.hasOwn(found as object, 'restoreRef')).toBe(restored);
  });
  it('what has no updater, or lost it, counts as touched', () => {
    const { updater: _updater, ...vague } = mark;
    expect(outcome(old({}, { update: vague }), begun)).toHaveProperty('restoreRef');
    expect(outcome(old({ containers: [] }, { update: mark }), begun)).toHaveProperty('restoreRef');
  });
  it('touched data without a backup are left to a person', () => {
    expect(outcome(touched, unsafe)).toMatchObject({
      result: 'Held',
      reason: 'WayBackClosed',
      words: { is: 'DataMayBeChanged', version: '3.43.1' },
    });
  });
  it('everything is left to a person with Hold', () => {
    expect(
      outcome(touched, begun, aStack({ update: { ...policy, onFailure: 'Hold' }, ...store })),
    ).toMatchObject({ result: 'Held', reason: 'Held' });
  });
  it('what is held is not touched, and says so', () => {
    expect(
      planned(touched, log(begun, { result: 'Held', reason: 'WayBackClosed', time: '', message: 'x.' })),
    ).toMatchObject({ kind: 'Blocked', reason: 'WayBackClosed', stalled: true });
  });
});

describe('the way back', () => {
  const rollingBack: RevisionOutcome = {
    result: 'RollingBack',
    time: secondsAgo(20),
    backTo: 1,
    restoreRef: 'main-way-back-2',
    stopTime: mark.time,
    message: 'acd-web-1 (unhealthy).',
  };
  const { restoreRef: _restore, ...dataKept } = rollingBack;
  const held = aStack({ version: '3.43.1', update: policy, ...store });
  const previous = (host: HostObservation): Partial<Scene> => {
    const { desired, release } = observing(host);
    return {
      ...(desired === undefined
        ? {}
        : { desired: { ...desired, release: { ...desired.release, digest: 'd1', version: '3.43.1' } } }),
      release: release.ok
        ? {
            ok: true,
            value: {
              ...release.value,
              version: '3.43.1',
              updateFrom: () => ({ allowed: false, kind: 'Downgrade', message: 'newer' }),
            },
          }
        : release,
    };
  };
  const restore = (phase: 'Checking' | 'Failed'): { readonly wayBack: JtelRestore } => ({
    wayBack: {
      metadata: { name: 'main-way-back-2' },
      status: { phase, message: 'a pack is missing.' },
    } as unknown as JtelRestore,
  });
  const touched = old({ containers: all(newRunner()) }, { update: mark });

  it('asks for the data first, and starts nothing before they are there', () => {
    expect(wave(touched, log(begun, rollingBack), previous(touched), { stack: held })).toEqual([
      'CreateRestore',
    ]);
    expect(
      wave(
        touched,
        log(begun, rollingBack),
        { ...previous(touched), ...restore('Checking') },
        { stack: held },
      ),
    ).toEqual(['Wait', 'RollingBack']);
  });
  it('stops when the data cannot be had', () => {
    expect(
      planned(
        touched,
        log(begun, rollingBack),
        { ...previous(touched), ...restore('Failed') },
        { stack: held },
      ),
    ).toMatchObject({ kind: 'Blocked', reason: 'RestoreFailed', stalled: true });
  });
  it('starts the previous release when they are there', () => {
    const { applied: _applied, ...loaded } = state({ data: { source: 'backup x', time: '' } });
    const host = aHost({ state: loaded, containers: [], releases: ['d1'], images: [] });
    expect(wave(host, log(begun, rollingBack), previous(host), { stack: held })).toEqual([
      'ApplyRelease',
      'RecordApplied',
    ]);
  });
  it('starts it at once when the data were not touched, and ends the mark last', () => {
    expect(wave(touched, log(begun, dataKept), previous(touched), { stack: held })).toEqual([
      'ApplyRelease',
      'RecordApplied',
      'EndUpdate',
    ]);
  });
  it('takes back what a change half did, whatever the policy for drift', () => {
    const half = old({ containers: all(young('acd-web-1', { configHash: 'new' })) });
    expect(
      wave(half, log(unsafe, dataKept), previous(half), {
        stack: { ...held, spec: { ...held.spec, drift: 'Warn' } },
      }),
    ).toEqual(['ApplyRelease', 'RecordApplied']);
  });
  it('is through when everything is healthy again; the down time is of all of it', () => {
    const host = old({ containers: all(young('acd-web-1')) });
    const verdict = planned(host, log(begun, rollingBack), previous(host), { stack: held });
    expect(verdict.kind === 'Act' && verdict.wave).toMatchObject([
      { type: 'NoteOutcome', outcome: { result: 'RolledBack', downtimeSeconds: 30 } },
    ]);
  });
  it('stays said until the spec changes', () => {
    const host = old();
    expect(
      planned(host, log(begun, { ...rollingBack, result: 'RolledBack' }), previous(host), { stack: held }),
    ).toMatchObject({
      kind: 'Blocked',
      reason: 'RolledBack',
      facts: { is: 'RolledBack', version: '3.43.1', revision: 1, failed: { revision: 2 } },
    });
  });
});
