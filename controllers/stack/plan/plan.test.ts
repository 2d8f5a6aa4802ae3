/** The planner on a new installation: its steps, the data it finds, and the hosts it leaves alone. */
import { describe, expect, it } from 'vitest';
import { optional } from '../../../base/optional.ts';
import type { JtelStack } from '../../../crds/index.ts';
import type { HostObservation, ObservedJob } from '../../../host-driver/host.ts';
import type { Plan, PlanInput } from '../model.ts';
import { plan } from './plan.ts';
import {
  aHost,
  anEmptyHost,
  aPreparedHost,
  aStack,
  container,
  facts,
  loaded,
  now,
  observing,
  planInput,
  state,
  wave,
  type Scene,
} from '../testing.ts';

const job = (jobState: ObservedJob['state'], changes: Partial<ObservedJob> = {}): ObservedJob => ({
  name: 'jtel-job-stack-uid-load',
  uid: 'stack-uid-load',
  type: 'load',
  state: jobState,
  ...changes,
});

/** @param version that runs. */
function withoutKeys(host: HostObservation, version = '3.43.2'): Scene {
  const { applied } = state();
  if (applied === undefined) throw new Error('the builder has no applied release');
  const found = observing(
    host.state === undefined ? host : { ...host, state: state({ applied: { ...applied, version } }) },
    {
      missingCredentials: {
        generate: [{ name: 'database-keys', length: 'EncryptionKeys' }],
        selfSigned: false,
      },
    },
  );
  if (!found.release.ok) throw new Error('the builder has no release');
  const keys = { secretName: 'main-credentials', entry: 'database-keys', path: '/run/secrets/database-keys' };
  return { ...found, release: { ok: true, value: { ...found.release.value, keys } } };
}

describe('a new installation walks from nothing to Ready', () => {
  const runningDatabase = [container('acd-dbm')];
  const steps: readonly (readonly [string, Scene, readonly string[]])[] = [
    [
      'makes credentials first',
      observing(anEmptyHost(), {
        missingCredentials: { generate: [{ name: 'database-root-password', length: 32 }], selfSigned: true },
      }),
      ['EnsureCredentials'],
    ],
    [
      'makes none before the host says whether there are data',
      observing(anEmptyHost(), {
        missingCredentials: {
          generate: [{ name: 'database-root-password', length: 32 }],
          selfSigned: true,
          lacks: 'Secret',
        },
        host: { ok: false, reason: 'HostUnreachable', message: '192.0.2.10 does not answer.' },
      }),
      ['Blocked', 'HostUnreachable'],
    ],
    ['makes keys of encryption at rest', withoutKeys(anEmptyHost()), ['EnsureCredentials']],
    ['makes them with an update that brings them', withoutKeys(aHost(), '3.43.1'), ['EnsureCredentials']],
    [
      'makes none for data that are encrypted with others',
      withoutKeys(aHost()),
      ['Blocked', 'DatabaseKeysMissing'],
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
  const failed = (reason: string, finishedSecondsAgo: number): Scene => {
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
      facts: { is: 'LoadFailed', error: 'schema jtel has 12 tables' },
    });
  });

  it('is looked at again after a while', () =>
    expect(wave(failed('DataNotEmpty', 301))).toEqual(['RemoveJob']));
  it('is told from a load that failed otherwise, which is tried again soon', () => {
    expect(wave(failed('DownloadFailed', 10))).toEqual(['Blocked', 'JobFailed']);
    expect(wave(failed('DownloadFailed', 61))).toEqual(['RemoveJob']);
  });
  describe('a first load that fails', () => {
    const counted = (observed: Scene, failures: number, revision = 0): Plan => {
      const lastFailure = `${observed.load?.job.uid}@${observed.load?.job.finishedSeconds}`;
      const stack = aStack({}, {}, { firstLoad: { revision, failures, lastFailure } });
      return plan(planInput(observed, { stack }));
    };
    const givenUp = { kind: 'Blocked', stalled: true, facts: { is: 'LoadGivenUp' } };

    it('is left to a person at once when it cannot get better by itself', () => {
      expect(plan(planInput(failed('DataSetCorrupt', 9000)))).toMatchObject({
        ...givenUp,
        reason: 'BackupInvalid',
      });
    });
    it('is tried again after longer and longer pauses, and left to a person after six tries', () => {
      expect(counted(failed('DownloadFailed', 200), 3)).toMatchObject({
        kind: 'Blocked',
        stalled: false,
        afterSeconds: 40,
      });
      expect(counted(failed('DownloadFailed', 241), 3)).toMatchObject({
        kind: 'Act',
        wave: [{ type: 'RemoveJob' }],
      });
      expect(counted(failed('DownloadFailed', 9000), 6)).toMatchObject({
        ...givenUp,
        facts: { is: 'LoadGivenUp', times: 6 },
      });
    });
    it('is tried anew under another revision', () => {
      const observed = failed('DataSetCorrupt', 10);
      expect(counted(observed, 1, 0)).toMatchObject(givenUp);
      expect(counted(observed, 1, 7)).toMatchObject({ kind: 'Act', wave: [{ type: 'RemoveJob' }] });
    });
    it('for keys that are not there names where they belong', () => {
      const observed = failed('DatabaseKeysMissing', 10);
      if (!observed.release.ok) throw new Error('the builder has no release');
      const keys = {
        secretName: 'main-credentials',
        entry: 'database-keys',
        path: '/run/secrets/database-keys',
      };
      const release = { ok: true, value: { ...observed.release.value, keys } } as const;
      expect(plan(planInput({ ...observed, release }))).toMatchObject({
        ...givenUp,
        reason: 'DatabaseKeysMissing',
        facts: { is: 'LoadGivenUp', because: { is: 'LoadFailed', keys } },
      });
    });
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
    expect(
      wave(
        observing(anEmptyHost(), {
          findings: [{ reason: 'HostTooSmall', facts: { is: 'Told', message: '' } }],
        }),
      ),
    ).toEqual(['Blocked', 'HostTooSmall']);
  });

  it('that does not answer is waited for', () => {
    const observed = observing(aHost(), {
      host: { ok: false, reason: 'HostUnreachable', message: 'no answer' },
    });
    expect(plan(planInput(observed))).toMatchObject({
      kind: 'Blocked',
      condition: 'HostReachable',
      stalled: false,
      afterSeconds: 15,
    });
  });

  it.each([
    ['HostUnreachable', 200],
    ['DockerUnavailable', 15],
  ] as const)('that has been away for 800 s because of %s is asked again after %i s', (reason, seconds) => {
    const lastTransitionTime = new Date(now.getTime() - 800_000).toISOString();
    const condition = { type: 'HostReachable', status: 'False', reason, lastTransitionTime, message: '' };
    const { generation: observedGeneration } = aStack().metadata;
    const conditions = [{ ...condition, observedGeneration }];
    const stack = aStack({}, {}, { conditions } as JtelStack['status']);
    const observed = observing(aHost(), { host: { ok: false, reason, message: 'no answer' } });
    expect(plan(planInput(observed, { stack }))).toMatchObject({ kind: 'Blocked', afterSeconds: seconds });
  });

  it('that has been away for long is not asked each minute by a stack that is deleted', () => {
    const stack = aStack({ deletionPolicy: 'Stop' }, { deletionTimestamp: now.toISOString() });
    const away = (reason: 'HostUnreachable' | 'DockerUnavailable') =>
      plan(
        planInput(observing(aHost(), { host: { ok: false, reason, message: 'no answer' } }), {
          stack,
          awaySince: now.getTime() - 800_000,
        }),
      );
    expect(away('HostUnreachable')).toMatchObject({ step: 'Delete', afterSeconds: 200 });
    expect(away('DockerUnavailable')).toMatchObject({ step: 'Delete', afterSeconds: 60 });
  });

  it.each([
    [now.getTime() - 800_000, 200],
    [undefined, 15],
  ])(
    'for which there is no place, and that is away since %s, is asked again after %i s',
    (awaySince, seconds) => {
      const host = { ok: false, reason: 'NotChecked', message: 'not asked yet' } as const;
      expect(plan(planInput(observing(aHost(), { host }), optional({ awaySince })))).toMatchObject({
        condition: 'HostReachable',
        reason: 'NotChecked',
        afterSeconds: seconds,
      });
    },
  );

  it('is taken back by a stack of the same name that was deleted and applied again', () => {
    const host = aHost({
      state: state({
        owner: { clusterID: 'cluster-1', namespace: 'acme', name: 'main', uid: 'former-uid' },
        setupDigest: 'old',
      }),
    });
    expect(wave(observing(host))).toEqual(['ClaimHost']);
  });
  it('is taken back without the jobs of the stack before, but with that of an order that stands', () => {
    const owner = { clusterID: 'cluster-1', namespace: 'acme', name: 'main', uid: 'former-uid' };
    const jobs = (['backup', 'load', 'restore'] as const).map(
      (type) => ({ uid: type, name: type, type, state: 'Running' }) as const,
    );
    expect(wave(observing(aHost({ state: state({ owner }), jobs })))).toEqual([
      'ClaimHost',
      'RemoveJob',
      'RemoveJob',
    ]);
  });

  it('is taken back although nothing is to be changed there, because backups need it', () => {
    const former = { clusterID: 'cluster-1', namespace: 'acme', name: 'main', uid: 'former-uid' };
    expect(wave(observing(aHost({ state: state({ owner: former }) })))).toEqual(['ClaimHost']);
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

function withoutDocker(): HostObservation['facts'] {
  const { dockerVersion: _docker, composeVersion: _compose, ...rest } = facts();
  return rest;
}
