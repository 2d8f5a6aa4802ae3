/** Rows of the lists: what objects say, in the words of web/protocol.ts. */
import { namedKeys } from '../../../backup-format/named-keys.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import { optional } from '../../../base/optional.ts';
import type { JtelBackup, JtelBackupStore, JtelRestore, JtelStack } from '../../../crds/index.ts';
import { isAvailable } from '../../../insight/available.ts';
import { judgeStack, urgencyOf } from '../../../insight/judge.ts';
import { recoveryPointOf } from '../../../insight/recovery-point.ts';
import type { RunningOperation, StackRow, StoreRow, Verdict } from '../../protocol.ts';
import { backupStrip } from './strip.ts';

/** A stack with its requests, as far as they may be read. */
export interface StackParts {
  /** Of the kubeconfig; absent if there is only one. */
  readonly context?: string | undefined;
  readonly stack: JtelStack;
  readonly backups?: readonly JtelBackup[] | undefined;
  readonly restores?: readonly JtelRestore[] | undefined;
}

export interface StoreParts {
  readonly context?: string | undefined;
  readonly store: JtelBackupStore;
  /** The last good backup of each stack that uses it, as far as they may be read. */
  readonly lastBackups?: readonly JtelBackup['status'][] | undefined;
}

export function keyOfRow(
  context: string | undefined,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return `${context === undefined ? '' : `${context}/`}${namespace}/${name}`;
}

export function stackRow({ context, stack, backups, restores }: StackParts, now: Date): StackRow {
  const { metadata, spec, status = {} } = stack;
  const { verdict, reason, message } = judgeStack(stack);
  const recoveryPoint = recoveryPointOf(stack, backups ?? []);
  const objectiveHours = spec.backup?.objectives?.recoveryPointHours;
  return {
    key: keyOfRow(context, metadata),
    namespace: metadata.namespace,
    name: metadata.name,
    labels: metadata.labels ?? {},
    wantedVersion: spec.version,
    size: spec.size,
    host: spec.host.address,
    urgency: urgencyOf(stack),
    verdict,
    phase: status.phase ?? 'Pending',
    message,
    createdTime: metadata.creationTimestamp,
    wantsBackups: spec.backup !== undefined,
    ...optional({
      context,
      version: status.version,
      since: status.phaseStartTime,
      available: availableOf(stack),
      reason,
      componentsReady: status.componentsReady,
      operation: operationOf(stack),
      restoreTest: restoreTestOf(stack, backups ?? [], restores ?? []),
      recoveryPoint:
        recoveryPoint === undefined
          ? undefined
          : {
              time: recoveryPoint,
              ...(objectiveHours === undefined ? {} : { objectiveSeconds: objectiveHours * 3600 }),
            },
      backups:
        backups === undefined || (spec.backup === undefined && backups.length === 0)
          ? undefined
          : backupStrip(stack, backups, now),
    }),
  };
}

function availableOf(stack: JtelStack): boolean | undefined {
  const told = findCondition(stack.status?.conditions, 'Available');
  const isKnown =
    told === undefined ? stack.status?.componentsReady !== undefined : told.status !== 'Unknown';
  return isKnown ? isAvailable(stack) : undefined;
}

function operationOf({ status }: JtelStack): RunningOperation | undefined {
  const running = status?.operation;
  if (running === undefined) return undefined;
  return {
    type: running.type,
    ...optional({
      step: running.step,
      percent: running.progressPercent,
      since: running.startTime,
      message: running.message,
    }),
  };
}

/** One that runs, as its object says; else the last that ended, which the status knows also when its object is gone. */
function restoreTestOf(
  stack: JtelStack,
  backups: readonly JtelBackup[],
  restores: readonly JtelRestore[],
): StackRow['restoreTest'] {
  const running = [
    ...backups.filter(({ spec, status }) => spec.verify === 'Restore' && status?.phase === 'Verifying'),
    ...restores.filter(({ spec, status }) => spec.mode === 'Test' && !hasEnded(status?.phase)),
  ];
  const newest = running
    .map(({ metadata, status }) => status?.startTime ?? metadata.creationTimestamp)
    .toSorted()
    .at(-1);
  if (newest !== undefined) return { result: 'Running', time: newest };
  const { lastRestoreTestResult: result, lastRestoreTestTime: time } = stack.status?.backup ?? {};
  return result === undefined || time === undefined ? undefined : { result, time };
}

function hasEnded(phase: NonNullable<JtelRestore['status']>['phase']): boolean {
  return phase === 'Completed' || phase === 'Failed';
}

export function storeRow({ context, store, lastBackups }: StoreParts): StoreRow {
  const { metadata, spec, status = {} } = store;
  const reachable = truthOf(store, 'Available');
  const immutable = truthOf(store, 'Immutable');
  return {
    key: keyOfRow(context, metadata),
    namespace: metadata.namespace,
    name: metadata.name,
    tier: spec.tier,
    accessMode: spec.accessMode,
    place: [spec.azure.endpoint, spec.azure.container, spec.azure.prefix]
      .filter((part) => part !== undefined)
      .join('/'),
    verdict: verdictOf(store),
    message: status.message ?? 'not looked at yet',
    ...optional({
      context,
      reachable,
      immutable,
      backups: status.backups,
      lastBackupTime: status.lastBackupTime,
      keys: spec.tier === 'Customer' ? keysOf(store) : undefined,
      bytes: bytesIn(lastBackups ?? []),
    }),
  };
}

function keysOf({ spec, status }: JtelBackupStore): NonNullable<StoreRow['keys']> {
  return namedKeys({ ...spec, ...status }).map(({ keyID, use, isRevoked }) => ({ keyID, use, isRevoked }));
}

function truthOf({ status }: JtelBackupStore, type: string): boolean | undefined {
  const found = findCondition(status?.conditions, type)?.status;
  return found === undefined || found === 'Unknown' ? undefined : found === 'True';
}

function verdictOf(store: JtelBackupStore): Verdict {
  if (truthOf(store, 'Available') === false) return 'Bad';
  const ready = truthOf(store, 'Ready');
  return ready === undefined ? 'Unknown' : ready ? 'Good' : 'Bad';
}

/** Undefined if nobody knows how much any of them takes. */
function bytesIn(backups: readonly JtelBackup['status'][]): number | undefined {
  const sizes = backups.flatMap((status) => status?.storedBytes ?? []);
  return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0);
}
