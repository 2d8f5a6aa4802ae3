/** The planner on a stack that is installed: drift, another version, a certificate that ends, being stopped and being deleted. */
import { describe, expect, it } from 'vitest';
import { annotations } from '../../../crds/index.ts';
import type { HostObservation } from '../../../host-driver/host.ts';
import { restoreJobUID } from '../../loading/restore-orders.ts';
import type { DataSource, PlanInput } from '../model.ts';
import type { RelocationLook } from '../relocation.ts';
import { plan } from './plan.ts';
import {
  aHost,
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
import { optional } from '../../../base/optional.ts';
import { store } from './testing-update.ts';

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
  it('is no service that runs once and has ended; one that failed, or that should go on, is', () => {
    const told = (tasks: readonly string[], exitCode: number): readonly string[] => {
      const ended = container('acd-task-runner', { state: 'exited', health: 'none', exitCode });
      const scene = observing(aHost({ containers: aHost().containers.with(1, ended) }));
      if (scene.desired === undefined) throw new Error('nothing is desired');
      const release = { ...scene.desired.release, tasks };
      return wave({ ...scene, desired: { ...scene.desired, release } });
    };
    const corrected = ['PullImages', 'ApplyRelease', 'RecordApplied'];
    expect(told(['acd-task-runner'], 0)).toEqual(['Done']);
    expect(told(['acd-task-runner'], 1)).toEqual(corrected);
    expect(told([], 0)).toEqual(corrected);
  });
  const flushed = aHost({ changed: ['firewall', 'docker-rules'] });
  it('of firewall rules is corrected by the set-up', () => {
    expect(wave(observing(flushed))).toEqual(['SetUpHost']);
    expect(plan(planInput(observing(flushed)))).toMatchObject({
      step: 'Repair',
      facts: { is: 'CorrectingDrift', drift: [{ what: 'firewall' }, { what: 'docker-rules' }] },
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
  const running = (version: string): Scene =>
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
  it.each([
    ['11.8', '10.11', undefined],
    ['11.8', '11.8', undefined],
    ['11.8', undefined, undefined],
    ['10.11', '11.8', 'UpdateNotSupported'],
    ['9.5', '10.11', 'UpdateNotSupported'],
  ])(
    'with the database %s after %s is refused where it could not read its files',
    (series, before, reason) => {
      const observed = running('3.43.1');
      const { applied } = state();
      if (!observed.release.ok || !observed.host.ok || applied === undefined) throw new Error('builders');
      const host = aHost({
        state: state({
          applied: {
            ...applied,
            digest: 'd1',
            version: '3.43.1',
            ...optional({ series: before }),
          },
        }),
      });
      const release = { ok: true, value: { ...observed.release.value, series } } as const;
      const stack = aStack({
        update: { preUpdateBackup: 'Skip', progressDeadlineSeconds: 3600, onFailure: 'Rollback' },
      });
      const verdict = plan(planInput({ ...observed, release, host: { ok: true, value: host } }, { stack }));
      expect(verdict.kind === 'Blocked' ? verdict.reason : undefined).toBe(reason);
    },
  );
  it('is refused when it is older than the data', () =>
    expect(wave(running('3.44.0'))).toEqual(['Blocked', 'DowngradeRefused']));
  it('is refused when the release cannot update that far', () =>
    expect(wave(running('3.40.0'))).toEqual(['Blocked', 'UpdateNotSupported']));
});

describe('a self-signed certificate', () => {
  const ending = (days: number, isSelfSigned = true): Scene => {
    const observed = observing(aHost());
    const notAfter = new Date(now.getTime() + days * 86_400_000);
    return observed.desired === undefined
      ? observed
      : { ...observed, desired: { ...observed.desired, certificate: { notAfter, isSelfSigned } } };
  };
  it('is renewed 30 days before its end', () =>
    expect(plan(planInput(ending(29)))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'EnsureCredentials', generate: [], selfSigned: true, renew: true }],
    }));
  it('is left alone until then', () => expect(wave(ending(31))).toEqual(['Done']));
  it('of the customer is theirs to renew', () => expect(wave(ending(29, false))).toEqual(['Done']));
});

const { applied: _, ...neverApplied } = state();

const aMove = {
  id: 'move-1',
  from: { host: { ...aStack().spec.host, address: '192.0.2.9' }, machineID: 'machine-0' },
  toMachineID: 'machine-1',
  source: 'Migrate',
} as const;

describe('powerState Stopped', () => {
  const stopped = aStack({ powerState: 'Stopped' });
  it('stops what runs', () => expect(wave(observing(aHost()), { stack: stopped })).toEqual(['StopStack']));
  it('amid a move stops what runs on the other host, too, but for the database', () => {
    const moving = (containers: HostObservation['containers']): Scene =>
      observing(aHost({ containers: [] }), {
        relocation: { ...aMove, old: { ok: true, value: aHost({ containers }) } },
      });
    expect(plan(planInput(moving(aHost().containers), { stack: stopped }))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'StopFormer', machineID: 'machine-0', keep: ['acd-dbm'] }],
    });
    expect(wave(moving([container('acd-dbm')]), { stack: stopped })).toEqual(['Done']);
    const old = { ok: false, reason: 'HostUnreachable', message: 'no answer.' } as const;
    const away = observing(aHost({ containers: [] }), { relocation: { ...aMove, old } });
    expect(wave(away, { stack: stopped })).toEqual(['Blocked', 'RelocationNeedsOldHost']);
  });
  const uid = restoreJobUID(aMove.id);
  const job = { name: `jtel-job-${uid}`, uid, type: 'restore', exitCode: 0 } as const;
  const loadingMove = (ended: 'Succeeded' | 'Failed' | 'Running'): Scene => {
    const moved = { address: '192.0.2.10', time: '2026-03-01T02:00:00Z' };
    const old = { ok: true, value: aHost({ containers: [], state: state({ moved }) }) } as const;
    const backup = { kind: 'Backup', source: 'backup b', backupID: 'b', version: '3.43.2', database: 'None' };
    return observing(aPreparedHost({ images: [] }), {
      relocation: { ...aMove, old },
      order: {
        kind: 'Relocation',
        name: aMove.id,
        requestUID: aMove.id,
        onData: 'Refuse',
        backup: { ok: true, value: backup as DataSource },
        verify: 'Checksum',
        inPlace: 'Accept',
        keepPreviousHours: 0,
      },
      load: { job: { ...job, state: ended } },
    });
  };
  it.each([
    ['Succeeded', ['RecordData', 'RemoveJob']],
    ['Failed', ['RemoveJob']],
    ['Running', ['Done']],
  ] as const)('amid the load of a move leaves no job behind that has ended: %s', (ended, expected) =>
    expect(wave(loadingMove(ended), { stack: aStack({ ...store, powerState: 'Stopped' }) })).toEqual(
      expected,
    ),
  );
  it('amid the load of a move is left by its job also when another release is wanted by then', () => {
    const scene = loadingMove('Succeeded');
    if (!scene.host.ok) throw new Error('it answers');
    const host = { ...scene.host.value, releases: ['d1'] };
    const there = { ...scene, host: { ok: true, value: host } } as const;
    expect(wave(there, { stack: aStack({ ...store, powerState: 'Stopped' }) })).toEqual([
      'RecordData',
      'RemoveJob',
    ]);
  });
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
  const job = (uid: string, type: 'backup' | 'restore') =>
    ({ name: uid, uid, type, state: 'Running' }) as const;
  it('waits for backups that may still start a job, with every policy, whether the host answers or not', () => {
    const openBackups = ['main-now'];
    const wait = { kind: 'Wait', step: 'Delete', facts: { is: 'EndingBackups', backups: openBackups } };
    for (const scene of [observing(aHost(), { openBackups }), { ...away, openBackups }])
      for (const policy of ['Orphan', 'Stop'] as const)
        expect(plan(planInput(scene, deleted(policy)))).toMatchObject(wait);
    const abandoned = deleted('Stop', { [annotations.abandonHost]: 'true' });
    expect(wave({ ...away, openBackups }, abandoned)).toEqual(['ReleaseFinalizer']);
  });
  it.each(['Orphan', 'Stop'] as const)('takes jobs along that nobody follows any more, with %s', (policy) => {
    const jobs = [job('backup', 'backup'), job('restore', 'restore')];
    const removed = (scene: Scene): readonly unknown[] => {
      const planned = plan(planInput(scene, deleted(policy)));
      return planned.kind === 'Act' ? planned.wave.filter(({ type }) => type === 'RemoveJob') : [];
    };
    expect(removed(observing(aHost({ jobs })))).toMatchObject([{ uid: 'backup' }, { uid: 'restore' }]);
    const old = { ok: true, value: aHost({ jobs }) } as const;
    const moving = observing(aHost(), { relocation: { ...aMove, old } });
    const { machineID } = aMove.from;
    expect(removed(moving)).toMatchObject([
      { uid: 'backup', machineID },
      { uid: 'restore', machineID },
    ]);
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
      'RemoveCredentials',
      'DestroyStack',
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
  it('lets a host go on which there never was a container', () => {
    const claimed = aHost({ containers: [], releases: [], state: neverApplied });
    expect(wave(observing(claimed), deleted('Stop'))).toEqual(['ReleaseFinalizer']);
  });
  it('stops a host whose Docker shows no containers because it is down', () => {
    expect(wave(observing(aHost({ containers: [] })), deleted('Stop'))).toContain('StopStack');
    expect(wave(observing(aHost({ containers: [], releases: [] })), deleted('Stop'))).toContain('StopStack');
  });
  it('amid a move means the host with the data as well', () => {
    const moving = (old: RelocationLook['old']): Scene =>
      observing(aHost({ containers: [], releases: [], state: neverApplied }), {
        relocation: { ...aMove, old },
      });
    const old = { ok: true, value: aHost() } as const;
    expect(wave(moving(old), deleted('Stop'))).toEqual(['StopFormer', 'ReleaseFinalizer']);
    expect(wave(moving(old), deleted('Destroy', { [annotations.confirmDestroy]: 'stack-uid' }))).toEqual([
      'RemoveCredentials',
      'DestroyFormer',
      'DestroyStack',
      'ReleaseFinalizer',
    ]);
    const theirs = observing(
      aHost({
        state: state({ owner: { clusterID: 'cluster-2', namespace: 'acme', name: 'main', uid: 'theirs' } }),
      }),
      { relocation: { ...aMove, old } },
    );
    expect(wave(theirs, deleted('Destroy', { [annotations.confirmDestroy]: 'stack-uid' }))).toEqual([
      'RemoveCredentials',
      'DestroyFormer',
      'ReleaseFinalizer',
    ]);
    expect(wave(moving(gone), deleted('Stop'))).toEqual(['Blocked', 'HostUnreachable']);
    const givenUp = observing(aHost(), {
      relocation: { ...aMove, source: 'RecoverFromBackup', old: gone },
    });
    expect(wave(givenUp, deleted('Stop'))).toEqual(['StopStack', 'ReleaseFinalizer']);
  });
  const gone = { ok: false, reason: 'HostUnreachable', message: 'no answer.' } as const;
  const consent = { [annotations.confirmDestroy]: 'stack-uid' };
  it('amid a move to a host that never answered is done where the data are', () => {
    const { stack } = deleted('Stop');
    const status = { host: { address: '192.0.2.9' } };
    const moving = (old: RelocationLook['old']): Scene =>
      observing(aHost(), { host: gone, home: { from: aMove.from, old } });
    const never = { stack: { ...aStack(), ...stack, status } };
    const old = { ok: true, value: aHost() } as const;
    expect(wave(moving(old), never)).toEqual(['StopFormer', 'ReleaseFinalizer']);
    const answered = { stack: { ...never.stack, status: { host: { address: '192.0.2.10' } } } };
    expect(wave(moving(old), answered), 'and the object stays if something may have begun there').toEqual([
      'StopFormer',
    ]);
    expect(plan(planInput(moving({ ok: true, value: aHost({ containers: [] }) }), answered))).toMatchObject({
      reason: 'HostUnreachable',
      facts: { is: 'CannotCleanUp', address: '192.0.2.10', done: aMove.from.host.address },
    });
    expect(plan(planInput(moving(gone), never))).toMatchObject({
      reason: 'HostUnreachable',
      facts: { is: 'CannotCleanUp', address: '192.0.2.10' },
    });
  });
  it('is done on the host that answers, and waits for the other one', () => {
    const moving = (host: HostObservation): Scene => observing(host, { relocation: { ...aMove, old: gone } });
    expect(wave(moving(aHost()), deleted('Stop'))).toEqual(['StopStack']);
    expect(wave(moving(aHost()), deleted('Destroy', consent))).toEqual(['RemoveCredentials', 'DestroyStack']);
    const { state: _state, ...destroyed } = aHost({ containers: [] });
    for (const left of [deleted('Destroy', consent), deleted('Stop')])
      expect(plan(planInput(moving(destroyed), left))).toMatchObject({
        reason: 'HostUnreachable',
        facts: { is: 'CannotCleanUp', address: aMove.from.host.address, done: '192.0.2.10' },
      });
  });
  it('fences a former host that answers again, and waits for none that does not', () => {
    const former = { ...aMove.from, state: 'Pending' } as const;
    const withFormer = (host: RelocationLook['old']): Scene =>
      observing(aHost(), { formers: [{ former, host }] });
    const old = { ok: true, value: aHost() } as const;
    expect(wave(withFormer(old), deleted('Stop'))).toEqual(['FenceFormer']);
    expect(wave(withFormer(gone), deleted('Stop'))).toEqual(['StopStack', 'ReleaseFinalizer']);
    expect(wave(withFormer(old), deleted('Orphan'))).toEqual(['ReleaseFinalizer']);
  });
  it('waits for a host that is away, until it is abandoned', () => {
    expect(wave(away, deleted('Stop'))).toEqual(['Blocked', 'HostUnreachable']);
    expect(wave(away, deleted('Stop', { [annotations.abandonHost]: 'true' }))).toEqual(['ReleaseFinalizer']);
  });
});
