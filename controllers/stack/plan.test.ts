import { describe, expect, it } from 'vitest';
import { annotations } from '../../crds/index.ts';
import type { HostObservation, ObservedJob } from '../../host-driver/host.ts';
import type { Observed, Plan, PlanInput } from './model.ts';
import { plan } from './plan.ts';
import {
  aHost,
  anEmptyHost,
  aPreparedHost,
  aStack,
  container,
  facts,
  now,
  observing,
  planInput,
  state,
} from './testing.ts';

const job = (jobState: ObservedJob['state'], changes: Partial<ObservedJob> = {}): ObservedJob => ({
  name: 'jtel-job-stack-uid-load',
  uid: 'stack-uid-load',
  type: 'load',
  state: jobState,
  ...changes,
});

function wave(observed: Observed, changes: Partial<PlanInput> = {}): readonly string[] {
  const planned = plan(planInput(observed, changes));
  return planned.kind === 'Act'
    ? planned.wave.map((action) => action.type)
    : [planned.kind, ...reasonOf(planned)];
}

function reasonOf(planned: Plan): readonly string[] {
  return planned.kind === 'Blocked' || planned.kind === 'Wait' ? [planned.reason] : [];
}

describe('a new installation walks from nothing to Ready', () => {
  const runningDatabase = [container('acd-dbm')];
  const steps: readonly (readonly [string, Observed, readonly string[]])[] = [
    [
      'makes credentials first',
      observing(anEmptyHost(), {
        missingCredentials: { generate: [{ name: 'database-root-password', length: 32 }], selfSigned: true },
      }),
      ['EnsureCredentials'],
    ],
    ['claims the host and sets it up', observing(anEmptyHost()), ['ClaimHost', 'SetUpHost']],
    ['sets a host up that lost Docker', observing(aPreparedHost({ facts: withoutDocker() })), ['SetUpHost']],
    [
      'writes, pulls and starts the database alone',
      observing(aPreparedHost({ releases: [] })),
      ['WriteRelease', 'PullImages', 'StartDatabase'],
    ],
    ['does not write again what lies there', observing(aPreparedHost()), ['PullImages', 'StartDatabase']],
    [
      'waits for the database',
      observing(aPreparedHost({ containers: [container('acd-dbm', { health: 'starting' })] })),
      ['Wait', 'WaitingForHealth'],
    ],
    [
      'starts the load when the database is healthy',
      observing(aPreparedHost({ containers: runningDatabase })),
      ['StartLoad'],
    ],
    [
      'waits for a load that runs',
      observing(aPreparedHost({ containers: runningDatabase, jobs: [job('Running')] }), {
        load: { job: job('Running') },
      }),
      ['Wait', 'LoadingData'],
    ],
    [
      'starts a load that was created but never started',
      observing(aPreparedHost({ containers: runningDatabase, jobs: [job('Created')] }), {
        load: { job: job('Created') },
      }),
      ['StartLoad'],
    ],
    [
      'records a load that succeeded',
      observing(aPreparedHost({ containers: runningDatabase, jobs: [job('Succeeded')] }), {
        load: { job: job('Succeeded') },
      }),
      ['RecordData', 'RemoveJob'],
    ],
    [
      'applies the release',
      observing(aPreparedHost({ containers: runningDatabase }, { data: loaded() })),
      ['PullImages', 'ApplyRelease', 'RecordApplied'],
    ],
    [
      'waits for health',
      observing(
        aHost({ containers: aHost().containers.with(2, container('acd-web-1', { health: 'starting' })) }),
      ),
      ['Wait', 'WaitingForHealth'],
    ],
    [
      'cleans up when all is well',
      observing(aHost({ jobs: [job('Succeeded')], releases: ['d0', 'd1', 'd2'] })),
      ['RemoveJob', 'PruneReleases'],
    ],
    ['is done', observing(aHost()), ['Done']],
  ];
  it.each(steps)('%s', (_, observed, expected) => {
    expect(wave(observed)).toEqual(expected);
  });
});

describe('data that is already there', () => {
  const failed = (reason: string, finishedSecondsAgo: number): Observed => {
    const failedJob = job('Failed', {
      exitCode: 1,
      finishedSeconds: now.getTime() / 1000 - finishedSecondsAgo,
    });
    return observing(aPreparedHost({ containers: [container('acd-dbm')], jobs: [failedJob] }), {
      load: { job: failedJob, error: { reason, message: 'schema jtel has 12 tables' } },
    });
  };

  it('stops the installation until a person decides', () => {
    expect(plan(planInput(failed('DataNotEmpty', 10)))).toMatchObject({
      kind: 'Blocked',
      condition: 'DataLoaded',
      reason: 'DataNotEmpty',
      stalled: true,
      message: 'schema jtel has 12 tables',
    });
  });

  it('is looked at again after a while', () =>
    expect(wave(failed('DataNotEmpty', 301))).toEqual(['RemoveJob']));
  it('is told from a load that failed otherwise, which is tried again soon', () => {
    expect(wave(failed('DownloadFailed', 10))).toEqual(['Blocked', 'JobFailed']);
    expect(wave(failed('DownloadFailed', 61))).toEqual(['RemoveJob']);
  });
  it('is looked at again by the clock of the host, which may be wrong', () => {
    const observed = failed('DataNotEmpty', 301);
    const host = observed.host.ok
      ? { ...observed.host.value, facts: facts({ clockSkewSeconds: -100 }) }
      : aHost();
    expect(wave({ ...observed, host: { ok: true, value: host } })).toEqual(['Blocked', 'DataNotEmpty']);
  });
  it('is never loaded over when the store cannot tell whether there is a backup', () => {
    const away = { ok: false, reason: 'StoreUnreachable', message: 'no answer' } as const;
    expect(
      wave(observing(aPreparedHost({ containers: [container('acd-dbm')] }), { initialData: away })),
    ).toEqual(['Blocked', 'StoreUnreachable']);
  });
  it('is not loaded again once it was recorded, whatever the store says', () => {
    expect(
      wave(observing(aHost(), { initialData: { ok: false, reason: 'BackupInvalid', message: '' } })),
    ).toEqual(['Done']);
  });
});

describe('a host that must not be touched', () => {
  const hosts: readonly (readonly [string, HostObservation, Partial<PlanInput>, string])[] = [
    [
      'belongs to another cluster',
      aHost({
        state: state({ owner: { clusterID: 'cluster-2', namespace: 'acme', name: 'main', uid: 'x' } }),
      }),
      {},
      'HostOwned',
    ],
    [
      'belongs to another stack',
      aHost({
        state: state({ owner: { clusterID: 'cluster-1', namespace: 'other', name: 'main', uid: 'x' } }),
      }),
      {},
      'HostOwned',
    ],
    [
      'is another machine at the same address',
      anEmptyHost(),
      { stack: aStack({}, {}, { host: { machineID: 'machine-0' } }) },
      'MachineChanged',
    ],
  ];
  it.each(hosts)('%s', (_, host, changes, reason) => {
    expect(plan(planInput(observing(host), changes))).toMatchObject({
      kind: 'Blocked',
      reason,
      stalled: true,
    });
  });

  it('that is too small is refused before anything is done to it', () => {
    expect(wave(observing(anEmptyHost(), { findings: [{ reason: 'HostTooSmall', message: '' }] }))).toEqual([
      'Blocked',
      'HostTooSmall',
    ]);
  });

  it('that does not answer is waited for', () => {
    const observed = observing(aHost(), {
      host: { ok: false, reason: 'HostUnreachable', message: 'no answer' },
    });
    expect(plan(planInput(observed))).toMatchObject({
      kind: 'Blocked',
      condition: 'HostReachable',
      stalled: false,
    });
  });

  it('is taken back by a stack of the same name that was deleted and applied again', () => {
    const host = aHost({
      state: state({
        owner: { clusterID: 'cluster-1', namespace: 'acme', name: 'main', uid: 'former-uid' },
        setupDigest: 'old',
      }),
    });
    expect(wave(observing(host))).toEqual(['ClaimHost', 'SetUpHost']);
  });
});

describe('a claim', () => {
  it('is made by a new process before its first change', () => {
    expect(wave(observing(aPreparedHost()), { identity: { clusterID: 'cluster-1' } })).toEqual([
      'ClaimHost',
      'PullImages',
      'StartDatabase',
    ]);
  });
  it('is made again when somebody else held the host in between', () => {
    expect(wave(observing(aPreparedHost({}, { epoch: 4 })))).toEqual([
      'ClaimHost',
      'PullImages',
      'StartDatabase',
    ]);
  });
  it('is not made when there is nothing to change', () => {
    expect(wave(observing(aHost()), { identity: { clusterID: 'cluster-1' } })).toEqual(['Done']);
  });
});

describe('drift', () => {
  const drifts: readonly (readonly [string, HostObservation])[] = [
    ['a container is gone', aHost({ containers: aHost().containers.slice(1) })],
    [
      'a container was stopped',
      aHost({ containers: aHost().containers.with(0, container('acd-dbm', { state: 'exited' })) }),
    ],
    [
      'a container runs another image',
      aHost({ containers: aHost().containers.with(0, container('acd-dbm', { imageID: 'sha256:other' })) }),
    ],
    [
      'a container was configured by hand',
      aHost({ containers: aHost().containers.with(0, container('acd-dbm', { configHash: 'other' })) }),
    ],
    ['a container does not belong there', aHost({ containers: [...aHost().containers, container('miner')] })],
  ];
  it.each(drifts)('is corrected when %s', (_, host) => {
    expect(wave(observing(host))).toEqual(['PullImages', 'ApplyRelease', 'RecordApplied']);
  });
  it('is only told when the spec says Warn', () => {
    const host = aHost({
      containers: aHost().containers.with(0, container('acd-dbm', { configHash: 'other' })),
    });
    expect(wave(observing(host), { stack: aStack({ drift: 'Warn' }) })).toEqual(['Done']);
  });
  const flushed = aHost({ changed: ['firewall', 'docker-rules'] });
  it('of firewall rules is corrected by the set-up', () => {
    expect(wave(observing(flushed))).toEqual(['SetUpHost']);
    expect(plan(planInput(observing(flushed)))).toMatchObject({
      step: 'Repair',
      message: expect.stringContaining("Docker's own firewall rules are gone"),
    });
    expect(wave(observing(flushed), { stack: aStack({ drift: 'Warn' }) })).toEqual(['Done']);
  });
  it("of Docker's rules is corrected before a change that needs them, whatever the policy", () => {
    const host = aPreparedHost({ changed: ['docker-rules'] }, { data: loaded() });
    expect(wave(observing(host), { stack: aStack({ drift: 'Warn' }) })).toEqual(['SetUpHost']);
  });
  it('is not what a compose upgrade does to all hashes', () => {
    const upgraded = aHost({
      facts: facts({ composeVersion: '2.40.0' }),
      containers: aHost().containers.map(({ service }) =>
        container(service, { configHash: `new-${service}` }),
      ),
    });
    expect(wave(observing(upgraded))).toEqual(['Done']);
  });
  it('is not a container that restarts by itself: the health gate waits for it', () => {
    const host = aHost({
      containers: aHost().containers.with(2, container('acd-web-1', { state: 'restarting' })),
    });
    expect(wave(observing(host))).toEqual(['Wait', 'WaitingForHealth']);
  });
});

describe('another version', () => {
  const running = (version: string): Observed =>
    observing(
      aHost({
        state: state({
          applied: { digest: 'd1', version, time: '', composeVersion: '2.26.1', services: [] },
        }),
        currentRelease: 'd1',
      }),
    );

  it('is refused while the update wants a backup that nobody can make', () => {
    expect(wave(running('3.43.1'))).toEqual(['Blocked', 'BackupRequired']);
  });
  it('is applied when the spec does without a backup', () => {
    const stack = aStack({
      update: { preUpdateBackup: 'Skip', progressDeadlineSeconds: 3600, onFailure: 'Rollback' },
    });
    expect(wave(running('3.43.1'), { stack })).toEqual([
      'PullImages',
      'MarkUpdate',
      'ApplyRelease',
      'RecordApplied',
    ]);
  });
  it('is refused when it is older than the data', () =>
    expect(wave(running('3.44.0'))).toEqual(['Blocked', 'DowngradeRefused']));
  it('is refused when the release cannot update that far', () =>
    expect(wave(running('3.40.0'))).toEqual(['Blocked', 'UpdateNotSupported']));
});

describe('a self-signed certificate', () => {
  const ending = (days: number): Observed => {
    const observed = observing(aHost());
    return observed.desired === undefined
      ? observed
      : {
          ...observed,
          desired: { ...observed.desired, selfSignedUntil: new Date(now.getTime() + days * 86_400_000) },
        };
  };
  it('is renewed 30 days before its end', () =>
    expect(plan(planInput(ending(29)))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'EnsureCredentials', generate: [], selfSigned: true, renew: true }],
    }));
  it('is left alone until then', () => expect(wave(ending(31))).toEqual(['Done']));
});

describe('powerState Stopped', () => {
  const stopped = aStack({ powerState: 'Stopped' });
  it('stops what runs', () => expect(wave(observing(aHost()), { stack: stopped })).toEqual(['StopStack']));
  it('is done when nothing runs', () => {
    const host = aHost({
      containers: aHost().containers.map(({ service }) => container(service, { state: 'exited' })),
    });
    expect(plan(planInput(observing(host), { stack: stopped }))).toEqual({ kind: 'Done', step: 'Stop' });
  });
});

describe('deletion', () => {
  const deleted = (
    deletionPolicy: 'Orphan' | 'Stop' | 'Destroy',
    given: Record<string, string> = {},
  ): Partial<PlanInput> => ({
    stack: aStack({ deletionPolicy }, { deletionTimestamp: '2026-03-01T02:59:00Z', annotations: given }),
  });
  const away = observing(aHost(), { host: { ok: false, reason: 'HostUnreachable', message: 'no answer.' } });

  it('lets a stack run on with Orphan, even when its host is away', () => {
    expect(wave(observing(aHost()), deleted('Orphan'))).toEqual(['ReleaseFinalizer']);
    expect(wave(away, deleted('Orphan'))).toEqual(['ReleaseFinalizer']);
  });
  it('stops the containers with Stop', () =>
    expect(wave(observing(aHost()), deleted('Stop'))).toEqual(['StopStack', 'ReleaseFinalizer']));
  it('destroys nothing without consent', () => {
    expect(wave(observing(aHost()), deleted('Destroy'))).toEqual(['Blocked', 'DeletionBlocked']);
    expect(
      wave(observing(aHost()), deleted('Destroy', { [annotations.confirmDestroy]: 'another-uid' })),
    ).toEqual(['Blocked', 'DeletionBlocked']);
  });
  it('destroys with consent', () => {
    const consent = deleted('Destroy', { [annotations.confirmDestroy]: 'stack-uid' });
    expect(wave(observing(aHost()), consent)).toEqual([
      'DestroyStack',
      'RemoveCredentials',
      'ReleaseFinalizer',
    ]);
  });
  it("never destroys what is somebody else's", () => {
    const foreign = aHost({
      state: state({ owner: { clusterID: 'cluster-2', namespace: 'acme', name: 'main', uid: 'stack-uid' } }),
    });
    expect(
      wave(observing(foreign), deleted('Destroy', { [annotations.confirmDestroy]: 'stack-uid' })),
    ).toEqual(['ReleaseFinalizer']);
  });
  it('waits for a host that is away, until it is abandoned', () => {
    expect(wave(away, deleted('Stop'))).toEqual(['Blocked', 'HostUnreachable']);
    expect(wave(away, deleted('Stop', { [annotations.abandonHost]: 'true' }))).toEqual(['ReleaseFinalizer']);
  });
});

function withoutDocker(): HostObservation['facts'] {
  const { dockerVersion: _docker, composeVersion: _compose, ...rest } = facts();
  return rest;
}

function loaded(): { source: string; time: string } {
  return { source: 'vanilla 3.43.2', time: '2026-03-01T01:00:00Z' };
}
