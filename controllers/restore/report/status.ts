/** The status of a restore, made new from each plan; pure. A phase never goes back. */

import { backupTime } from '../../../backup-format/names.ts';
import {
  statusMessageMaxLength,
  type JtelRestore,
  type JtelRestoreStatus,
  type Reason,
} from '../../../crds/index.ts';
import { formatTime, summariseConditions, type ConditionDraft } from '../../../runtime/report/conditions.ts';
import { standingConditions, transientStanding } from '../../../runtime/report/standing.ts';
import { verification, type Phase } from '../desired/request.ts';
import type { Check, Checking, Observed } from '../observe/observed.ts';
import type { Plan } from '../plan/actions.ts';
import { isBlocked } from '../plan/patience.ts';
import { describeCheck } from './checks.ts';
import { describe, describePlan } from './sentences.ts';
import { optional } from '../../../base/optional.ts';

const order: readonly Phase[] = ['Pending', 'Checking', 'Loading', 'Starting', 'Completed', 'Failed'];
/** Rough figures: what a host loads in a second, and how long stopping and starting take. */
const loadBytesPerSecond = 60 * 2 ** 20;
const restSeconds = 60;

export interface StatusInput {
  readonly restore: JtelRestore;
  readonly observed: Observed;
  readonly plan: Plan;
  /** What a running wave says of itself, or why the last one failed. */
  readonly message?: string;
  readonly now: Date;
}

export function summarise({
  restore,
  observed,
  plan,
  message: activity,
  now,
}: StatusInput): JtelRestoreStatus {
  const previous = restore.status ?? {};
  const phase = later(previous.phase, phaseOf(plan));
  const over = phase === 'Completed' || phase === 'Failed';
  const time = formatTime(now);
  const working = phase !== 'Pending';
  const startTime = previous.startTime ?? (working ? time : undefined);
  const message = (activity ?? describePlan(plan, restore)).slice(0, statusMessageMaxLength);
  const percent = plan.kind === 'Wait' ? plan.progressPercent : undefined;
  const manifest = observed.checked?.manifest;
  const repeated = plan.kind === 'Complete' && plan.reason === 'AlreadyCarriedOut';
  const loaded =
    phase === 'Completed' && !repeated && restore.spec.mode !== 'Plan' && startTime !== undefined;
  return {
    ...previous,
    observedGeneration: restore.metadata.generation,
    phase,
    message,
    progress: phase === 'Completed' ? '100%' : percent === undefined ? undefined : `${percent}%`,
    progressPercent: phase === 'Completed' ? 100 : percent,
    ...(observed.target.ok
      ? {
          backupID: observed.target.value.backupID,
          identity: observed.target.value.identity,
          storeRef: { name: observed.target.value.storeName },
          backupTime: formatTime(backupTime(observed.target.value.backupID)),
        }
      : {}),
    ...(manifest === undefined
      ? {}
      : {
          bytes: manifest.totals.totalBytes,
          estimatedSeconds: restSeconds + Math.ceil(manifest.totals.totalBytes / loadBytesPerSecond),
        }),
    checks: mergeChecks(
      previous.checks,
      observed.checked?.checks.map(checkOf),
      plan.kind === 'Note' ? [noted(plan)] : undefined,
    ),
    // The status names the host before anything is done there.
    ...(plan.kind === 'Act' && observed.scratch !== undefined ? { testHost: observed.scratch.place } : {}),
    ...(plan.kind === 'CreateBackup' ? { preRestoreBackupRef: { name: plan.name } } : {}),
    ...optional({ startTime }),
    blockedSinceTime: isBlocked(plan) ? (previous.blockedSinceTime ?? time) : undefined,
    ...(over ? { completionTime: previous.completionTime ?? time } : {}),
    ...(loaded ? switchFigures(observed) : {}),
    ...(loaded
      ? { recoveryTimeSeconds: Math.max(0, Math.round((now.getTime() - Date.parse(startTime)) / 1000)) }
      : {}),
    conditions: summariseConditions(previous.conditions, conditionsOf(plan, phase, message), {
      generation: restore.metadata.generation,
      transient: ['Progressing', ...transientStanding],
      longestMessage: statusMessageMaxLength,
      now,
    }),
  } as JtelRestoreStatus;
}

/** What the stack's status says at the moment when the restore is done. */
function switchFigures({
  stack,
}: Observed): Pick<JtelRestoreStatus, 'downtimeSeconds' | 'previousUntilTime'> {
  const { dataOrder, previousData } = stack?.status ?? {};
  return {
    ...(dataOrder?.downtimeSeconds === undefined ? {} : { downtimeSeconds: dataOrder.downtimeSeconds }),
    ...(previousData === undefined ? {} : { previousUntilTime: previousData.untilTime }),
  };
}

function phaseOf(plan: Plan): Phase {
  switch (plan.kind) {
    case 'Complete':
      return 'Completed';
    case 'Fail':
      return 'Failed';
    case 'Order':
      return 'Loading';
    case 'CreateBackup':
      return 'Checking';
    case 'LetGo':
      return 'Pending';
    default:
      return plan.phase;
  }
}

function later(before: Phase | undefined, now: Phase): Phase {
  return before !== undefined && order.indexOf(before) > order.indexOf(now) ? before : now;
}

function checkOf({ name, result, facts }: Checking): Check {
  return { name, result, message: describeCheck(facts).slice(0, statusMessageMaxLength) };
}

function noted({ result, facts }: Extract<Plan, { kind: 'Note' }>): Check {
  return { name: verification, result, message: describe(facts).slice(0, statusMessageMaxLength) };
}

/** Merges checks by name; a later look replaces an earlier one. */
function mergeChecks(...lists: readonly (readonly Check[] | undefined)[]): readonly Check[] | undefined {
  const merged = new Map(lists.flatMap((list) => list ?? []).map((check) => [check.name, check]));
  return merged.size === 0 ? undefined : [...merged.values()];
}

/** The conditions of the current phase, and how others judge it. Progressing goes when another one comes. */
function conditionsOf(plan: Plan, phase: Phase, message: string): readonly ConditionDraft[] {
  const reason = reasonOf(plan);
  if (phase === 'Completed')
    return [
      { type: 'Complete', status: 'True', reason, message },
      ...standingConditions('Well', reason, message),
    ];
  if (phase === 'Failed')
    return [
      { type: 'Failed', status: 'True', reason, message },
      ...standingConditions('Failed', reason, message),
    ];
  return [
    { type: 'Progressing', status: phase === 'Pending' ? 'False' : 'True', reason, message },
    ...standingConditions('Working', reason, message),
  ];
}

function reasonOf(plan: Plan): Reason {
  switch (plan.kind) {
    case 'Wait':
    case 'Complete':
    case 'Fail':
      return plan.reason;
    case 'CreateBackup':
      return 'BackupPending';
    default:
      return 'Restoring';
  }
}
