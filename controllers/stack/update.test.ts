/** The planner on changes: when they begin, what they wait for, when they count as failed, and what follows. */
import { describe, expect, it } from 'vitest';
import type { JtelBackup, JtelRestore, JtelStack, JtelStackSpec } from '../../crds/index.ts';
import type { HostObservation, HostState, ObservedContainer } from '../../host-driver/host.ts';
import { fallback, withWorkload } from './effective.ts';
import type { Observed, Plan, PlanInput } from './model.ts';
import { plan, refusal } from './plan.ts';
import type { Attempt, Revision, RevisionOutcome, Revisions } from './revisions.ts';
import { aHost, aStack, container, now, observing, planInput, state } from './testing.ts';

const policy = { preUpdateBackup: 'Required', progressDeadlineSeconds: 3600, onFailure: 'Rollback' } as const;
const store = { backup: { storeRef: { name: 'customer' } } } as unknown as Partial<JtelStackSpec>;
const secondsAgo = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString();

function revision(
  number: number,
  version: string,
  noted: { readonly attempt?: Attempt; readonly outcome?: RevisionOutcome } = {},
): Revision {
  return { name: `main-${number}`, number, spec: aStack({ version }).spec, time: secondsAgo(7200), ...noted };
}

const good = revision(1, '3.43.1', { outcome: { result: 'Succeeded', time: secondsAgo(7000) } });
const begun: Attempt = {
  action: 'Update',
  startTime: secondsAgo(60),
  from: { revision: 1, version: '3.43.1' },
  backupRef: 'main-pre-update-2',
};
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
const updater = { service: 'acd-task-runner', image: 'registry/jtel/acd-task-runner@sha256:new' };
const mark = { from: '3.43.1', to: '3.43.2', updater, time: secondsAgo(30) };

function log(attempt?: Attempt, outcome?: RevisionOutcome): Revisions {
  const current = revision(2, '3.43.2', {
    ...(attempt === undefined ? {} : { attempt }),
    ...(outcome === undefined ? {} : { outcome }),
  });
  return { all: [good, current], current, good: outcome?.result === 'Succeeded' ? current : good };
}

/** 3.43.1 runs; 3.43.2 is wanted. */
function old(changes: Partial<HostObservation> = {}, stateChanges: Partial<HostState> = {}): HostObservation {
  const { applied } = state();
  if (applied === undefined) throw new Error('the builder has no applied release');
  return aHost({
    state: state({ applied: { ...applied, digest: 'd1', version: '3.43.1' }, ...stateChanges }),
    currentRelease: 'd1',
    releases: ['d1'],
    images: [],
    ...changes,
  });
}

/** 3.43.2 was started. */
function started(
  containers: readonly ObservedContainer[] = aHost().containers,
  update: HostState['update'] | 'None' = mark,
): HostObservation {
  return aHost({ state: state(update === 'None' ? {} : { update }), containers, images: [] });
}

const young = (service: string, changes: Partial<ObservedContainer> = {}): ObservedContainer =>
  container(service, {
    createdSeconds: now.getTime() / 1000 - 30,
    startedSeconds: now.getTime() / 1000 - 30,
    ...changes,
  });
const newRunner = (changes: Partial<ObservedContainer> = {}): ObservedContainer =>
  young('acd-task-runner', { image: updater.image, ...changes });
const all = (...changed: readonly ObservedContainer[]): readonly ObservedContainer[] =>
  aHost().containers.map((one) => changed.find(({ service }) => service === one.service) ?? one);

function planned(
  host: HostObservation,
  revisions: Revisions,
  changes: Partial<Observed> = {},
  input: Partial<PlanInput> = {},
): Plan {
  return plan(
    planInput(observing(host, { revisions, ...changes }), {
      stack: aStack({ update: policy, ...store }),
      ...input,
    }),
  );
}

function wave(...given: Parameters<typeof planned>): readonly string[] {
  const verdict = planned(...given);
  if (verdict.kind === 'Act') return verdict.wave.map(({ type }) => type);
  return verdict.kind === 'Done' ? ['Done'] : [verdict.kind, verdict.reason];
}

const backup = (
  phase: 'Running' | 'Completed' | 'Failed',
  completionTime?: string,
): { readonly updateBackup: JtelBackup } => ({
  updateBackup: {
    metadata: { name: 'main-pre-update-2' },
    status: {
      phase,
      message: 'the store is away.',
      ...(completionTime === undefined ? {} : { completionTime }),
    },
  } as unknown as JtelBackup,
});

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
  it('does not go on without it', () => {
    expect(planned(old(), log(begun), backup('Failed'))).toMatchObject({
      kind: 'Blocked',
      reason: 'BackupFailed',
      stalled: true,
      message: expect.stringContaining('kubectl delete jtelbackup main-pre-update-2'),
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
  const desired = (host: HostObservation): Partial<Observed> => {
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
      message: expect.stringContaining('150 MiB'),
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
      message: expect.stringContaining('Wed 2026-03-04 22:00 UTC'),
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

describe('a change has failed', () => {
  const withUpdater = (host: HostObservation): Partial<Observed> => {
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
      { type: 'NoteAttempt', attempt: { failure: { reason } } },
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
      ? verdict.wave[0].outcome
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
  it('what has no updater, or lost it, counts as touched', () => {
    const { updater: _updater, ...vague } = mark;
    expect(outcome(old({}, { update: vague }), begun)).toHaveProperty('restoreRef');
    expect(outcome(old({ containers: [] }, { update: mark }), begun)).toHaveProperty('restoreRef');
  });
  it('touched data without a backup are left to a person', () => {
    expect(outcome(touched, unsafe)).toMatchObject({
      result: 'Held',
      reason: 'WayBackClosed',
      message: expect.stringContaining('no backup was made'),
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
  const previous = (host: HostObservation): Partial<Observed> => {
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
      message: expect.stringContaining('Release 3.43.1 (revision 1) runs again'),
    });
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
