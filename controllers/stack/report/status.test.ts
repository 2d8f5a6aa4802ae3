import { describe, expect, it } from 'vitest';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { JtelStack, JtelStackStatus, StackConditionType } from '../../../crds/index.ts';
import { transitionEvents } from './events.ts';
import { plan } from '../plan/plan.ts';
import { summarise } from './status.ts';
import {
  aHost,
  anEmptyHost,
  aStack,
  container,
  identity,
  now,
  observing,
  state,
  type Scene,
} from '../testing.ts';

function statusOf(
  observed: Scene,
  stack: JtelStack = aStack(),
  extra: Partial<Parameters<typeof summarise>[0]> = {},
): JtelStackStatus {
  return summarise({
    clusterID: identity.clusterID,
    ...observed,
    stack,
    observed,
    plan: plan({ ...observed, stack, observed, identity, now }),
    now,
    ...extra,
  });
}

function condition(
  status: JtelStackStatus,
  type: StackConditionType,
): { status: string; reason: string } | undefined {
  const found = findCondition(status.conditions, type);
  return found === undefined ? undefined : { status: found.status, reason: found.reason };
}

const readyStatus = statusOf(observing(aHost()));
const readyStack = aStack({}, {}, readyStatus);
const unreachable = observing(aHost(), {
  host: { ok: false, reason: 'HostUnreachable', message: '192.0.2.10 does not answer.' },
});

describe('the status of a stack', () => {
  it('is Ready, with every container in the table, when all is well', () => {
    expect(readyStatus).toMatchObject({
      phase: 'Ready',
      version: '3.43.2',
      componentsReady: '3/3',
      observedGeneration: 1,
    });
    expect(condition(readyStatus, 'Ready')).toEqual({ status: 'True', reason: 'Healthy' });
    expect(readyStatus.components?.map(({ name, health }) => `${name} ${health}`)).toEqual([
      'acd-dbm healthy',
      'acd-task-runner healthy',
      'acd-web-1 healthy',
    ]);
    expect(condition(readyStatus, 'Reconciling')).toBeUndefined();
    expect(condition(readyStatus, 'Stalled')).toBeUndefined();
    expect(condition(readyStatus, 'Available')).toEqual({ status: 'True', reason: 'Serving' });
    expect(readyStatus.availability).toEqual({ countedSince: '2026-03-01T03:00:00Z' });
  });

  it('takes no machine for its own that is somebody else’s, nor their data', () => {
    const theirs = { clusterID: 'cluster-2', namespace: 'acme', name: 'main', uid: 'theirs' };
    const foreign = statusOf(observing(aHost({ state: state({ owner: theirs }) })));
    expect([foreign.host?.machineID, foreign.dataHost]).toEqual([undefined, undefined]);
    expect([readyStatus.host?.machineID, readyStatus.dataHost?.machineID]).toEqual([
      'machine-1',
      'machine-1',
    ]);
  });

  it('does not change when nothing does, so that nothing is written', () => {
    expect(statusOf(observing(aHost()), readyStack)).toEqual(readyStatus);
  });

  it('keeps quiet about a few bytes more or less on the disk', () => {
    const host = aHost({ facts: { ...aHost().facts, diskFreeBytes: 399 * 2 ** 30 } });
    expect(statusOf(observing(host), readyStack)).toEqual(readyStatus);
  });

  it('tells since when it is in its phase, whatever else changes', () => {
    expect(readyStatus.phaseStartTime).toBe('2026-03-01T03:00:00Z');
    const later = new Date(now.getTime() + 60_000);
    const unchanged = statusOf(observing(aHost()), readyStack, { now: later });
    expect(unchanged.phaseStartTime).toBe(readyStatus.phaseStartTime);
    const host = aHost({
      containers: aHost().containers.with(2, container('acd-web-1', { health: 'unhealthy' })),
    });
    const degraded = statusOf(observing(host), readyStack, { now: later });
    expect(degraded).toMatchObject({ phase: 'Degraded', phaseStartTime: '2026-03-01T03:01:00Z' });
    const { phaseStartTime: _unknown, ...ofEarlierVersion } = readyStatus;
    const upgraded = statusOf(observing(aHost()), aStack({}, {}, ofEarlierVersion), { now: later });
    expect(upgraded.phaseStartTime).toBe(readyStatus.phaseStartTime);
  });

  it('keeps the end of its certificate while the Secret cannot be read, and forgets one that is gone', () => {
    const scene = observing(aHost());
    const { desired } = scene;
    if (desired === undefined) throw new Error('nothing is desired');
    const certificate = { notAfter: new Date('2026-09-01T00:00:00Z'), isSelfSigned: false };
    const status = statusOf({ ...scene, desired: { ...desired, certificate } });
    expect(status.certificate).toEqual({ notAfter: '2026-09-01T00:00:00Z' });
    const stack = aStack({}, {}, status);
    const { desired: _unreadable, ...rest } = scene;
    expect(statusOf(rest, stack).certificate).toEqual(status.certificate);
    expect(statusOf(scene, stack).certificate).toBeUndefined();
  });

  it('is Degraded when a container of a ready stack fails, and names it', () => {
    const host = aHost({
      containers: aHost().containers.with(2, container('acd-web-1', { health: 'unhealthy' })),
    });
    const status = statusOf(observing(host), readyStack);
    expect(status).toMatchObject({
      phase: 'Degraded',
      componentsReady: '2/3',
      message: expect.stringContaining('acd-web-1'),
    });
    expect(condition(status, 'Ready')).toEqual({ status: 'False', reason: 'ComponentsUnhealthy' });
  });

  it('is Degraded, for the reason Drifted, while drift is corrected', () => {
    const status = statusOf(observing(aHost({ containers: aHost().containers.slice(0, 2) })), readyStack);
    expect(status).toMatchObject({ phase: 'Degraded', message: expect.stringContaining('acd-web-1') });
    expect(condition(status, 'Ready')).toEqual({ status: 'False', reason: 'Drifted' });
  });

  it('shows progress and what runs while an activity works', () => {
    const message = 'pulling images: 2 of 7, 10 of 40 MiB';
    const status = statusOf(observing(anEmptyHost()), aStack(), {
      activity: { message, progressPercent: 25 },
    });
    expect(status.message).toBe(message);
    expect(condition(status, 'Reconciling')?.status).toBe('True');
  });

  it('names a failure with its reason while it waits to try again', () => {
    const message = 'registry.example refuses user x';
    const status = statusOf(observing(anEmptyHost()), aStack(), {
      failure: { reason: 'RegistryRefused', message },
    });
    expect(condition(status, 'Ready')).toEqual({ status: 'False', reason: 'RegistryRefused' });
    expect(status.message).toBe(message);
  });

  it('is Stalled when only a person can help', () => {
    const observed = observing(anEmptyHost(), {
      findings: [{ reason: 'HostTooSmall', facts: { is: 'Told', message: 'the host has 1 core' } }],
    });
    const status = statusOf(observed);
    expect(status.phase).toBe('Stalled');
    expect(condition(status, 'Preflight')).toEqual({ status: 'False', reason: 'HostTooSmall' });
    expect(condition(status, 'Stalled')).toEqual({ status: 'True', reason: 'HostTooSmall' });
  });

  it('says Paused and what it would do when it only observes', () => {
    const status = statusOf(observing(anEmptyHost()), aStack({ managementMode: 'Observe' }));
    expect(condition(status, 'Paused')).toEqual({ status: 'True', reason: 'Observing' });
    expect(status.message).toBe('observing only; would be setting the host up');
    expect(condition(status, 'Reconciling')).toBeUndefined();
  });
});

describe('a host that does not answer', () => {
  it('is told at once, but the stack stays Ready for the grace time with its last known containers', () => {
    const status = statusOf(unreachable, readyStack);
    expect(condition(status, 'HostReachable')).toEqual({ status: 'False', reason: 'HostUnreachable' });
    expect(condition(status, 'Ready')?.status).toBe('True');
    // Nobody knows, although the last word on everything else is believed.
    expect(condition(status, 'Available')).toEqual({ status: 'Unknown', reason: 'HostUnreachable' });
    expect(status.availability?.unknownSince).toBe('2026-03-01T03:00:00Z');
    expect(status.components).toEqual(readyStatus.components);
  });

  it('that is stopped is not believed to be ready: nothing of it serves', () => {
    const stopped = aStack({ powerState: 'Stopped' });
    const none = observing(aHost({ containers: [] }));
    const before = statusOf(none, stopped);
    expect(condition(before, 'Ready')).toEqual({ status: 'True', reason: 'Stopped' });
    const status = statusOf(unreachable, aStack({ powerState: 'Stopped' }, {}, before));
    expect(condition(status, 'Ready')).toEqual({ status: 'False', reason: 'HostUnreachable' });
    expect(status.phase).toBe('Unreachable');
  });

  it('leaves a suspended stack its Ready, whatever there is to do', () => {
    const stack = aStack({ suspend: true }, {}, readyStatus);
    const lost = { ...unreachable, missingCredentials: { generate: [], selfSigned: true } };
    expect(condition(statusOf(lost, stack), 'Ready')).toBeDefined();
  });

  it('makes what depends on it Unknown after the grace time', () => {
    const first = statusOf(unreachable, readyStack);
    const later = new Date(now.getTime() + 301_000);
    const status = statusOf(unreachable, aStack({}, {}, first), { now: later });
    expect(status.phase).toBe('Unreachable');
    for (const type of ['Ready', 'DataLoaded', 'UpToDate', 'Drifted'] as const)
      expect(condition(status, type)?.status).toBe('Unknown');
    expect(status.components).toEqual(readyStatus.components);
  });
});

describe('a release store that does not answer', () => {
  it('does not make a running stack less ready', () => {
    const { desired: _desired, ...observed } = observing(aHost(), {
      release: { ok: false, reason: 'StoreUnreachable', message: 'no answer' },
    });
    const status = statusOf(observed, readyStack);
    expect(condition(status, 'Ready')?.status).toBe('True');
    expect(condition(status, 'ReleaseAvailable')).toEqual({ status: 'False', reason: 'StoreUnreachable' });
    expect(condition(status, 'Available')).toEqual({ status: 'True', reason: 'Serving' });
  });
});

describe('events of a stack', () => {
  it('tell when it becomes ready and when it stops being so, once', () => {
    expect(transitionEvents(undefined, readyStatus).map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Normal Healthy',
    ]);
    expect(transitionEvents(readyStatus, readyStatus)).toEqual([]);
    const broken = statusOf(
      observing(
        aHost({ containers: aHost().containers.with(2, container('acd-web-1', { health: 'unhealthy' })) }),
      ),
      readyStack,
    );
    expect(transitionEvents(readyStatus, broken).map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Warning ComponentsUnhealthy',
    ]);
  });

  it('tell that drift is corrected, also of a container that was first seen on its way out', () => {
    const removing = statusOf(
      observing(
        aHost({ containers: aHost().containers.with(2, container('acd-web-1', { state: 'removing' })) }),
      ),
      readyStack,
    );
    const gone = statusOf(
      observing(aHost({ containers: aHost().containers.slice(0, 2) })),
      aStack({}, {}, removing),
    );
    expect(transitionEvents(readyStatus, removing).map(({ reason }) => reason)).toEqual([
      'ComponentsUnhealthy',
    ]);
    expect(transitionEvents(removing, gone)).toEqual([
      { type: 'Warning', reason: 'Drifted', note: expect.stringContaining('acd-web-1') },
    ]);
    expect(transitionEvents(gone, gone)).toEqual([]);
    expect(transitionEvents(readyStatus, gone).map(({ reason }) => reason)).toEqual(['Drifted']);
  });
});
