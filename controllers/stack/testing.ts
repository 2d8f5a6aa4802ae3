/** Builders for the tests of this folder: a healthy, installed stack, from which each test takes away what it is about. */

import type { JtelStack, JtelStackSpec } from '../../crds/index.ts';
import type {
  HostFacts,
  HostObservation,
  HostState,
  ObservedContainer,
  RenderedRelease,
} from '../../host-driver/host.ts';
import type { Choice, Identity, Observed, Plan, PlanInput } from './model.ts';
import { plan } from './plan/plan.ts';
import { optional } from '../../base/optional.ts';

export const now = new Date('2026-03-01T03:00:00Z');
const services = ['acd-dbm', 'acd-task-runner', 'acd-web-1'];
const epoch = 3;
export const identity: Identity = { clusterID: 'cluster-1', heldEpoch: epoch };

export function aStack(
  spec: Partial<JtelStackSpec> = {},
  metadata: Partial<JtelStack['metadata']> = {},
  status?: JtelStack['status'],
): JtelStack {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelStack',
    metadata: {
      namespace: 'acme',
      name: 'main',
      uid: 'stack-uid',
      generation: 1,
      resourceVersion: '1',
      ...metadata,
    } as JtelStack['metadata'],
    spec: {
      version: '3.43.2',
      size: 'Small',
      releaseStoreRef: { name: 'vendor' },
      host: {
        address: '192.0.2.10',
        port: 22,
        user: 'jtel',
        sshSecretRef: { name: 'ssh' },
        hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
        bootstrap: 'Managed',
      },
      network: { fqdn: 'acme.jtel.example' },
      initialData: { source: 'Auto' },
      update: { preUpdateBackup: 'Required', progressDeadlineSeconds: 3600, onFailure: 'Rollback' },
      relocation: { source: 'Migrate' },
      drift: 'Correct',
      managementMode: 'Manage',
      powerState: 'Running',
      suspend: false,
      deletionPolicy: 'Orphan',
      revisionHistoryLimit: 10,
      ...spec,
    },
    ...optional({ status }),
  };
}

export function facts(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    machineID: 'machine-1',
    osID: 'debian',
    osVersion: '13',
    osName: 'Debian GNU/Linux 13 (trixie)',
    architecture: 'x86_64',
    cores: 4,
    memoryBytes: 16 * 2 ** 30,
    dataRoot: '/var/lib/docker',
    diskTotalBytes: 500 * 2 ** 30,
    diskFreeBytes: 400 * 2 ** 30,
    timeZone: 'Europe/Berlin',
    clockSkewSeconds: 0,
    canSudo: true,
    dockerVersion: '26.1.5',
    apiVersion: '1.45',
    composeVersion: '2.26.1',
    ...changes,
  };
}

export function container(service: string, changes: Partial<ObservedContainer> = {}): ObservedContainer {
  return {
    id: `id-${service}`,
    name: `jtel-acme-main-${service}-1`,
    service,
    image: `registry.example/jtel/${service}@sha256:${'1'.repeat(64)}`,
    imageID: `sha256:image-${service}`,
    state: 'running',
    health: 'healthy',
    createdSeconds: 1_700_000_000,
    configHash: `hash-${service}`,
    ...changes,
  };
}

const release: RenderedRelease = {
  digest: 'd2',
  version: '3.43.2',
  composeYaml: '',
  composeVolumes: {},
  start: { createYaml: '', createYamlForOldDocker: '', edges: [] },
  files: [],
  images: [],
  volumes: [],
  services,
};

export function state(changes: Partial<HostState> = {}): HostState {
  return {
    formatVersion: 1,
    owner: { clusterID: 'cluster-1', namespace: 'acme', name: 'main', uid: 'stack-uid' },
    epoch,
    machineID: 'machine-1',
    setupDigest: 'setup-1',
    applied: {
      digest: 'd2',
      version: '3.43.2',
      time: '2026-03-01T02:00:00Z',
      composeVersion: '2.26.1',
      services: services.map((service) => ({
        service,
        configHash: `hash-${service}`,
        imageID: `sha256:image-${service}`,
      })),
    },
    data: { source: 'vanilla 3.43.2', time: '2026-03-01T01:00:00Z' },
    ...changes,
  };
}

export function aHost(changes: Partial<HostObservation> = {}): HostObservation {
  return {
    facts: facts(),
    state: state(),
    containers: services.map((service) => container(service)),
    jobs: [],
    releases: ['d2'],
    currentRelease: 'd2',
    volumes: [],
    ...changes,
  };
}

/** A host that only has an operating system. */
export function anEmptyHost(changes: Partial<HostObservation> = {}): HostObservation {
  return { facts: facts(), containers: [], jobs: [], releases: [], volumes: [], ...changes };
}

/** Claimed and set up, with the release written, nothing running. */
export function aPreparedHost(
  changes: Partial<HostObservation> = {},
  stateChanges: Partial<HostState> = {},
): HostObservation {
  const { applied: _applied, data: _data, ...prepared } = state();
  return { ...anEmptyHost(), state: { ...prepared, ...stateChanges }, releases: ['d2'], ...changes };
}

/** What is desired and what is observed, in one: most tests are about a few fields of either. */
export type Scene = Omit<Choice, 'stack'> & Observed;

export function observing(host: HostObservation, changes: Partial<Scene> = {}): Scene {
  return {
    secrets: { ok: true, value: undefined },
    release: {
      ok: true,
      value: {
        version: '3.43.2',
        databaseServices: ['acd-dbm'],
        updateFrom: (version) =>
          version === '3.43.1'
            ? { allowed: true }
            : {
                allowed: false,
                kind: version > '3.43.2' ? 'Downgrade' : 'TooFar',
                message: `no way from ${version}`,
              },
      },
    },
    desired: { release, setup: { mode: 'Managed' }, setupDigest: 'setup-1' },
    host: { ok: true, value: host },
    findings: [],
    bringsData: changes.order !== undefined || changes.relocation !== undefined,
    ...(host.state?.data === undefined
      ? {
          initialData: {
            ok: true,
            value: { kind: 'Vanilla', source: 'vanilla 3.43.2', version: '3.43.2', database: 'Logical' },
          } as const,
        }
      : {}),
    ...changes,
  };
}

export function planInput(scene: Scene, changes: Partial<PlanInput> = {}): PlanInput {
  return { ...scene, stack: aStack(), observed: scene, identity, now, ...changes };
}

/** The data of a stack that was installed without a backup. */
export function loaded(): { source: string; time: string } {
  return { source: 'vanilla 3.43.2', time: '2026-03-01T01:00:00Z' };
}

/** What the planner would do next, by the types of the actions; else why it does nothing. */
export function wave(scene: Scene, changes: Partial<PlanInput> = {}): readonly string[] {
  const planned = plan(planInput(scene, changes));
  return planned.kind === 'Act'
    ? planned.wave.map((action) => action.type)
    : [planned.kind, ...reasonOf(planned)];
}

function reasonOf(planned: Plan): readonly string[] {
  return planned.kind === 'Blocked' || planned.kind === 'Wait' ? [planned.reason] : [];
}

/** For tests of what others make of a status. */
export { summarise as summariseStack } from './report/status.ts';
export type { Plan as StackPlan, StatusInput, Step } from './model.ts';
export { followChannel } from './report/channel.ts';
