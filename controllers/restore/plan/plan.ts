/**
 * A restore's next step, from what was observed; pure. Before `Loading` nothing was touched, and the request fails or waits;
 * from then on the stack's own controller does the work, and this one follows what it says.
 */

import { isReason, type JtelRestore, type JtelStack, type Reason } from '../../../crds/index.ts';
import type { Manifest } from '../../../backup-format/manifest.ts';
import { describeCarriedOut } from '../../loading/restore-orders.ts';
import { neededBytes, type Checked, type Observed, type Plan, type PlanInput } from '../model.ts';
import { wantsPreRestoreBackup } from '../model.ts';
import { obstacle, wait, waitOrFail } from './obstacles.ts';
import { withPatience } from './patience.ts';
import { planTest } from './plan-test.ts';

export function plan(input: PlanInput): Plan {
  return input.restore.spec.mode === 'Test' ? planTest(input) : withPatience(input, next(input));
}

function next(input: PlanInput): Plan {
  const { restore, observed, now } = input;
  const { spec, status, metadata } = restore;
  if (metadata.deletionTimestamp !== undefined) return { kind: 'LetGo' };
  const { stack } = observed;
  if (status?.phase === 'Loading' || status?.phase === 'Starting') return follow(restore, stack);
  if (observed.carriedOut !== undefined) return alreadyCarriedOut(describeCarriedOut(observed.carriedOut));
  if (isExpired(restore, now)) {
    const advice = 'create another JtelRestore with a later notAfter if it is still wanted';
    return {
      kind: 'Fail',
      reason: 'OrderExpired',
      message: `This order could be begun until ${spec.notAfter} (spec.notAfter), and was not. Nothing was touched; ${advice}.`,
    };
  }
  if (spec.source.undoOf !== undefined) return undo(input, spec.source.undoOf);
  const blocked = obstacle(restore, observed);
  if (blocked !== undefined) return blocked;
  if (stack === undefined || observed.checked === undefined)
    return wait('Pending', 'NotChecked', 'Not checked yet.');
  const { problem } = observed.checked;
  if (problem !== undefined) return waitOrFail(problem);
  if (spec.mode === 'Plan')
    return {
      kind: 'Complete',
      reason: 'ChecksPassed',
      message: whatWouldHappen(restore, stack, observed.checked),
    };
  if (wantsPreRestoreBackup(restore, stack)) {
    const before = keepWhatIsThere(restore, observed);
    if (before !== undefined) return before;
  }
  return { kind: 'Order', message: 'Everything is checked; the stack is loaded now.' };
}

/** Data from before a restore lie on the host: there is nothing to be read from a store, only to be looked whether they still do. */
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
    const what =
      previous === undefined
        ? 'there are no data from before a restore'
        : `the data from before belong to the restore with uid ${previous.requestUID}, kept until ${previous.untilTime}`;
    return {
      kind: 'Fail',
      reason: 'UndoNotPossible',
      message: `The restore with uid ${undone} cannot be undone: ${what}. Nothing was touched; a backup brings older data back.`,
    };
  }
  const since = `What was written since ${previous.switchTime ?? 'then'} is not in them; the data in use now are kept in their place.`;
  if (restore.spec.mode === 'Plan')
    return {
      kind: 'Complete',
      reason: 'ChecksPassed',
      message: `Nothing was touched. Execute would stop ${stack.metadata.name}, switch back to ${previous.source ?? 'the data from before'} and start it. ${since}`,
    };
  return {
    kind: 'Order',
    message: `The stack is switched back to ${previous.source ?? 'the data from before'}. ${since}`,
  };
}

/** Name of the backup that is made before data are overwritten; the same for every look. */
export function preRestoreBackupName({ metadata }: JtelRestore): string {
  return `pre-restore-${metadata.uid}`;
}

/** What it asked for was done, so that tools which keep it in git see it as done. */
function alreadyCarriedOut(message: string): Plan {
  return { kind: 'Complete', reason: 'AlreadyCarriedOut', message };
}

/** Once its backup of what is there was asked for, it is begun. */
function isExpired({ spec: { mode, notAfter }, status }: JtelRestore, now: Date): boolean {
  const begun = status?.phase !== undefined && status.phase !== 'Pending';
  return mode === 'Execute' && notAfter !== undefined && !begun && now.getTime() > Date.parse(notAfter);
}

/** The facts that the checks go by must be about the host as the spec names it now. */
function keepWhatIsThere(restore: JtelRestore, { preRestoreBackup }: Observed): Plan | undefined {
  const name = preRestoreBackupName(restore);
  if (preRestoreBackup === undefined)
    return { kind: 'CreateBackup', name, message: `making backup ${name} of what is there` };
  const { phase, message, progress } = preRestoreBackup.status ?? {};
  if (phase === 'Completed') return undefined;
  if (phase === 'Failed') {
    return {
      kind: 'Fail',
      reason: 'BackupFailed',
      message: `The backup of what is there (${name}) failed, so nothing was touched: ${message ?? 'see its status'} Set preRestoreBackup to Skip to restore without it.`,
    };
  }
  return wait(
    'Checking',
    'BackupRunning',
    `Waiting for backup ${name} of what is there${progress === undefined ? '' : ` (${progress})`}: ${message ?? 'not begun yet'}`,
    5,
  );
}

/** The stack carries it out; its status says how far it is. */
function follow(restore: JtelRestore, stack: JtelStack | undefined): Plan {
  const { uid, name } = restore.metadata;
  const phase = restore.status?.phase ?? 'Loading';
  if (stack === undefined)
    return {
      kind: 'Fail',
      reason: 'StackNotFound',
      message: `JtelStack ${restore.spec.stackRef.name} was deleted while ${name} was loaded into it; what is on its host is incomplete.`,
    };
  const order = stack.status?.dataOrder;
  if (order === undefined || order.requestUID !== uid)
    return wait(phase, 'Restoring', `Waiting for JtelStack ${stack.metadata.name} to begin.`, 5);
  const message = order.message ?? '';
  switch (order.state) {
    case 'Done':
      return {
        kind: 'Complete',
        reason: restore.spec.source.undoOf === undefined ? 'RestoreCompleted' : 'RestoreUndone',
        message: whatWasDone(restore, stack),
      };
    case 'Failed': {
      if (order.reason === 'AlreadyCarriedOut') return alreadyCarriedOut(message);
      const touched = stack.status?.data?.state === 'Incomplete' && stack.status.data.requestUID === uid;
      const left = touched
        ? 'The stack is stopped, because its data are incomplete: restore another backup with ifNotEmpty Replace and preRestoreBackup Skip.'
        : 'Nothing was overwritten, and the stack goes on as it was.';
      return {
        kind: 'Fail',
        reason: (order.reason ?? 'RestoreFailed') as Reason,
        message: `${message} ${left}`,
      };
    }
    case 'Starting':
      return wait('Starting', 'Starting', message, 5);
    default:
      return order.reason === undefined
        ? wait('Loading', 'Restoring', message, 5, order.progressPercent)
        : inTrouble(order.reason, message);
  }
}

/** Something failed, or is in the way, and is tried again: worth an event at once, not only when it is given up. */
function inTrouble(reason: string, message: string): Plan {
  return { ...wait('Loading', isReason(reason) ? reason : 'RestoreFailed', message, 5), trouble: true };
}

function whatWasDone({ spec }: JtelRestore, { metadata, status }: JtelStack): string {
  const { data, dataOrder, previousData } = status ?? {};
  const source = data?.source ?? 'The backup';
  const what = spec.source.undoOf === undefined ? `${source} is restored` : `${source} is in use again`;
  const down =
    dataOrder?.downtimeSeconds === undefined ? '' : ` It was down for ${dataOrder.downtimeSeconds} s.`;
  const back =
    previousData === undefined
      ? ''
      : ` Until ${previousData.untilTime}: kubectl jtel restore undo ${metadata.name}.`;
  return `${what} and the stack is healthy.${down}${back}`;
}

function whatWouldHappen(restore: JtelRestore, stack: JtelStack, { checks, manifest }: Checked): string {
  const first = wantsPreRestoreBackup(restore, stack) ? 'make a backup of what is there, ' : '';
  const figures = checks.find(({ name }) => name === 'Manifest')?.message ?? '';
  const then =
    stack.status?.data === undefined
      ? 'load the backup and start the stack'
      : howReplaced(restore, stack, manifest);
  return `Nothing was touched. Execute would ${first}${then}. ${figures}`;
}

function howReplaced({ spec }: JtelRestore, { metadata, status }: JtelStack, manifest?: Manifest): string {
  const free = status?.host?.diskFreeBytes ?? 0;
  if (manifest !== undefined && free < neededBytes(manifest))
    return `stop ${metadata.name}, overwrite its data in place, and start it`;
  return `load the backup beside the data in use while ${metadata.name} serves, then stop it, switch to it and start it; the data from before are kept for ${spec.keepPreviousHours} hours`;
}
