/** The words for data that are loaded, restored or gone; pure. */

import { sentence } from '../../../../base/sentence.ts';
import { formatBytes } from '../../../../base/bytes.ts';
import { annotations } from '../../../../crds/index.ts';
import { describeMissing } from '../../../../host-driver/missing-data.ts';
import { describeCarriedOut } from '../../../loading/restore-orders.ts';
import { aboutHost } from '../../../stores/store-refusal.ts';
import type { DataFacts } from '../../findings.ts';
import { describeAll, describeContainer } from './containers.ts';
import type { Sentences } from './table.ts';

/** Of a job's words, so that what to do still follows. */
const longestFailure = 700;

export const dataSentences: Sentences<DataFacts> = {
  RestoreAhead: ({ restore, namespace }) =>
    `waiting for JtelRestore ${restore}, which is still being checked, before any data are loaded (to begin without it: kubectl delete jtelrestore ${restore} -n ${namespace})`,
  CarriedOutBefore: ({ earlier }) => describeCarriedOut(earlier),
  PreparingRestore: ({ source, until }) =>
    `preparing to restore ${source}; the stack ${until === 'Then' ? 'runs until then' : 'serves'}`,
  StoppingToRestore: ({ source }) => `stopping the stack to restore ${source}`,
  BeginningRestore: ({ source }) => `beginning to restore ${source}`,
  EndingRestore: () => 'ending a restore that is no longer wanted',
  DataIncomplete: ({ source, name }) =>
    `The data on the host are incomplete, because the restore of ${source} was not finished: nothing is started on them. ` +
    `Create a JtelRestore with ifNotEmpty Replace and confirmReplace ${name} (preRestoreBackup Skip) to bring a backup.`,
  DataIsLoaded: () => 'data is loaded',
  TryingLoadAgain: () => 'trying the load again',
  ImportWaits: ({ source, stack: { name, namespace }, finishAt }) => {
    const what = `The old database was copied (${source}), and what was not brought over is in status.import (kubectl jtel import status ${name} -n ${namespace}).`;
    return finishAt === undefined
      ? `${what} Stop the old installation, but not its database; then take the last changes: kubectl jtel import finish ${name} -n ${namespace}`
      : `${what} The last changes are taken at ${finishAt}: by then the old installation must be stopped, but not its database. Sooner: kubectl jtel import finish ${name} -n ${namespace}`;
  },
  SourceChanged: ({ source }) => `ending what loaded from another source; ${source} follows`,
  LoadRuns: ({ source, beside, step, percent }) =>
    beside
      ? `loading ${source} beside the data in use: ${step}, ${percent} %`
      : `loading data from ${source}: ${step}, ${percent} %`,
  StoppingForLoad: ({ services }) => `stopping ${services.join(', ')} before data are loaded`,
  StartingLoad: ({ source, beside }) =>
    beside ? `loading ${source} beside the data in use; the stack serves` : `loading data from ${source}`,
  WaitingForDatabase: ({ services }) => `waiting for ${services.join(', ')} to be healthy`,
  PreparingLoad: () => 'preparing to load data',
  LoadFailed: ({ reason, error, exitCode, address, keys }) => {
    if (error === undefined) return `The load job failed with exit code ${exitCode ?? 'unknown'}.`;
    const message = aboutHost(reason, error, address);
    return keys === undefined
      ? message
      : `${sentence(message)} Put those of the stack that made the backup into entry ${keys.entry} of Secret ${keys.secretName}.`;
  },
  TriedOften: ({ because, times }, say) => `${sentence(say(because))} It was tried ${times} times.`,
  LoadGivenUp: ({ because, times, stack: { name, namespace } }, say) => {
    const tries = times === 1 ? '' : ` It was tried ${times} times.`;
    return `${sentence(say(because).slice(0, longestFailure))}${tries} Nothing more is tried until the spec changes, or somebody asks for it: kubectl annotate jtelstack ${name} -n ${namespace} jtel.de/retry="$(date)" --overwrite`;
  },
  TryFollows: ({ because, next, most }, say) => `${sentence(say(because))} Try ${next} of ${most} follows.`,
  TryingAgain: ({ because }, say) => `trying again: ${say(because)}`,
  Checking: ({ source }) => `checking ${source} on the host; the stack runs until then`,
  WrongVersion: ({ source, version, why }) =>
    `${source} cannot be loaded under release ${version}: ${why}. Nothing was touched; set spec.version to one that can use it.`,
  NoRoomBeside: ({ source, bytes }) => {
    const why =
      bytes === undefined
        ? 'the release does not say where its database keeps its files'
        : `${formatBytes(bytes.needed)} are needed and ${formatBytes(bytes.free)} are free`;
    return `${source} cannot be loaded beside the data in use: ${why}. Nothing was touched. Free some space, or create a JtelRestore with inPlace Accept, which stops the stack and overwrites its data.`;
  },
  BesideNotSeen: () => 'the database beside the stack was not looked at yet',
  StartingBeside: ({ source }) => `starting a database for ${source} beside the stack`,
  BesideIll: ({ container, source, afterSeconds }) =>
    `${describeContainer(container)} beside the stack on ${source}: it is not well after ${afterSeconds / 60} minutes.`,
  WaitingForBeside: ({ container: { state, health } }) =>
    `waiting for the database beside the stack (${state === 'running' ? health : state})`,
  Counting: ({ source }) => `counting what was loaded from ${source}`,
  CountDiffers: ({ source, differences }) =>
    `What was loaded from ${source} is not what was backed up: ${differences.slice(0, 5).join('; ')}.`,
  Switching: ({ source, back }) =>
    back ? `switching back to ${source}` : `switching to the data from ${source}`,
  UndoNotPossible: () =>
    'The data from before that restore are not on the host any more, or another restore came after it. The stack runs on; a backup brings older data back.',
  DataRefused: ({ source, broken, late }) => {
    const why =
      broken.length > 0
        ? broken.map((one) => describeContainer(one)).join(', ')
        : `after ${late.seconds} s (spec.update.progressDeadlineSeconds) not well: ${describeAll(late.unwell)}`;
    return `The stack did not become healthy on ${source}: ${why}. The data from before are in use again.`;
  },
  SwitchingBack: () => 'switching back to the data from before the restore',
  DataLost: ({ stack: { name, namespace }, address, loss: { what, source, time, newest } }) => {
    const lost =
      what.kind === 'Volumes'
        ? `Data from ${source} (${time}) are no longer on ${address}: ${describeMissing(what.missing)}.`
        : `Data from ${source} were loaded at ${time}, and ${address} has no record of any (state.json of the stack).`;
    const backup =
      newest === undefined
        ? 'The stack has no spec.backup, so no backup of it is known.'
        : newest.ok
          ? `The newest backup is ${newest.value.backupID} of ${newest.value.time}: to bring it, create a JtelRestore with ifNotEmpty Replace and confirmReplace ${name} (kubectl jtel restore).`
          : `Which backups there are is not known: ${sentence(newest.message)} A JtelRestore with ifNotEmpty Replace and confirmReplace ${name} brings one.`;
    const mount =
      what.kind === 'Volumes'
        ? 'If a disk is not mounted, mount it; this is looked at every minute. '
        : 'If a disk is not mounted, mount it; if this is another machine, bring the first one back. ';
    return `${lost} Nothing is started. ${mount}${backup} To begin anew instead: kubectl annotate jtelstack ${name} -n ${namespace} ${annotations.beginAnew}=${time}`;
  },
  BeginningAnew: () => 'beginning anew without the lost data, as the annotation says',
};
