/** The words for a change of what runs, and for what follows when it fails; pure. */

import { sentence } from '../../../../base/sentence.ts';
import type { ChangeFacts } from '../../findings.ts';
import { describeAll, describeContainer, describeState } from './containers.ts';
import type { Sentences } from './table.ts';

export const changeSentences: Sentences<ChangeFacts> = {
  BackingUp: ({ version }) => `backing up before the update to ${version}`,
  UpdateBackupFailed: ({ version, message, backup, namespace }) =>
    `The backup before the update to ${version} failed, so nothing was changed: ${sentence(message)} ` +
    `To try again, delete it: kubectl delete jtelbackup ${backup} -n ${namespace}.`,
  WaitingForBackup: ({ backup, progress, message }) => {
    const how = [progress, message].filter((part) => part !== undefined && part !== '').join(', ');
    return `waiting for backup ${backup}${how === '' ? '' : `: ${how}`}`;
  },
  Applying: ({ version, from }) =>
    from === undefined ? `applying release ${version}` : `updating from ${from} to ${version}`,
  BringingBack: ({ version, dataUntouched }) =>
    `bringing release ${version} back${dataUntouched === true ? ', its data were not touched' : ''}`,
  DecidingAfterFailure: () => 'deciding what follows from the failure',
  ChangeFailed: ({ because }, say) => `the change failed: ${say(because)}`,
  UpdaterFailed: ({ container, version }) => {
    const said = container.healthMessage === undefined ? '' : `; it said: ${container.healthMessage}`;
    return `${container.service} did not bring the data to ${version} (${describeState(container)})${said}.`;
  },
  ContainersBroken: ({ containers }) => `${containers.map((one) => describeContainer(one)).join(', ')}.`,
  DeadlineOver: ({ seconds, unwell }) =>
    `it took longer than ${seconds} s (spec.update.progressDeadlineSeconds).${unwell.length === 0 ? '' : ` Not well: ${describeAll(unwell)}.`}`,
  NothingToGoBackTo: ({ failure }) => `${sentence(failure)} The revision before it is no longer there.`,
  DataMayBeChanged: ({ failure, version }) =>
    `${sentence(failure)} The update may have changed the data and no backup was made before it (spec.update.preUpdateBackup is Skip), so ${version} is not started on them.`,
  Held: ({ revision, version, message = '' }) =>
    `The change to revision ${revision} (release ${version}) failed: ${sentence(message)} Nothing more is done until spec or annotation jtel.de/retry change.`,
  AllHealthy: () => 'everything is healthy',
  WatchingHealth: ({ leftSeconds }) =>
    `everything is healthy; watching whether it stays so for ${leftSeconds} s more`,
  UpdateThrough: () => 'the update is through',
  PreviousHealthy: () => 'the previous release is healthy',
  ChangeThrough: () => 'the change is through',
  RolledBack: ({ version, revision, failed, downtimeSeconds }) => {
    const down = downtimeSeconds === undefined ? '' : ` It was down for ${downtimeSeconds} s.`;
    return (
      `Release ${version} (revision ${revision ?? '?'}) runs again: the change to revision ${failed.revision} (release ${failed.version}) failed: ${sentence(failed.message ?? '')}${down} ` +
      'It is tried again when the spec or the annotation jtel.de/retry changes.'
    );
  },
  ChangeEnded: ({ result, change, message = '', backTo, restoresData, downtimeSeconds }) => {
    const what = `${change.action} to revision ${change.revision} (release ${change.version})`;
    const down = downtimeSeconds === undefined ? '' : ` Down time: ${downtimeSeconds} s.`;
    switch (result) {
      case 'Succeeded':
        return `${what} is through.${down}`;
      case 'RollingBack':
        return `${what} failed: ${sentence(message)} Going back to revision ${backTo}${restoresData ? ' and to the data of before' : ''}.`;
      case 'RolledBack':
        return `Revision ${backTo} runs again after the failed ${what}.${down}`;
      case 'Held':
        return `${what} failed: ${sentence(message)} Everything is left as it is.`;
    }
  },
  AskingForData: ({ version }) => `asking for the data of before the update to ${version}`,
  WayBackFailed: ({ version, message, restore, namespace }) =>
    `The update to ${version} failed and its data cannot be brought back: ${sentence(message ?? 'see the JtelRestore')} ` +
    `Nothing is started on them. To try again: kubectl delete jtelrestore ${restore} -n ${namespace}.`,
  WaitingForWayBack: ({ restore, backup }) => `waiting for JtelRestore ${restore} to check backup ${backup}`,
};
