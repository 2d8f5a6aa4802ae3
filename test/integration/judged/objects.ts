/**
 * An object in every phase of every kind, with the status that its controller writes then, and how it is to
 * be judged. The statuses come from the controllers' own functions.
 */
import {
  aBackup,
  aRunningBackup,
  observing as observingBackup,
  summariseBackup,
  type BackupPlan,
} from '../../../controllers/backup/testing.ts';
import { summariseRestore, type RestorePlan } from '../../../controllers/restore/testing.ts';
import * as stacks from '../../../controllers/stack/testing.ts';
import {
  summariseStack,
  type StackPlan,
  type StatusInput,
  type Step,
} from '../../../controllers/stack/testing.ts';
import { aStore, summariseStore, type StoreObserved } from '../../../controllers/store/testing.ts';
import type {
  JtelBackup,
  JtelBackupStore,
  JtelRestore,
  JtelStack,
  JtelStackSpec,
  Reason,
} from '../../../crds/index.ts';
import { channels } from './channels.ts';

export type Kind = 'JtelStack' | 'JtelBackup' | 'JtelRestore' | 'JtelBackupStore' | 'JtelChannel';

export interface Judged {
  readonly kind: Kind;
  readonly situation: string;
  readonly object: { readonly metadata: { readonly generation: number } };
  readonly kstatus: 'InProgress' | 'Current' | 'Failed' | 'Terminating';
  readonly argo: 'Progressing' | 'Healthy' | 'Degraded' | 'Suspended';
}

const now = new Date('2026-03-01T03:00:00Z');
/** What an API server adds to an object that nobody has looked at. */
const unseen = { observedGeneration: -1 };
const outcome = {
  working: { kstatus: 'InProgress', argo: 'Progressing' },
  well: { kstatus: 'Current', argo: 'Healthy' },
  failed: { kstatus: 'Failed', argo: 'Degraded' },
  paused: { kstatus: 'Current', argo: 'Suspended' },
  leaving: { kstatus: 'Terminating', argo: 'Progressing' },
} as const;
const told = (reason: Reason) => ({ reason, facts: { is: 'Told', message: 'because.' } }) as const;
const leaving = { deletionTimestamp: '2026-03-01T02:59:00Z' };

function backup(from: JtelBackup, plan: BackupPlan): JtelBackup {
  const observed = observingBackup();
  const input = { observed, plan, identity: 'acme.main', newBackupID: '20260301t030000z-00000b', now };
  return { ...from, status: summariseBackup({ backup: from, ...input }) };
}

const testing: BackupPlan = {
  kind: 'Wait',
  step: 'Testing',
  afterSeconds: 5,
  ...told('BackupVerifying'),
};
const failedBackup = backup(aRunningBackup(), { kind: 'Fail', ...told('BackupFailed') });
const { conditions: _conditions, ...olderStatus } = failedBackup.status ?? {};
const backups: readonly Judged[] = [
  { situation: 'not looked at', object: { ...aBackup(), status: unseen }, ...outcome.working },
  {
    situation: 'Pending',
    object: backup(aBackup(), { kind: 'Wait', step: 'Waiting', afterSeconds: 5, ...told('HostUnreachable') }),
    ...outcome.working,
  },
  {
    situation: 'Running',
    object: backup(aRunningBackup(), { kind: 'Act', step: 'Running', wave: [] }),
    ...outcome.working,
  },
  { situation: 'Verifying', object: backup(aRunningBackup(), testing), ...outcome.working },
  { situation: 'Completed', object: backup(aRunningBackup(), { kind: 'Complete' }), ...outcome.well },
  { situation: 'Failed', object: failedBackup, ...outcome.failed },
  { situation: 'Failed, looked at again', object: backup(failedBackup, { kind: 'Done' }), ...outcome.failed },
  {
    situation: 'Failed under an older operator',
    object: backup(
      {
        ...failedBackup,
        status: {
          ...olderStatus,
          conditions: (failedBackup.status?.conditions ?? []).filter(({ type }) => type === 'Failed'),
        },
      },
      { kind: 'Done' },
    ),
    ...outcome.failed,
  },
  {
    situation: 'Running, deleted',
    object: backup({ ...aRunningBackup(), metadata: { ...aRunningBackup().metadata, ...leaving } }, testing),
    ...outcome.leaving,
  },
].map((judged) => ({ kind: 'JtelBackup', ...judged }) as const);

const aRestore = {
  apiVersion: 'jtel.de/v1alpha1',
  kind: 'JtelRestore',
  metadata: { namespace: 'acme', name: 'back', uid: 'restore-uid', generation: 1 },
  spec: { stackRef: { name: 'main' }, source: { latestOf: 'acme.main' }, mode: 'Execute' },
} as JtelRestore;

function restore(plan: RestorePlan): JtelRestore {
  const target = { ok: false, reason: 'NotChecked', message: 'not looked for.' } as const;
  return { ...aRestore, status: summariseRestore({ restore: aRestore, observed: { target }, plan, now }) };
}

const restorePhases = ['Pending', 'Checking', 'Loading', 'Starting'] as const;
const restores: readonly Judged[] = [
  { situation: 'not looked at', object: { ...aRestore, status: unseen }, ...outcome.working },
  ...restorePhases.map((phase) => ({
    situation: phase,
    object: restore({ kind: 'Wait', phase, afterSeconds: 5, ...told('Restoring') }),
    ...outcome.working,
  })),
  {
    situation: 'Completed',
    object: restore({ kind: 'Complete', ...told('Completed') }),
    ...outcome.well,
  },
  {
    situation: 'Failed',
    object: restore({ kind: 'Fail', ...told('RestoreFailed') }),
    ...outcome.failed,
  },
].map((judged) => ({ kind: 'JtelRestore', ...judged }) as const);

function store(observed: StoreObserved): JtelBackupStore {
  return { ...aStore(), status: summariseStore(aStore(), observed, { kind: 'Written' }, now) };
}

const unusable = (reason: Reason): StoreObserved => ({
  kind: 'Unusable',
  problem: { reason, message: 'what happened.' },
});
const stores: readonly Judged[] = [
  { situation: 'not looked at', object: { ...aStore(), status: unseen }, ...outcome.working },
  { situation: 'available', object: store({ kind: 'Listed', contents: undefined }), ...outcome.well },
  { situation: 'busy', object: store(unusable('StoreThrottled')), ...outcome.working },
  { situation: 'unavailable', object: store(unusable('StoreUnreachable')), ...outcome.failed },
].map((judged) => ({ kind: 'JtelBackupStore', ...judged }) as const);

const serving = stacks.observing(stacks.aHost());
const empty = stacks.observing(stacks.anEmptyHost());
const broken = stacks.observing(
  stacks.aHost({
    containers: stacks.aHost().containers.with(2, stacks.container('acd-web-1', { health: 'unhealthy' })),
  }),
);

function stack(
  plan: StackPlan,
  observed: stacks.Scene = serving,
  spec: Partial<JtelStackSpec> = {},
  extra: Partial<StatusInput> & { readonly before?: JtelStack['status']; readonly metadata?: object } = {},
): JtelStack {
  const { before, metadata, ...rest } = extra;
  const from = stacks.aStack(spec, metadata, before);
  return {
    ...from,
    status: summariseStack({
      clusterID: stacks.identity.clusterID,
      ...observed,
      stack: from,
      observed,
      plan,
      now,
      ...rest,
    }),
  };
}

const { facts } = told('Pending');
const act = (step: Step): StackPlan => ({ kind: 'Act', step, wave: [], facts });
const health: StackPlan = {
  kind: 'Wait',
  step: 'Health',
  reason: 'WaitingForHealth',
  facts,
  afterSeconds: 5,
};
const blocked = (reason: Reason, step: Step, stalled: boolean): StackPlan => ({
  kind: 'Blocked',
  step,
  condition: 'Ready',
  reason,
  facts,
  stalled,
  afterSeconds: 60,
});
const done = { kind: 'Done', step: 'Done' } as const;
const observeOnly = { managementMode: 'Observe' } as const;
const away = stacks.observing(stacks.aHost(), {
  host: { ok: false, reason: 'HostUnreachable', message: 'it does not answer.' },
});
const wasReady = stack(done).status;

const working: readonly (readonly [string, JtelStack])[] = [
  ['not looked at', { ...stacks.aStack(), status: unseen }],
  ['Pending', stack(blocked('ReleaseNotFound', 'Inputs', false), empty)],
  ['Preparing', stack(act('SetUp'), empty)],
  ['Installing', stack(act('Data'), empty)],
  ['Starting', stack(act('Apply'), empty)],
  ['Updating', stack(act('Apply'))],
  ['RollingBack', stack(act('WayBack'))],
  ['Restoring', stack(act('Restore'))],
  ['Relocating', stack(act('Relocate'))],
  ['Stopping', stack(act('Stop'))],
  ['Degraded', stack(health, broken, {}, { before: wasReady })],
  ['Unreachable', stack(blocked('HostUnreachable', 'Host', false), away)],
];
const restingStacks: readonly Judged[] = [
  { situation: 'Ready', object: stack(done), ...outcome.well },
  {
    situation: 'Stopped',
    object: stack({ kind: 'Done', step: 'Stop' }, serving, { powerState: 'Stopped' }),
    ...outcome.well,
  },
  { situation: 'Stalled', object: stack(blocked('SecretNotFound', 'Inputs', true)), ...outcome.failed },
  { situation: 'Suspended', object: stack(done, serving, { suspend: true }), ...outcome.paused },
  {
    situation: 'Suspended, with a change to come',
    object: stack(act('Apply'), serving, { suspend: true }),
    ...outcome.paused,
  },
  {
    situation: 'Suspended, and broken',
    object: stack(act('Repair'), broken, { suspend: true }),
    ...outcome.failed,
  },
  {
    situation: 'Observing, with a change to come',
    object: stack(act('Apply'), serving, observeOnly),
    ...outcome.paused,
  },
  {
    situation: 'Observing, and nothing was ever installed',
    object: stack(act('SetUp'), empty, observeOnly),
    ...outcome.paused,
  },
  { situation: 'Observing, and broken', object: stack(health, broken, observeOnly), ...outcome.failed },
  {
    situation: 'Deleting',
    object: stack(act('Delete'), serving, {}, { metadata: leaving }),
    ...outcome.leaving,
  },
].map((judged) => ({ kind: 'JtelStack', ...judged }) as const);

export const judged: readonly Judged[] = [
  ...working.map(([situation, object]) => ({
    kind: 'JtelStack' as const,
    situation,
    object,
    ...outcome.working,
  })),
  ...restingStacks,
  ...backups,
  ...restores,
  ...stores,
  ...(['working', 'well', 'failed'] as const).flatMap((how) =>
    channels[how].map(([situation, object]) => ({
      kind: 'JtelChannel' as const,
      situation,
      object: object as Judged['object'],
      ...outcome[how],
    })),
  ),
];
