/** The controllers around backups, and what wakes them; part of `controllers.ts`. */

import type { JtelBackup, JtelRestore, JtelStack, JtelStackStatus } from '../crds/index.ts';
import { defaultLimits } from '../controllers/backup/model.ts';
import { BackupReconciler } from '../controllers/backup/reconcile.ts';
import type { HostClaims } from '../controllers/hosts/claims.ts';
import { withBackupHealth } from '../controllers/stack/backup-health.ts';
import { ScheduleReconciler } from '../controllers/schedule/reconcile.ts';
import type { CredentialStore } from '../controllers/inputs/credentials.ts';
import type { ControllerParts } from './controllers.ts';
import {
  Activities,
  Controller,
  watching,
  type ObjectKey,
  type RuntimeMetrics,
  type Logger,
} from '../runtime/index.ts';
import type { WorkQueueOptions } from '../runtime/control/work-queue.ts';

/** Nights at two o'clock: many begin at once, and each look is mostly waiting for a host. */
const backupWorkers = 16;
/** A look at a schedule is a request or two. */
const scheduleWorkers = 4;

export interface SharedParts {
  readonly claims: HostClaims;
  readonly credentials: CredentialStore;
  readonly common: {
    readonly logger: Logger;
    readonly metrics?: RuntimeMetrics;
    readonly queue?: WorkQueueOptions;
  };
}

/** Runs until the signal aborts and everything that was started has ended. */
export async function runBackupControllers(
  parts: ControllerParts,
  { claims, credentials, common }: SharedParts,
  signal: AbortSignal,
): Promise<void> {
  const { caches, logger } = parts;
  const activities = new Activities<never>({ enqueue: (key) => backup.enqueue(key), logger });
  const unfinishedOfStack = caches.backups.index((one) =>
    isOver(one) ? [] : [`${one.metadata.namespace}/${one.spec.stackRef.name}`],
  );
  const waitingFor = (namespace: string, stackName: string): readonly ObjectKey[] =>
    unfinishedOfStack
      .get(`${namespace}/${stackName}`)
      .map(({ metadata }) => ({ namespace: metadata.namespace, name: metadata.name }));
  const backup: Controller<JtelBackup> = new Controller<JtelBackup>({
    ...common,
    name: 'backup',
    store: caches.backups,
    workers: backupWorkers,
    wakes: [
      // One that ended lets the next begin.
      watching(caches.backups, (one) =>
        isOver(one) ? waitingFor(one.metadata.namespace, one.spec.stackRef.name) : [],
      ),
      // A test restore that ended decides its backup.
      watching(caches.restores, ({ metadata }) =>
        (metadata.ownerReferences ?? [])
          .filter(({ kind }) => kind === 'JtelBackup')
          .map(({ name }) => ({ namespace: metadata.namespace, name })),
      ),
    ],
    reconciler: new BackupReconciler({
      ...parts,
      claims,
      credentials,
      activities,
      limits: { ...defaultLimits, ...parts.backupLimits },
    }),
  });
  const backupsOfStack = caches.backups.index((one) => [
    `${one.metadata.namespace}/${one.spec.stackRef.name}`,
  ]);
  const restoresOfStack = caches.restores.index((one) => [
    `${one.metadata.namespace}/${one.spec.stackRef.name}`,
  ]);
  const id = ({ metadata }: JtelStack): string => `${metadata.namespace}/${metadata.name}`;
  const schedule = new Controller<JtelStack>({
    ...common,
    name: 'schedule',
    store: caches.stacks,
    workers: scheduleWorkers,
    // One more that is finished may be one too many.
    wakes: [
      watching(caches.backups, (one) =>
        isOver(one) ? [{ namespace: one.metadata.namespace, name: one.spec.stackRef.name }] : [],
      ),
    ],
    reconciler: new ScheduleReconciler({
      ...parts,
      pods: parts.schedulePods,
      backupsOf: (stack): readonly JtelBackup[] => backupsOfStack.get(id(stack)),
      restoresOf: (stack): readonly JtelRestore[] => restoresOfStack.get(id(stack)),
    }),
  });
  try {
    await Promise.all([backup.run(signal), schedule.run(signal)]);
  } finally {
    await activities.close();
  }
}

/** Asked for, or over: a stack shows that, and need not look at its host for each percent in between. */
export function stackToTell(backup: JtelBackup): readonly ObjectKey[] {
  const { metadata, spec, status } = backup;
  return status?.phase === 'Running' || status?.phase === 'Verifying'
    ? []
    : [{ namespace: metadata.namespace, name: spec.stackRef.name }];
}

/** A store shows how many backups it has. */
export function storeToCount({ metadata, status }: JtelBackup): readonly ObjectKey[] {
  return status?.phase === 'Completed' && status.storeRef !== undefined
    ? [{ namespace: metadata.namespace, name: status.storeRef.name }]
    : [];
}

/** How a stack's backups are, from the caches. */
export function backupHealthFrom({
  caches,
  schedulePods,
}: ControllerParts): (status: JtelStackStatus, stack: JtelStack, now: Date) => JtelStackStatus {
  const id = (namespace: string, name: string): string => `${namespace}/${name}`;
  const backups = caches.backups.index((one) => [id(one.metadata.namespace, one.spec.stackRef.name)]);
  const restores = caches.restores.index((one) => [id(one.metadata.namespace, one.spec.stackRef.name)]);
  return (status, stack, now) => {
    const key = id(stack.metadata.namespace, stack.metadata.name);
    return withBackupHealth(status, {
      stack,
      backups: backups.get(key),
      restores: restores.get(key),
      hasCronJobs: schedulePods !== undefined,
      now,
    });
  };
}

function isOver({ status }: JtelBackup): boolean {
  return status?.phase === 'Completed' || status?.phase === 'Failed';
}
