/**
 * A restore's next step, from what was observed; pure. Before `Loading` nothing was touched, and the request fails or waits.
 * From then on the stack's own controller does the work, and this one follows what it says.
 */

import { isReason, type JtelRestore, type JtelStack, type Reason } from '../../../crds/index.ts';
import { preRestoreBackupName, wantsPreRestoreBackup } from '../desired/request.ts';
import { neededBytes, type Checked, type Observed } from '../observe/observed.ts';
import type { Plan, PlanInput } from './actions.ts';
import type { Facts } from './findings.ts';
import { obstacle, wait, waitOrFail } from './obstacles.ts';
import { withPatience } from './patience.ts';
import { planTest } from './plan-test.ts';
import { optional } from '../../../base/optional.ts';

/** Between looks at what somebody else does. */
const followSeconds = 5;

export function plan(input: PlanInput): Plan {
  return input.restore.spec.mode === 'Test' ? planTest(input) : withPatience(input, next(input));
}

/** Whether it could go on, as far as is known: then it is worth reading the store. */
export function mayCheck(restore: JtelRestore, observed: Observed): boolean {
  return (
    observed.stack !== undefined &&
    observed.target.ok &&
    observed.carriedOut === undefined &&
    restore.metadata.deletionTimestamp === undefined &&
    obstacle(restore, observed) === undefined
  );
}

function next(input: PlanInput): Plan {
  const { restore, observed, now } = input;
  const { spec, status, metadata } = restore;
  if (metadata.deletionTimestamp !== undefined) return { kind: 'LetGo' };
  const { stack } = observed;
  if (status?.phase === 'Loading' || status?.phase === 'Starting') return follow(restore, stack);
  if (observed.carriedOut !== undefined)
    return complete('AlreadyCarriedOut', { is: 'CarriedOut', order: observed.carriedOut });
  if (spec.notAfter !== undefined && isExpired(restore, spec.notAfter, now))
    return fail('OrderExpired', { is: 'Expired', notAfter: spec.notAfter });
  if (spec.source.undoOf !== undefined) return undo(input, spec.source.undoOf);
  const blocked = obstacle(restore, observed);
  if (blocked !== undefined) return blocked;
  if (stack === undefined || observed.checked === undefined)
    return wait('Pending', { reason: 'NotChecked', facts: { is: 'NotChecked' } });
  const { problem } = observed.checked;
  if (problem !== undefined)
    return waitOrFail({ reason: problem.reason, facts: { is: 'Check', facts: problem.facts } });
  if (spec.mode === 'Plan')
    return complete('ChecksPassed', whatWouldHappen(restore, stack, observed.checked));
  if (wantsPreRestoreBackup(restore, stack)) {
    const before = keepWhatIsThere(restore, observed);
    if (before !== undefined) return before;
  }
  return { kind: 'Order', facts: { is: 'AllChecked' } };
}

/** Data from before a restore lie on the host: nothing is read from a store, only whether they are still there counts. */
function undo({ restore, observed, now }: PlanInput, undone: string): Plan {
  const blocked = obstacle(restore, observed);
  if (blocked !== undefined) return blocked;
  const { stack } = observed;
  const previous = stack?.status?.previousData;
  if (
    stack === undefined ||
    previous === undefined ||
    previous.requestUID !== undone ||
    Date.parse(previous.untilTime) <= now.getTime()
  ) {
    const kept =
      previous === undefined ? undefined : { restoreUID: previous.requestUID, untilTime: previous.untilTime };
    const facts: Facts = { is: 'UndoNotPossible', restoreUID: undone, ...optional({ previous: kept }) };
    return fail('UndoNotPossible', facts);
  }
  const { source, switchTime } = previous;
  const back = { stack: stack.metadata.name, ...optional({ source, switchTime }) };
  return restore.spec.mode === 'Plan'
    ? complete('ChecksPassed', { is: 'WouldUndo', ...back })
    : { kind: 'Order', facts: { is: 'Undoes', ...back } };
}

/** Once the backup of what is there was asked for, the order has begun. */
function isExpired({ spec: { mode }, status }: JtelRestore, notAfter: string, now: Date): boolean {
  const begun = status?.phase !== undefined && status.phase !== 'Pending';
  return mode === 'Execute' && !begun && now.getTime() > Date.parse(notAfter);
}

/** The backup of what is there: made, waited for, or failed; undefined once it is complete. */
function keepWhatIsThere(restore: JtelRestore, { preRestoreBackup }: Observed): Plan | undefined {
  const name = preRestoreBackupName(restore);
  if (preRestoreBackup === undefined) return { kind: 'CreateBackup', name };
  const { phase, message, progress } = preRestoreBackup.status ?? {};
  if (phase === 'Completed') return undefined;
  if (phase === 'Failed')
    return fail('BackupFailed', { is: 'BackupFailed', backup: name, ...optional({ message }) });
  const facts: Facts = { is: 'BackupRuns', backup: name, ...optional({ progress, message }) };
  return wait('Checking', { reason: 'BackupRunning', facts }, followSeconds);
}

/** The stack carries it out; its status says how far it is. */
function follow(restore: JtelRestore, stack: JtelStack | undefined): Plan {
  const { uid, name } = restore.metadata;
  const phase = restore.status?.phase ?? 'Loading';
  if (stack === undefined)
    return fail('StackNotFound', { is: 'StackGone', stack: restore.spec.stackRef.name, restore: name });
  const order = stack.status?.dataOrder;
  if (order === undefined || order.requestUID !== uid) {
    const facts: Facts = { is: 'StackNotBegun', stack: stack.metadata.name };
    return wait(phase, { reason: 'Restoring', facts }, followSeconds);
  }
  const { message = '' } = order;
  const said: Facts = { is: 'Told', message };
  switch (order.state) {
    case 'Done': {
      const undone = restore.spec.source.undoOf !== undefined;
      return complete(undone ? 'RestoreUndone' : 'RestoreCompleted', whatWasDone(stack, undone));
    }
    case 'Failed': {
      if (order.reason === 'AlreadyCarriedOut') return complete('AlreadyCarriedOut', said);
      const { data } = stack.status ?? {};
      const dataIncomplete = data?.state === 'Incomplete' && data.requestUID === uid;
      const reason = (order.reason ?? 'RestoreFailed') as Reason;
      return fail(reason, { is: 'OrderFailed', message, dataIncomplete });
    }
    case 'Starting':
      return wait('Starting', { reason: 'Starting', facts: said }, followSeconds);
    default:
      return order.reason === undefined
        ? wait('Loading', { reason: 'Restoring', facts: said }, followSeconds, order.progressPercent)
        : inTrouble(order.reason, said);
  }
}

/** Something failed, or is in the way, and is tried again. That is worth an event at once, not only when it is given up. */
function inTrouble(word: string, facts: Facts): Plan {
  const reason = isReason(word) ? word : 'RestoreFailed';
  return { ...wait('Loading', { reason, facts }, followSeconds), trouble: true };
}

function whatWasDone({ metadata, status }: JtelStack, undone: boolean): Facts {
  const { data, dataOrder, previousData } = status ?? {};
  return {
    is: 'Restored',
    stack: metadata.name,
    undone,
    ...optional({
      source: data?.source,
      downtimeSeconds: dataOrder?.downtimeSeconds,
      previousUntilTime: previousData?.untilTime,
    }),
  };
}

function whatWouldHappen(restore: JtelRestore, stack: JtelStack, { manifest }: Checked): Facts {
  const { data, host } = stack.status ?? {};
  const hasRoom = manifest === undefined || (host?.diskFreeBytes ?? 0) >= neededBytes(manifest);
  return {
    is: 'WouldRestore',
    stack: stack.metadata.name,
    backupFirst: wantsPreRestoreBackup(restore, stack),
    way: data === undefined ? 'Load' : hasRoom ? 'Beside' : 'InPlace',
    keepHours: restore.spec.keepPreviousHours,
    ...optional({ manifest }),
  };
}

function complete(reason: Reason, facts: Facts): Plan {
  return { kind: 'Complete', reason, facts };
}

function fail(reason: Reason, facts: Facts): Plan {
  return { kind: 'Fail', reason, facts };
}
