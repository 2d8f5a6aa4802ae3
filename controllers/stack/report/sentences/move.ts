/** The words for a stack that is moved; pure. */

import { sentence } from '../../../../base/sentence.ts';
import type { MoveBackupUse, MoveFacts } from '../../findings.ts';
import type { Sentences } from './table.ts';

export const moveSentences: Sentences<MoveFacts> = {
  FencingReturned: ({ address }) => `stopping the stack on its former host ${address}, which answers again`,
  EndingBegun: ({ address }) => `ending what was begun on ${address}, which the spec names no more`,
  ManyToFence: ({ to, addresses }) =>
    `The stack is moved to ${to} when fewer than ${addresses.length} of its former hosts are still to be fenced; they do not answer: ${addresses.join(', ')}.`,
  NoStoreForMove: ({ to, from }) =>
    `Moving the stack to ${to} takes its data there by a backup: add spec.backup. It keeps running on ${from}.`,
  DataInTheWay: ({ address, source }) =>
    `${address} has data of this stack (${source}) that are not known to be superseded: nothing is touched. Remove them by hand, or move to another host.`,
  EndingStarts: ({ address }) => `making sure that nothing is being started on ${address}`,
  LeavingFirstData: ({ from, to }) =>
    `nothing was ever started on the data on ${from}: the first data are loaded on ${to}`,
  PreparingHost: ({ to, from }) => `preparing ${to}; the stack runs on ${from} until then`,
  MarkingSuperseded: () => 'marking the superseded data on the new host',
  LettingRun: () => 'letting the new host run the stack',
  MoveTakenBack: ({ starts }) =>
    starts
      ? 'the move was taken back: starting the stack here again'
      : 'the move was taken back: letting this host run the stack again',
  DataGoneFromHost: ({ machineID, address }) =>
    `Machine ${machineID} (${address}) does not have the stack's data any more: nothing is moved. Restore a backup with a JtelRestore, or set spec.host back.`,
  MoveAmidRestore: ({ address, source, early }) =>
    `${early === 'Overwritten' ? `The data on ${address} are being overwritten (${source})` : `The stack was not started yet on its new data on ${address} (${source})`}, so no backup of them can be made to move them. Set spec.host back until that has ended.`,
  StoppingFormer: ({ containers, address }) =>
    `stopping ${containers} containers on ${address}; only the database runs on`,
  FencingFormer: ({ from, to }) =>
    `stopping the stack on ${from} and marking it: it lives at ${to} from now on`,
  NotRecoverable: ({ message }) => `The stack cannot be recovered from a backup: ${message}`,
  OldHostAway: ({ address, machineID, message, newest, noBackup = 'not looked for' }) => {
    const lost =
      newest === undefined
        ? `No backup can be found either (${noBackup})`
        : `The newest backup is ${newest.backupID}: what was written in the last ${(newest.ageSeconds / 3600).toFixed(1)} hours would be lost. ` +
          'To agree to that, set spec.relocation.source to RecoverFromBackup';
    return `The data of the stack are on ${address} (machine ${machineID}), which cannot be reached: ${sentence(message)} ${lost}; to wait for it, do nothing; to go back, set spec.host back.`.replaceAll(
      /\s+/g,
      ' ',
    );
  },
  MoveBackup: ({ backup, ...use }) => `making backup ${backup} ${what(use)}`,
  WaitingForMoveBackup: ({ backup, progress, message, ...use }) =>
    `waiting for backup ${backup} ${what(use)}${progress === undefined ? '' : ` (${progress})`}: ${message ?? 'not begun yet'}`,
  MoveBackupFailed: ({ backup, message = '' }) =>
    `The move stopped because backup ${backup} failed: ${sentence(message)} Solve that and delete it to try again (kubectl delete jtelbackup ${backup}), or set spec.host back.`,
  MoveToWrongVersion: ({ version, why, present }) =>
    `The stack cannot be moved to release ${version}: ${why}. ${present === undefined ? 'It keeps running where it is' : `It is moved with release ${present}, because it was stopped already`}.`,
};

function what(use: MoveBackupUse): string {
  return use.which === 'Warm' ? `before the stack is stopped on ${use.address}` : 'of what changed since';
}
