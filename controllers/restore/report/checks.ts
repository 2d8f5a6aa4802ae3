/** The words for what the checks of a restore found; pure. */

import { formatBytes } from '../../../base/bytes.ts';
import type { Manifest } from '../../../backup-format/manifest.ts';
import { databaseSetName } from '../../../jobs/values.ts';
import { describeSkipped } from '../../stores/backup-doubt.ts';
import type { CheckFacts } from '../observe/observed.ts';

/** What an administrator does instead who wants no backup before data are overwritten. */
const withoutBackup = 'or set preRestoreBackup to Skip to overwrite without a way back';
const backupIsWanted = 'A backup is wanted before data are overwritten, and';

export function describeCheck(facts: CheckFacts): string {
  switch (facts.is) {
    case 'Told':
      return facts.message;
    case 'Backup':
      return describeBackup(facts.manifest);
    case 'ManifestExchanged':
      return `The manifest of backup ${facts.backupID} in ${facts.store} is not the one that the JtelBackup names (sha256 differs): somebody exchanged it. Nothing was touched.`;
    case 'Chosen':
      return describeSkipped(facts);
    case 'Signed':
      return `The manifest is signed with key ${facts.keyID}, which the store trusts.`;
    case 'UnsignedAccepted':
      return 'The manifest is not signed; that was accepted (unsigned Accept).';
    case 'Complete':
      return `All ${facts.packs} packs and ${facts.indexParts} index parts are in the store, with length and MD5.`;
    case 'Readable':
      return 'The host can be given the right to read them, and nothing else.';
    case 'Key':
      return `Key "${facts.keyID}" is there.`;
    case 'NotEncrypted':
      return 'The backup is not encrypted.';
    case 'Release':
      return facts.release === facts.ofData
        ? `Release ${facts.release} is there.`
        : `Release ${facts.release} is there and can update data of ${facts.ofData}.`;
    case 'NotUpdatable':
      return `The backup cannot be used with release ${facts.release}: ${facts.why}.`;
    case 'NotRestorable':
      return `The backup cannot be restored: ${facts.why}.`;
    case 'HostNotLookedAt':
      return `The host of ${facts.stack} was not looked at yet.`;
    case 'Room':
      return `${figures(facts)}.`;
    case 'InPlace':
      return `In place: ${figures(facts)}.`;
    case 'NoRoom':
      return `The restore has no room: ${figures(facts)}. Free some space or enlarge the disk.`;
    case 'NoRoomBeside':
      return `The backup has no room beside the data in use: ${figures(facts)}. Free some space, or create a JtelRestore with inPlace Accept, which stops the stack and overwrites its data.`;
    case 'NoData':
      return 'The stack has no data yet.';
    case 'Replaces':
      return `The stack has ${describeData(facts)}; overwriting is confirmed.`;
    case 'DataNotEmpty':
      return `Stack ${facts.stack} has ${describeData(facts)}, and ifNotEmpty is Fail: nothing was touched. To overwrite, create a JtelRestore with ifNotEmpty Replace and confirmReplace ${facts.stack}.`;
    case 'BackedUp':
      return `What is there is backed up to JtelBackupStore ${facts.store} first.`;
    case 'BackupNotWanted':
      return 'Not wanted (preRestoreBackup Skip).';
    case 'NothingToBackUp':
      return 'There are no complete data to back up.';
    case 'BackupNotConfigured':
      return `${backupIsWanted} stack ${facts.stack} has no spec.backup: add it, ${withoutBackup}.`;
    case 'StoreReadOnly':
      return `${backupIsWanted} JtelBackupStore ${facts.store} is ReadOnly: use one that is ReadWrite, ${withoutBackup}.`;
    case 'NoBackupPossible':
      return `${backupIsWanted} none can be made: ${facts.why} Do that, ${withoutBackup}.`;
  }
}

export function describeBackup({
  backupID,
  identity,
  release,
  totals,
  endTime,
  dataSets,
  doubt,
}: Manifest): string {
  const database = dataSets.find(({ name }) => name === databaseSetName);
  const kind = database === undefined ? 'no database' : `database ${database.kind}`;
  return `Backup ${backupID} of ${identity}: release ${release.version}, ${formatBytes(totals.totalBytes)}, ${kind}, finished at ${endTime}.${describeEmptied(doubt)}`;
}

function describeEmptied(doubt: Manifest['doubt']): string {
  const sets = (doubt?.emptied ?? []).map(
    ({ dataSet, backupID }) => `${dataSet} (${backupID} was the last with something in it)`,
  );
  return sets.length === 0 ? '' : ` Nothing is in its ${sets.join(', ')}.`;
}

function figures({ neededBytes, freeBytes, address }: Extract<CheckFacts, { address: string }>): string {
  return `${formatBytes(neededBytes)} are needed and ${formatBytes(freeBytes)} are free on ${address}`;
}

function describeData({ data }: Extract<CheckFacts, { data: object }>): string {
  return data.state === 'Incomplete' ? `incomplete data of ${data.source}` : `data from ${data.source}`;
}
