/** The story of a backup as events; pure. */

import { formatBytes } from '../../../base/bytes.ts';
import type { JtelBackupStatus, Reason } from '../../../crds/index.ts';
import type { StoryEvent } from '../../../runtime/report/event-recorder.ts';
import { describeIgnored } from '../../stores/backup-doubt.ts';
import { leftOutPhrases } from './left-out.ts';
import type { Observed } from '../observe/observed.ts';
import type { Plan } from '../plan/actions.ts';
import { describe } from './sentences.ts';
import { archivedSentence, isMethodChanged } from './status.ts';

export function backupEvents(
  before: JtelBackupStatus | undefined,
  after: JtelBackupStatus,
  plan: Plan,
  observed: Observed,
): readonly StoryEvent<Reason>[] {
  const events: StoryEvent<Reason>[] = [];
  if (plan.kind === 'Begin') {
    events.push({
      type: 'Normal',
      reason: 'BackupRunning',
      note: `The backup is stored as ${after.backupID} of ${after.identity} in JtelBackupStore ${after.storeRef?.name}.`,
    });
    const ignored = observed.history?.ok === true ? (observed.history.value.ignored ?? []) : [];
    if (ignored.length > 0)
      events.push({ type: 'Warning', reason: 'BackupsIgnored', note: describeIgnored(ignored) });
    if (isMethodChanged(observed)) {
      events.push({
        type: 'Warning',
        reason: 'MethodChanged',
        note: 'spec.backup.method is Physical, but the release does not say where its database lies (database.physical): the backup is Logical, which takes longer to restore.',
      });
    }
  }
  if (plan.kind === 'TryAgain')
    events.push({ type: 'Warning', reason: plan.reason, note: after.message ?? describe(plan) });
  if (before?.manifestDigest === undefined && after.manifestDigest !== undefined)
    events.push(...storedEvents(after));
  if (before?.phase !== after.phase && (after.phase === 'Completed' || after.phase === 'Failed')) {
    const reason =
      plan.kind === 'Fail' ? plan.reason : plan.kind === 'Repeated' ? 'AlreadyCarriedOut' : 'Completed';
    events.push({
      type: after.phase === 'Completed' ? 'Normal' : 'Warning',
      reason,
      note: after.message ?? '',
    });
  }
  return events;
}

function storedEvents({
  shrunkFromBytes,
  emptied = [],
  totalBytes = 0,
  missingFiles = 0,
  archivedObjects = 0,
  immutability,
  datasets = [],
}: JtelBackupStatus): readonly StoryEvent<Reason>[] {
  const events: StoryEvent<Reason>[] = [];
  if (shrunkFromBytes !== undefined) {
    events.push({
      type: 'Warning',
      reason: 'BackupShrunk',
      note: `The backup has ${formatBytes(totalBytes)}, the last good one had ${formatBytes(shrunkFromBytes)}: find out what is missing.`,
    });
  }
  if (emptied.length > 0) {
    events.push({
      type: 'Warning',
      reason: 'BackupEmptied',
      note: `Nothing is in ${emptied.join(', ')}, where older backups had something: find out why before relying on it.`,
    });
  }
  const leftOut = leftOutPhrases(datasets);
  if (leftOut.length > 0) {
    const note = `Not in the backup as they were: ${leftOut.join('; ')}; everything else is in it.`;
    events.push(
      missingFiles > 0
        ? { type: 'Warning', reason: 'FilesMissing', note }
        : { type: 'Normal', reason: 'EntriesLeftOut', note },
    );
  }
  if (archivedObjects > 0)
    events.push({ type: 'Warning', reason: 'BlobArchived', note: archivedSentence(archivedObjects) });
  if (immutability?.state === 'Unprotected')
    events.push({
      type: 'Warning',
      reason: 'NotImmutable',
      note: immutability.message ?? 'The store would let somebody change or delete the backup.',
    });
  return events;
}
