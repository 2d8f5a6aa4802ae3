/** The words of facts, each once; what is found when is tested beside the planner. */
import { expect, test } from 'vitest';
import type { Facts } from '../../findings.ts';
import { container } from '../../testing.ts';
import { describe } from './index.ts';

const stack = { name: 'main', namespace: 'acme' };
const address = '192.0.2.10';
const source = 'backup b-1';
const told = { is: 'Told', message: 'the store is away.' } as const;
const ill = container('acd-web-1', { health: 'unhealthy', restarts: 2 });
const unwell = [{ service: 'acd-web-1', container: { state: 'running', health: 'starting' } as const }];
const update = { from: '3.43.1', to: '3.43.2' };

type Words = string | RegExp;

const words: { readonly [K in Facts['is']]: readonly [Extract<Facts, { readonly is: K }>, Words] } = {
  Told: [told, 'the store is away.'],
  KeysLost: [
    {
      is: 'KeysLost',
      stack,
      keys: { secretName: 'main-credentials', entry: 'database-keys', path: '/run/secrets/keys' },
      address,
      service: 'acd-dbm',
    },
    /^Entry database-keys of Secret main-credentials is gone.*kubectl jtel exec main acd-dbm -n acme -- cat \/run\/secrets\/keys$/,
  ],
  MakingCredentials: [{ is: 'MakingCredentials' }, 'creating credentials'],
  RecoveringCredentials: [{ is: 'RecoveringCredentials' }, 'looking for missing credentials on the host'],
  Downgrade: [
    { is: 'Downgrade', present: '3.43.2', why: 'newer', version: '3.43.1', backup: 'main-pre-update-2' },
    /^3\.43\.2 keeps running: newer\. To go back, restore backup main-pre-update-2.*spec\.version is 3\.43\.1/,
  ],
  NoWayToUpdate: [
    { is: 'NoWayToUpdate', present: '3.43.2', update, why: 'too far' },
    'The update from 3.43.1 to 3.43.2 has begun to change the data: too far.',
  ],
  OlderDatabase: [
    { is: 'OlderDatabase', present: '4.0.0', version: '4.0.1', series: '10.11', before: '11.8' },
    /MariaDB 10\.11, older than the 11\.8 that 4\.0\.0 has.*Take a release with 11\.8 or newer/,
  ],
  NoStoreForUpdate: [
    { is: 'NoStoreForUpdate', present: '3.43.1', version: '3.43.2' },
    /wants a backup first.*set spec\.backup\.storeRef/,
  ],
  NoTimeZone: [
    { is: 'NoTimeZone', timeZone: 'Mars/Base', present: '3.43.1' },
    /no time zone Mars\/Base; 3\.43\.1 keeps running/,
  ],
  WindowClosed: [
    {
      is: 'WindowClosed',
      present: '3.43.1',
      version: '3.43.2',
      opens: new Date('2026-03-04T22:00:00Z'),
      timeZone: 'UTC',
    },
    /opens Wed 2026-03-04 22:00 UTC$/,
  ],
  NoDiskForImages: [
    {
      is: 'NoDiskForImages',
      address,
      freeBytes: 150 * 2 ** 20,
      neededBytes: 400 * 2 ** 20,
      images: 2,
      version: '3.43.2',
      present: '3.43.1',
    },
    /has 150 MiB .*the 2 images of 3\.43\.2 .*about 400 MiB: free some space/,
  ],
  HostUnfit: [
    {
      is: 'HostUnfit',
      findings: [
        { reason: 'HostTooSmall', facts: { is: 'HostTooSmall', address, why: '1 core' } },
        { reason: 'HostTooSmall', facts: { is: 'HostTooSmall', address, why: '2 GiB' } },
      ],
    },
    '192.0.2.10: 1 core. 192.0.2.10: 2 GiB.',
  ],
  HostTooSmall: [{ is: 'HostTooSmall', address, why: '1 core' }, '192.0.2.10: 1 core.'],
  UnsupportedOS: [
    { is: 'UnsupportedOS', address, osName: 'Alpine', oldestDebian: 12 },
    /runs Alpine; a Managed host needs Debian 12 or later/,
  ],
  BackingUp: [{ is: 'BackingUp', version: '3.43.2' }, 'backing up before the update to 3.43.2'],
  UpdateBackupFailed: [
    { is: 'UpdateBackupFailed', version: '3.43.2', message: 'why.', backup: 'b', namespace: 'acme' },
    /nothing was changed: why\. .*kubectl delete jtelbackup b -n acme\.$/,
  ],
  WaitingForBackup: [
    { is: 'WaitingForBackup', backup: 'b', progress: '3 %', message: 'reading' },
    'waiting for backup b: 3 %, reading',
  ],
  Applying: [{ is: 'Applying', version: '3.43.2', from: '3.43.1' }, 'updating from 3.43.1 to 3.43.2'],
  BringingBack: [
    { is: 'BringingBack', version: '3.43.1', dataUntouched: true },
    'bringing release 3.43.1 back, its data were not touched',
  ],
  DecidingAfterFailure: [{ is: 'DecidingAfterFailure' }, 'deciding what follows from the failure'],
  ChangeFailed: [{ is: 'ChangeFailed', because: told }, 'the change failed: the store is away.'],
  UpdaterFailed: [
    { is: 'UpdaterFailed', container: { ...ill, healthMessage: 'table x' }, version: '3.43.2' },
    'acd-web-1 did not bring the data to 3.43.2 (unhealthy, restarted 2 times); it said: table x.',
  ],
  ContainersBroken: [
    { is: 'ContainersBroken', containers: [ill, container('a', { state: 'exited', exitCode: 1 })] },
    'acd-web-1 (unhealthy, restarted 2 times), a (exited with code 1).',
  ],
  DeadlineOver: [
    { is: 'DeadlineOver', seconds: 60, unwell },
    'it took longer than 60 s (spec.update.progressDeadlineSeconds). Not well: acd-web-1 (starting).',
  ],
  NothingToGoBackTo: [{ is: 'NothingToGoBackTo', failure: 'It broke.' }, /^It broke\. The revision before/],
  DataMayBeChanged: [
    { is: 'DataMayBeChanged', failure: 'It broke.', version: '3.43.1' },
    /^It broke\. .*no backup was made.*3\.43\.1 is not started/,
  ],
  Held: [
    { is: 'Held', revision: 2, version: '3.43.2', message: 'It broke.' },
    /revision 2 \(release 3\.43\.2\) failed: It broke\. .*jtel\.de\/retry/,
  ],
  AllHealthy: [{ is: 'AllHealthy' }, 'everything is healthy'],
  WatchingHealth: [{ is: 'WatchingHealth', leftSeconds: 6 }, /stays so for 6 s more$/],
  UpdateThrough: [{ is: 'UpdateThrough' }, 'the update is through'],
  PreviousHealthy: [{ is: 'PreviousHealthy' }, 'the previous release is healthy'],
  ChangeThrough: [{ is: 'ChangeThrough' }, 'the change is through'],
  RolledBack: [
    {
      is: 'RolledBack',
      version: '3.43.1',
      revision: 1,
      failed: { revision: 2, version: '3.43.2', message: 'It broke.' },
      downtimeSeconds: 30,
    },
    /^Release 3\.43\.1 \(revision 1\) runs again: .*It broke\. It was down for 30 s\. It is tried again/,
  ],
  ChangeEnded: [
    {
      is: 'ChangeEnded',
      result: 'RollingBack',
      change: { action: 'Update', revision: 2, version: '3.43.2' },
      message: 'It broke',
      backTo: 1,
      restoresData: true,
    },
    'Update to revision 2 (release 3.43.2) failed: It broke. Going back to revision 1 and to the data of before.',
  ],
  AskingForData: [{ is: 'AskingForData', version: '3.43.2' }, /data of before the update to 3\.43\.2$/],
  WayBackFailed: [
    { is: 'WayBackFailed', version: '3.43.2', restore: 'r', namespace: 'acme' },
    /see the JtelRestore\. .*kubectl delete jtelrestore r -n acme\.$/,
  ],
  WaitingForWayBack: [
    { is: 'WaitingForWayBack', restore: 'r', backup: 'b' },
    'waiting for JtelRestore r to check backup b',
  ],
  RestoreAhead: [
    { is: 'RestoreAhead', restore: 'r', namespace: 'acme' },
    /waiting for JtelRestore r.*kubectl delete jtelrestore r -n acme\)$/,
  ],
  CarriedOutBefore: [
    {
      is: 'CarriedOutBefore',
      earlier: { id: 'i', name: 'r', requestUID: 'u', time: '2026-03-01T03:00:00Z' },
    },
    /2026-03-01T03:00:00Z/,
  ],
  PreparingRestore: [{ is: 'PreparingRestore', source, until: 'Serving' }, /backup b-1; the stack serves$/],
  StoppingToRestore: [{ is: 'StoppingToRestore', source }, 'stopping the stack to restore backup b-1'],
  BeginningRestore: [{ is: 'BeginningRestore', source }, 'beginning to restore backup b-1'],
  EndingRestore: [{ is: 'EndingRestore' }, 'ending a restore that is no longer wanted'],
  DataIncomplete: [
    { is: 'DataIncomplete', source, name: 'main' },
    /restore of backup b-1 was not finished.*confirmReplace main/,
  ],
  DataIsLoaded: [{ is: 'DataIsLoaded' }, 'data is loaded'],
  TryingLoadAgain: [{ is: 'TryingLoadAgain' }, 'trying the load again'],
  ImportWaits: [
    { is: 'ImportWaits', source: 'import from old:3306', stack, finishAt: '2026-03-01T03:00:00Z' },
    /^The old database was copied.*at 2026-03-01T03:00:00Z.*kubectl jtel import finish main -n acme$/,
  ],
  SourceChanged: [
    { is: 'SourceChanged', source },
    'ending what loaded from another source; backup b-1 follows',
  ],
  LoadRuns: [
    { is: 'LoadRuns', source, beside: true, step: 'Files', percent: 40 },
    'loading backup b-1 beside the data in use: Files, 40 %',
  ],
  StoppingForLoad: [{ is: 'StoppingForLoad', services: ['a', 'b'] }, 'stopping a, b before data are loaded'],
  StartingLoad: [{ is: 'StartingLoad', source, beside: false }, 'loading data from backup b-1'],
  WaitingForDatabase: [
    { is: 'WaitingForDatabase', services: ['acd-dbm'] },
    'waiting for acd-dbm to be healthy',
  ],
  PreparingLoad: [{ is: 'PreparingLoad' }, 'preparing to load data'],
  LoadFailed: [
    {
      is: 'LoadFailed',
      reason: 'DatabaseKeysMissing',
      address,
      error: 'no key 3',
      keys: { secretName: 'main-credentials', entry: 'database-keys' },
    },
    /no key 3\. Put those .*entry database-keys of Secret main-credentials\.$/,
  ],
  TriedOften: [{ is: 'TriedOften', because: told, times: 6 }, 'the store is away. It was tried 6 times.'],
  LoadGivenUp: [
    { is: 'LoadGivenUp', because: told, times: 6, stack },
    /It was tried 6 times\. .*kubectl annotate jtelstack main -n acme jtel\.de\/retry=/,
  ],
  TryFollows: [
    { is: 'TryFollows', because: told, next: 2, most: 6 },
    'the store is away. Try 2 of 6 follows.',
  ],
  TryingAgain: [{ is: 'TryingAgain', because: told }, 'trying again: the store is away.'],
  Checking: [{ is: 'Checking', source }, 'checking backup b-1 on the host; the stack runs until then'],
  WrongVersion: [
    { is: 'WrongVersion', source, version: '3.43.1', why: 'newer' },
    /backup b-1 cannot be loaded under release 3\.43\.1: newer\./,
  ],
  NoRoomBeside: [
    { is: 'NoRoomBeside', source, bytes: { needed: 3 * 2 ** 30, free: 2 ** 20 } },
    /3\.0 GiB are needed and 1\.0 MiB are free\. .*inPlace Accept/,
  ],
  BesideNotSeen: [{ is: 'BesideNotSeen' }, /was not looked at yet$/],
  StartingBeside: [{ is: 'StartingBeside', source }, 'starting a database for backup b-1 beside the stack'],
  BesideIll: [
    { is: 'BesideIll', container: ill, source, afterSeconds: 900 },
    /^acd-web-1 \(unhealthy, restarted 2 times\) .*not well after 15 minutes\.$/,
  ],
  WaitingForBeside: [{ is: 'WaitingForBeside', container: ill }, /beside the stack \(unhealthy\)$/],
  Counting: [{ is: 'Counting', source }, 'counting what was loaded from backup b-1'],
  CountDiffers: [
    { is: 'CountDiffers', source, differences: ['1', '2', '3', '4', '5', '6'] },
    /not what was backed up: 1; 2; 3; 4; 5\.$/,
  ],
  Switching: [{ is: 'Switching', source, back: true }, 'switching back to backup b-1'],
  UndoNotPossible: [{ is: 'UndoNotPossible' }, /not on the host any more/],
  DataRefused: [
    { is: 'DataRefused', source, broken: [], late: { seconds: 60, unwell } },
    /on backup b-1: after 60 s .*acd-web-1 \(starting\)\. The data from before are in use again\.$/,
  ],
  SwitchingBack: [{ is: 'SwitchingBack' }, 'switching back to the data from before the restore'],
  DataLost: [
    {
      is: 'DataLost',
      stack,
      address,
      loss: {
        what: { kind: 'Record' },
        source,
        time: '2026-03-01T01:00:00Z',
        newest: { ok: true, value: { backupID: 'b-9', time: '2026-02-28T02:00:00Z' } },
      },
    },
    /no record of any .*newest backup is b-9 .*confirmReplace main .*kubectl annotate jtelstack main -n acme .*=2026-03-01T01:00:00Z$/,
  ],
  BeginningAnew: [{ is: 'BeginningAnew' }, /^beginning anew without the lost data/],
  FencingReturned: [{ is: 'FencingReturned', address }, /former host 192\.0\.2\.10, which answers again$/],
  EndingBegun: [
    { is: 'EndingBegun', address },
    'ending what was begun on 192.0.2.10, which the spec names no more',
  ],
  ManyToFence: [
    { is: 'ManyToFence', to: 'new', addresses: ['a', 'b'] },
    'The stack is moved to new when fewer than 2 of its former hosts are still to be fenced; they do not answer: a, b.',
  ],
  NoStoreForMove: [
    { is: 'NoStoreForMove', to: 'new', from: 'old' },
    /to new .*add spec\.backup\. It keeps running on old\.$/,
  ],
  DataInTheWay: [{ is: 'DataInTheWay', address, source }, /has data of this stack \(backup b-1\)/],
  EndingStarts: [{ is: 'EndingStarts', address }, /^making sure that nothing is being started on /],
  LeavingFirstData: [
    { is: 'LeavingFirstData', from: 'old', to: 'new' },
    'nothing was ever started on the data on old: the first data are loaded on new',
  ],
  PreparingHost: [
    { is: 'PreparingHost', to: 'new', from: 'old' },
    'preparing new; the stack runs on old until then',
  ],
  MoveAmidRestore: [
    { is: 'MoveAmidRestore', address, source, early: 'Overwritten' },
    /are being overwritten \(backup b-1\), so no backup .* Set spec\.host back/,
  ],
  MarkingSuperseded: [{ is: 'MarkingSuperseded' }, 'marking the superseded data on the new host'],
  LettingRun: [{ is: 'LettingRun' }, 'letting the new host run the stack'],
  MoveTakenBack: [{ is: 'MoveTakenBack', starts: true }, /taken back: starting the stack here again$/],
  DataGoneFromHost: [
    { is: 'DataGoneFromHost', machineID: 'm-1', address },
    /^Machine m-1 \(192\.0\.2\.10\) does not have/,
  ],
  StoppingFormer: [{ is: 'StoppingFormer', containers: 4, address }, /^stopping 4 containers on 192/],
  FencingFormer: [{ is: 'FencingFormer', from: 'old', to: 'new' }, /on old and marking it: it lives at new/],
  NotRecoverable: [{ is: 'NotRecoverable', message: 'why' }, /from a backup: why$/],
  OldHostAway: [
    {
      is: 'OldHostAway',
      address,
      machineID: 'm-1',
      message: 'no answer.',
      newest: { backupID: 'b-9', ageSeconds: 5400 },
    },
    /no answer\. The newest backup is b-9: .*last 1\.5 hours .*RecoverFromBackup; to wait/,
  ],
  MoveBackup: [
    { is: 'MoveBackup', backup: 'b', which: 'Warm', address },
    'making backup b before the stack is stopped on 192.0.2.10',
  ],
  WaitingForMoveBackup: [
    { is: 'WaitingForMoveBackup', backup: 'b', which: 'Final', progress: '3 %' },
    'waiting for backup b of what changed since (3 %): not begun yet',
  ],
  MoveBackupFailed: [
    { is: 'MoveBackupFailed', backup: 'b', message: 'why.' },
    /backup b failed: why\. .*kubectl delete jtelbackup b/,
  ],
  MoveToWrongVersion: [
    { is: 'MoveToWrongVersion', version: '3.43.1', why: 'newer' },
    'The stack cannot be moved to release 3.43.1: newer. It keeps running where it is.',
  ],
  OtherMachine: [
    { is: 'OtherMachine', address, found: 'm-2', known: 'm-1' },
    /is now machine m-2, but this stack runs on machine m-1/,
  ],
  OtherOwner: [
    { is: 'OtherOwner', owner: { namespace: 'acme', name: 'twin', clusterID: 'c-2' } },
    /belongs to acme\/twin of cluster c-2/,
  ],
  StatusOlder: [
    {
      is: 'StatusOlder',
      stack,
      address,
      change: { kind: 'Configured', time: '2026-03-02T00:00:00.000Z' },
      known: '2026-03-01T00:00:00.000Z',
    },
    /configured anew at 2026-03-02.*knows of none since 2026-03-01.*Nothing is changed.*kubectl jtel consent main -n acme$/,
  ],
  SettingUpHost: [{ is: 'SettingUpHost' }, 'setting the host up'],
  StoppingContainers: [{ is: 'StoppingContainers', containers: 3 }, 'stopping 3 containers'],
  CorrectingDrift: [
    {
      is: 'CorrectingDrift',
      drift: [
        { is: 'Gone', service: 'a' },
        { is: 'Stopped', service: 'b', state: 'paused' },
      ],
    },
    'correcting drift: a is gone, b is paused',
  ],
  UpdatingDatabase: [{ is: 'UpdatingDatabase', message: '3 of 9' }, '3 of 9'],
  WaitingForHealth: [
    {
      is: 'WaitingForHealth',
      unwell: [
        { service: 'a' },
        { service: 'b', isTask: true, container: { state: 'exited', health: 'none', exitCode: 2 } },
        { service: 'c', container: { state: 'created', health: 'none' } },
      ],
    },
    'waiting for a (missing), b (ended with 2), c (created)',
  ],
  RenewingCertificate: [{ is: 'RenewingCertificate' }, 'renewing the self-signed certificate'],
  CleaningUp: [{ is: 'CleaningUp' }, 'cleaning up'],
  LettingGo: [{ is: 'LettingGo', because: 'Orphan' }, 'letting the stack go: it keeps running'],
  DestroyNeedsConsent: [
    { is: 'DestroyNeedsConsent', stack, uid: 'u-1' },
    /kubectl annotate jtelstack main -n acme jtel\.de\/confirm-destroy=u-1/,
  ],
  CannotCleanUp: [
    { is: 'CannotCleanUp', message: 'no answer', secretGone: true, stack, address },
    /cleaned up: no answer\. If the namespace is being deleted.*jtel\.de\/abandon-host=true; what runs on 192/,
  ],
  EndingBackups: [{ is: 'EndingBackups', backups: ['a', 'b'] }, 'waiting for a, b to end'],
  StoppingStack: [{ is: 'StoppingStack' }, 'stopping the stack'],
  DestroyingStack: [{ is: 'DestroyingStack' }, 'destroying the stack'],
};

test.each(Object.values(words))('%j', (facts, expected) => {
  // A whole sentence, or what must be in it.
  const is = (said: string) => (typeof expected === 'string' ? said === expected : expected.test(said));
  expect(describe(facts)).toSatisfy(is);
});
