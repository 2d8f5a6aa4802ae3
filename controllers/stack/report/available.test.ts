import { describe, expect, it } from 'vitest';
import { optional } from '../../../base/optional.ts';
import type { HostObservation } from '../../../host-driver/host.ts';
import type { Condition, JtelStackSpec, JtelStackStatus } from '../../../crds/index.ts';
import { plan } from '../plan/plan.ts';
import { revision } from '../plan/testing-update.ts';
import {
  aHost,
  aPreparedHost,
  aStack,
  anEmptyHost,
  container,
  facts,
  identity,
  now,
  observing,
  planInput,
  state,
  type Scene,
} from '../testing.ts';
import { findDrift } from '../plan/stages/running.ts';
import { available, type AvailableInput } from './available.ts';
import { serving } from './readiness.ts';

interface Changes {
  readonly spec?: Partial<JtelStackSpec>;
  readonly status?: JtelStackStatus;
  readonly more?: Partial<AvailableInput>;
}

/** `status reason` */
function told(scene: Scene, { spec = {}, status, more = {} }: Changes = {}): string {
  const stack = aStack(spec, {}, status);
  const { desired } = scene;
  const draft = available({
    stack,
    clusterID: identity.clusterID,
    observed: scene,
    ...(desired === undefined ? {} : { desired }),
    plan: plan(planInput(scene, { stack, now })),
    deleting: false,
    suspended: stack.spec.suspend,
    observeOnly: stack.spec.managementMode === 'Observe',
    ...more,
  });
  expect(draft.message).toMatch(/^[A-Z].*\.$/);
  return `${draft.status} ${draft.reason}`;
}

const broken = aHost({
  containers: aHost().containers.with(2, container('acd-web-1', { health: 'unhealthy' })),
});
const web2 = { service: 'acd-web-2', configHash: 'hash-acd-web-2', imageID: 'sha256:image-acd-web-2' };
const { applied: withOne = never() } = state();
const secondDead = aHost({
  state: state({ applied: { ...withOne, services: [...withOne.services, web2] } }),
  containers: [...aHost().containers, container('acd-web-2', { state: 'exited', health: 'none' })],
});
const stopped = aHost({ containers: [] });
const away = { ok: false, reason: 'HostUnreachable', message: '192.0.2.10 does not answer.' } as const;
const withoutDocker = (): ReturnType<typeof facts> => {
  const { dockerVersion: _, ...others } = facts();
  return others;
};
const theirs = { clusterID: 'cluster-2', namespace: 'acme', name: 'main', uid: 'theirs' };
const { applied: _applied, ...notApplied } = state();
const changing = revision(1, '3.43.2', {
  attempt: { action: 'Install', startTime: '2026-03-01T02:59:00Z' },
});
const before = (status: Condition['status'], reason: string): JtelStackStatus => ({
  conditions: [
    { type: 'Available', status, reason, message: '', lastTransitionTime: '2026-03-01T02:00:00Z' },
  ],
});
const mistyped: Partial<Scene> = {
  release: { ok: false, reason: 'ReleaseNotFound', message: 'there is no 3.34.2.' },
};

describe('whether a stack is available', () => {
  it.each([
    ['everything runs', observing(aHost()), {}, 'True Serving'],
    ['everything runs, and planning refuses', observing(aHost(), mistyped), {}, 'True Serving'],
    [
      'another version is wanted',
      observing(aHost(), { findings: [] }),
      { spec: { version: '9.9.9' } },
      'True Serving',
    ],
    ['more services are wanted than were applied', wanting('acd-web-2'), {}, 'True Serving'],
    ['one is unhealthy', observing(broken), {}, 'False ComponentsUnhealthy'],
    ['the second of two web servers is dead', observing(secondDead), {}, 'False ComponentsUnhealthy'],
    ['the host does not answer', observing(aHost(), { host: away }), {}, 'Unknown HostUnreachable'],
    [
      'nobody may ask the host',
      observing(aHost(), { host: { ok: false, reason: 'NotChecked', message: 'there is no Secret.' } }),
      {},
      'Unknown NotChecked',
    ],
    [
      'Docker does not answer',
      observing(aHost({ containers: [], facts: withoutDocker() })),
      {},
      'Unknown DockerUnavailable',
    ],
    ['nothing was installed', observing(anEmptyHost()), {}, 'False NotInstalled'],
    [
      'nothing was installed, nor Docker',
      observing(anEmptyHost({ facts: withoutDocker() })),
      {},
      'False NotInstalled',
    ],
    ['it is stopped', observing(stopped), { spec: { powerState: 'Stopped' } }, 'False Stopped'],
    [
      'it is stopped and was never installed',
      observing(anEmptyHost()),
      { spec: { powerState: 'Stopped' } },
      'False Stopped',
    ],
    ['it is still being stopped', observing(aHost()), { spec: { powerState: 'Stopped' } }, 'True Serving'],
    [
      'somebody else runs there',
      observing(aHost({ state: state({ owner: theirs }) })),
      {},
      'Unknown HostOwned',
    ],
    [
      'it is suspended, and a change would be made',
      observing(stopped),
      { spec: { suspend: true } },
      'False ComponentsUnhealthy',
    ],
    ['it is deleted', observing(stopped), { more: { deleting: true } }, 'False Deleting'],
    [
      'only its database runs, to be loaded',
      observing(aPreparedHost({ containers: [container('acd-dbm')] })),
      {},
      'False LoadingData',
    ],
    [
      'its containers are made anew after a restore',
      observing(aPreparedHost()),
      { status: { availability: { countedSince: '2026-01-01T00:00:00Z' } } },
      'False LoadingData',
    ],
    [
      'everything was started, and nothing is recorded yet',
      observing(aHost({ state: notApplied })),
      {},
      'True Serving',
    ],
  ] as const)('when %s', (_, scene, changes, expected) => expect(told(scene, changes)).toBe(expected));

  it.each([
    ['was started for a change', { current: changing }, {}, 'WaitingForHealth'],
    ['was started anew', {}, before('False', 'Stopped'), 'WaitingForHealth'],
    ['served before', {}, before('True', 'Serving'), 'ComponentsUnhealthy'],
    ['broke some looks ago', {}, before('False', 'ComponentsUnhealthy'), 'ComponentsUnhealthy'],
    ['broke while its host was away', {}, before('Unknown', 'HostUnreachable'), 'ComponentsUnhealthy'],
  ] as const)('one that is not healthy and %s is told so', (_, revisions, status, reason) => {
    const scene = observing(
      broken,
      'current' in revisions ? { revisions: { ...revisions, all: [changing] } } : {},
    );
    expect(told(scene, { status })).toBe(`False ${reason}`);
  });

  it('names what is not as it should be', () => {
    const scene = observing(broken);
    const { message } = available({
      stack: aStack(),
      clusterID: identity.clusterID,
      observed: scene,
      plan: plan(planInput(scene)),
      deleting: false,
      suspended: false,
      observeOnly: false,
    });
    expect(message).toBe('Not as they should be: acd-web-1 (unhealthy).');
  });
});

describe('a service that runs once and has ended', () => {
  const ended = aHost({
    containers: aHost().containers.with(
      1,
      container('acd-task-runner', { state: 'exited', health: 'none', exitCode: 0 }),
    ),
  });

  it('is as it should be by its release', () => {
    const scene = observing(ended);
    const { desired } = scene;
    if (desired === undefined) throw new Error('nothing is desired');
    const release = { ...desired.release, tasks: ['acd-task-runner'] };
    expect(told({ ...scene, desired: { ...desired, release } })).toBe('True Serving');
    expect(told(scene)).toMatch(/^False/);
  });

  it('neither keeps the stack from serving nor counts as drift', () => {
    const scene = observing(ended);
    const { desired } = scene;
    if (desired === undefined) throw new Error('nothing is desired');
    const release = { ...desired.release, tasks: ['acd-task-runner'] };
    const serves = (input: Pick<AvailableInput, 'desired'>): unknown =>
      serving({ stack: aStack(), observed: scene, ...input });
    expect(serves({ desired: { ...desired, release } })).toBe(true);
    expect(serves({ desired })).toBe(false);
    expect(findDrift(ended, release.tasks)).toEqual([]);
    expect(findDrift(ended)).toHaveLength(1);
  });

  it('stays so while no release can be read, if the stack served with it', () => {
    const { desired: _, ...unreadable } = observing(ended, mistyped);
    const components = [{ name: 'acd-task-runner', state: 'exited' }] as const;
    const seen = (status: 'True' | 'False'): JtelStackStatus => ({
      ...before(status, 'Serving'),
      components: [...components],
    });
    expect(told(unreadable, { status: seen('True') })).toBe('True Serving');
    expect(told(unreadable, { status: seen('False') })).toMatch(/^False/);
    expect(told(unreadable)).toMatch(/^False/);
  });
});

describe('a release that marks what is essential', () => {
  const unwell = (...services: readonly string[]): HostObservation =>
    aHost({
      containers: aHost().containers.map((one) =>
        services.includes(one.service) ? { ...one, health: 'unhealthy' } : one,
      ),
    });
  const marking = (essential: readonly string[], host: HostObservation): Scene => {
    const scene = observing(host);
    const { desired } = scene;
    if (desired === undefined) throw new Error('nothing is desired');
    return { ...scene, desired: { ...desired, release: { ...desired.release, essential } } };
  };
  const runner = 'acd-task-runner';

  it.each([
    ['an essential service fails', ['acd-web-1'], ['acd-web-1'], 'False ComponentsUnhealthy'],
    ['another fails', ['acd-web-1'], [runner], 'True Serving'],
    ['nothing is marked', [], [runner], 'False ComponentsUnhealthy'],
    ['only what was not applied yet is marked', ['acd-new'], [runner], 'False ComponentsUnhealthy'],
  ] as const)('decides whether it serves when %s', (_, essential, failing, expected) =>
    expect(told(marking(essential, unwell(...failing)))).toBe(expected),
  );

  it('tells what does not run, all the same, and names only what matters when it does not serve', () => {
    const of = (...services: readonly string[]): string => {
      const scene = marking(['acd-web-1'], unwell(...services));
      const at = { stack: aStack(), clusterID: identity.clusterID, plan: plan(planInput(scene)) };
      const flags = { deleting: false, suspended: false, observeOnly: false };
      return available({ ...at, ...flags, observed: scene, ...optional({ desired: scene.desired }) }).message;
    };
    expect(of(runner)).toBe(
      'What customers use is up and healthy. Not as they should be, and not essential: acd-task-runner (unhealthy).',
    );
    expect(of(runner, 'acd-web-1')).toBe('Not as they should be: acd-web-1 (unhealthy).');
  });

  it('is believed while it cannot be read: what did not run when the stack last served is not missed', () => {
    const seen: JtelStackStatus = {
      ...before('True', 'Serving'),
      components: aHost().containers.map(({ service }) => ({
        name: service,
        state: 'running',
        health: service === runner ? 'unhealthy' : 'healthy',
      })),
    };
    const unreadable = (...services: readonly string[]): string => {
      const { desired: _, ...scene } = observing(unwell(...services), mistyped);
      return told(scene, { status: seen });
    };
    expect(unreadable(runner)).toBe('True Serving');
    expect(unreadable(runner, 'acd-web-1')).toMatch(/^False/);
    const gone = aHost({ containers: aHost().containers.filter(({ service }) => service !== 'acd-web-1') });
    const { desired: _, ...scene } = observing(gone, mistyped);
    expect(told(scene, { status: seen })).toMatch(/^False/);
  });
});

describe('a stack that is moved', () => {
  const from = { machineID: 'machine-0', host: aStack().spec.host };
  const moving = (changes: Partial<NonNullable<Scene['relocation']>>): Scene =>
    observing(anEmptyHost(), {
      relocation: {
        id: 'move-1',
        from,
        toMachineID: 'machine-1',
        source: 'Migrate',
        old: { ok: true, value: aHost() },
        ...changes,
      },
    });

  it.each([
    ['serves from where it came from', moving({}), 'True Serving'],
    ['is not known where that host does not answer', moving({ old: away }), 'Unknown HostUnreachable'],
    [
      'is not waited for on a host that was given up',
      moving({ old: away, source: 'RecoverFromBackup' }),
      'False NotInstalled',
    ],
    [
      'does not serve once it was stopped there',
      moving({ old: { ok: true, value: stopped } }),
      'False Relocating',
    ],
  ] as const)('%s', (_, scene, expected) => expect(told(scene)).toBe(expected));
});

/** As with one more replica in the spec. */
function wanting(service: string): Scene {
  const scene = observing(aHost());
  const { desired } = scene;
  if (desired === undefined) throw new Error('nothing is desired');
  const release = { ...desired.release, digest: 'd3', services: [...desired.release.services, service] };
  return { ...scene, desired: { ...desired, release } };
}

function never(): never {
  throw new Error('the state of the builder has it');
}
