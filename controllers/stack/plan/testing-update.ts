/** Builders for the tests of changes: a stack on its way from 3.43.1 to 3.43.2. Those of the way there and those of the way back need the same. */
import type { JtelBackup, JtelStackSpec } from '../../../crds/index.ts';
import type { HostObservation, HostState, ObservedContainer } from '../../../host-driver/host.ts';
import type { Plan, PlanInput } from '../model.ts';
import { plan } from './plan.ts';
import type { Attempt, Revision, RevisionOutcome, Revisions } from '../desired/revisions.ts';
import { aHost, aStack, container, now, observing, planInput, state, type Scene } from '../testing.ts';
import { optional } from '../../../base/optional.ts';

export const policy = {
  preUpdateBackup: 'Required',
  progressDeadlineSeconds: 3600,
  onFailure: 'Rollback',
} as const;
export const store = { backup: { storeRef: { name: 'customer' } } } as unknown as Partial<JtelStackSpec>;
export const secondsAgo = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString();

export function revision(
  number: number,
  version: string,
  noted: { readonly attempt?: Attempt; readonly outcome?: RevisionOutcome } = {},
): Revision {
  return { name: `main-${number}`, number, spec: aStack({ version }).spec, time: secondsAgo(7200), ...noted };
}

export const good = revision(1, '3.43.1', { outcome: { result: 'Succeeded', time: secondsAgo(7000) } });
export const begun: Attempt = {
  action: 'Update',
  startTime: secondsAgo(60),
  from: { revision: 1, version: '3.43.1' },
  backupRef: 'main-pre-update-2',
};
export const updater = { service: 'acd-task-runner', image: 'registry/jtel/acd-task-runner@sha256:new' };
export const mark = { from: '3.43.1', to: '3.43.2', updater, time: secondsAgo(30) };

export function log(attempt?: Attempt, outcome?: RevisionOutcome): Revisions {
  const current = revision(2, '3.43.2', {
    ...optional({ attempt, outcome }),
  });
  return { all: [good, current], current, good: outcome?.result === 'Succeeded' ? current : good };
}

/** 3.43.1 runs; 3.43.2 is wanted. */
export function old(
  changes: Partial<HostObservation> = {},
  stateChanges: Partial<HostState> = {},
): HostObservation {
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
export function started(
  containers: readonly ObservedContainer[] = aHost().containers,
  update: HostState['update'] | 'None' = mark,
): HostObservation {
  return aHost({ state: state(update === 'None' ? {} : { update }), containers, images: [] });
}

export const young = (service: string, changes: Partial<ObservedContainer> = {}): ObservedContainer =>
  container(service, {
    createdSeconds: now.getTime() / 1000 - 30,
    startedSeconds: now.getTime() / 1000 - 30,
    ...changes,
  });
export const newRunner = (changes: Partial<ObservedContainer> = {}): ObservedContainer =>
  young('acd-task-runner', { image: updater.image, ...changes });
export const all = (...changed: readonly ObservedContainer[]): readonly ObservedContainer[] =>
  aHost().containers.map((one) => changed.find(({ service }) => service === one.service) ?? one);

export function planned(
  host: HostObservation,
  revisions: Revisions,
  changes: Partial<Scene> = {},
  input: Partial<PlanInput> = {},
): Plan {
  return plan(
    planInput(observing(host, { revisions, ...changes }), {
      stack: aStack({ update: policy, ...store }),
      ...input,
    }),
  );
}

export function wave(...given: Parameters<typeof planned>): readonly string[] {
  const verdict = planned(...given);
  if (verdict.kind === 'Act') return verdict.wave.map(({ type }) => type);
  return verdict.kind === 'Done' ? ['Done'] : [verdict.kind, verdict.reason];
}

export const backup = (
  phase: 'Running' | 'Completed' | 'Failed',
  completionTime?: string,
): { readonly updateBackup: JtelBackup } => ({
  updateBackup: {
    metadata: { name: 'main-pre-update-2' },
    status: {
      phase,
      message: 'the store is away.',
      ...optional({ completionTime }),
    },
  } as unknown as JtelBackup,
});
