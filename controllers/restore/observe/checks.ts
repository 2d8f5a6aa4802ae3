/**
 * Everything that can be checked before anything is touched, in the order in which a person wants to know. What is found is
 * data, and the first problem decides.
 */

import type { Manifest } from '../../../backup-format/manifest.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import type { JtelBackupStore, JtelRestore, JtelStack, Reason } from '../../../crds/index.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import { updateAllowed } from '../../../release/fitness.ts';
import type { Release } from '../../../release/generated/release.ts';
import { loadBackup, requireComplete, type LoadedBackup } from '../../stores/backup-catalog.ts';
import { catalogOf, consentOf } from '../../stores/trust.ts';
import { encryptionKey } from '../../inputs/encryption-keys.ts';
import { InputError } from '../../inputs/input-error.ts';
import { outcome, type Problem } from '../../inputs/outcome.ts';
import { whyNoJobCanCreate, whyNoJobCanRead } from '../../stores/job-access.ts';
import { requireDatabaseKeys } from '../../loading/database-keys.ts';
import { restoreObstacle } from '../../loading/restore-job.ts';
import { readRelease } from '../../inputs/stack-release.ts';
import type { ReleaseSource } from '../../inputs/release-source.ts';
import type { openStore } from '../../stores/store-access.ts';
import { wantsPreRestoreBackup } from '../desired/request.ts';
import { neededBytes, type CheckFacts, type Checked, type Checking, type Target } from './observed.ts';
import { optional } from '../../../base/optional.ts';

export interface CheckDependencies {
  readonly cluster: Cluster;
  readonly releases: ReleaseSource;
  readonly openStore: typeof openStore;
}

/** What one check found. */
type Verdict =
  | { readonly result: 'Passed' | 'Skipped'; readonly facts: CheckFacts }
  | { readonly result: 'Failed'; readonly reason: Reason; readonly facts: CheckFacts };

type NamedCheck = readonly [name: string, look: () => Verdict | Promise<Verdict>];

/** Runs the checks until the first that does not pass. */
export async function check(
  restore: JtelRestore,
  stack: JtelStack,
  target: Target,
  dependencies: CheckDependencies,
  options: CallOptions,
): Promise<Checked> {
  const { namespace } = restore.metadata;
  const { cluster } = dependencies;
  const read = await outcome(async () => {
    const opened = await dependencies.openStore(cluster, namespace, target.storeName, 'spec.source', options);
    const catalog = catalogOf(opened);
    const { identity, backupID } = target;
    const backup = await loadBackup(catalog, identity, backupID, consentOf(restore), options.signal);
    return { opened, backup };
  });
  if (!read.ok) return refused([], 'Manifest', told(read));
  const { opened, backup } = read.value;
  const { manifest } = backup;
  const all: readonly NamedCheck[] = [
    ['Manifest', () => checkManifest(target, backup, opened.blobs.description)],
    ['Signature', () => checkSignature(backup)],
    // It has a name of its own, so it stays: later looks know the choice, but not how it was made.
    ...checksOfChoice(target),
    ['Complete', () => checkComplete(opened.blobs, backup, options)],
    ['Access', () => checkAccess(opened.blobs)],
    ['Key', () => checkKey(cluster, opened.resource, manifest, options)],
    ['Release', () => checkRelease(restore, stack, manifest, dependencies, options)],
    ...(restore.spec.mode === 'Test' ? [] : checksOfStack(restore, stack, manifest, dependencies, options)),
  ];
  const checks: Checking[] = [];
  for (const [name, look] of all) {
    const found = await outcome(async () => await look());
    const verdict = found.ok ? found.value : told(found);
    if (verdict.result === 'Failed') return { ...refused(checks, name, verdict), manifest };
    checks.push({ name, ...verdict });
  }
  return { checks, manifest };
}

function checksOfChoice({ skipped: newer = [], ignored }: Target): readonly NamedCheck[] {
  return newer.length === 0 && ignored === undefined
    ? []
    : [['Choice', () => passed({ is: 'Chosen', skipped: newer, ...optional({ ignored }) })]];
}

/** The checks that matter only to the stack that gets the data. */
function checksOfStack(
  restore: JtelRestore,
  stack: JtelStack,
  manifest: Manifest,
  dependencies: CheckDependencies,
  options: CallOptions,
): readonly NamedCheck[] {
  return [
    ['Disk', () => checkDisk(restore, stack, manifest)],
    ['Data', () => checkData(restore, stack)],
    ['PreRestoreBackup', () => checkPreRestoreBackup(restore, stack, dependencies, options)],
  ];
}

type Refusal = Extract<Verdict, { result: 'Failed' }>;

function refused(checks: readonly Checking[], name: string, { result, reason, facts }: Refusal): Checked {
  return { checks: [...checks, { name, result, facts }], problem: { reason, facts } };
}

function told({ reason, message }: Problem): Refusal {
  return failed(reason, { is: 'Told', message });
}

function passed(facts: CheckFacts): Verdict {
  return { result: 'Passed', facts };
}

function skipped(facts: CheckFacts): Verdict {
  return { result: 'Skipped', facts };
}

function failed(reason: Reason, facts: CheckFacts): Refusal {
  return { result: 'Failed', reason, facts };
}

function checkManifest({ backupID, manifestDigest }: Target, backup: LoadedBackup, store: string): Verdict {
  return manifestDigest === undefined || manifestDigest === backup.manifestDigest
    ? passed({ is: 'Backup', manifest: backup.manifest })
    : failed('BackupInvalid', { is: 'ManifestExchanged', backupID, store });
}

/** A backup that nobody consented to was not loaded. */
function checkSignature({ seal }: LoadedBackup): Verdict {
  return seal.is === 'Signed'
    ? passed({ is: 'Signed', keyID: seal.keyID })
    : skipped({ is: 'UnsignedAccepted' });
}

async function checkComplete(
  store: BlobStore,
  backup: LoadedBackup,
  { signal }: CallOptions,
): Promise<Verdict> {
  await requireComplete(store, backup, signal);
  const { packs, manifest } = backup;
  return passed({ is: 'Complete', packs: packs.length, indexParts: manifest.indexParts.length });
}

async function checkAccess(store: BlobStore): Promise<Verdict> {
  const message = await whyNoJobCanRead(store);
  return message === undefined
    ? passed({ is: 'Readable' })
    : failed('StoreCannotSign', { is: 'Told', message });
}

async function checkKey(
  cluster: Cluster,
  store: JtelBackupStore,
  { encryption }: Manifest,
  options: CallOptions,
): Promise<Verdict> {
  if (encryption === undefined) return skipped({ is: 'NotEncrypted' });
  const { keyID } = await encryptionKey(cluster, store, encryption.keyID, options);
  return passed({ is: 'Key', keyID });
}

/** The desired release must take the data, or the release that wrote them must be there. The stack decides which one it runs. */
async function checkRelease(
  restore: JtelRestore,
  stack: JtelStack,
  manifest: Manifest,
  dependencies: CheckDependencies,
  options: CallOptions,
): Promise<Verdict> {
  const { version } = manifest.release;
  // A test only reads the data, so it runs the release that wrote them.
  const wanted = restore.spec.mode === 'Test' ? version : stack.spec.version;
  const first = await tryRelease(stack, wanted, manifest, dependencies, options);
  if (first.result !== 'Failed' || wanted === version || stack.status?.version !== version) return first;
  const running = await tryRelease(stack, version, manifest, dependencies, options);
  return running.result === 'Failed' ? first : running;
}

async function tryRelease(
  stack: JtelStack,
  wanted: string,
  manifest: Manifest,
  dependencies: CheckDependencies,
  options: CallOptions,
): Promise<Verdict> {
  try {
    const of = { ...stack, spec: { ...stack.spec, version: wanted } };
    const { loaded } = await readRelease(of, dependencies, options);
    const unfit = whyUnfit(loaded.release, manifest);
    if (unfit !== undefined) return unfit;
    const { namespace, name: stackName } = stack.metadata;
    const owner = { namespace, stackName };
    await requireDatabaseKeys(dependencies.cluster, owner, loaded.release, manifest, options);
    return passed({ is: 'Release', release: wanted, ofData: manifest.release.version });
  } catch (error) {
    if (error instanceof InputError) return told(error);
    throw error;
  }
}

function whyUnfit(release: Release, manifest: Manifest): Verdict | undefined {
  const verdict = updateAllowed(manifest.release.version, release);
  if (!verdict.allowed) {
    const reason = verdict.kind === 'Downgrade' ? 'DowngradeRefused' : 'UpdateNotSupported';
    return failed(reason, { is: 'NotUpdatable', release: release.version, why: verdict.message });
  }
  const why = restoreObstacle(release, manifest);
  return why === undefined ? undefined : failed('BackupInvalid', { is: 'NotRestorable', why });
}

function checkDisk({ spec }: JtelRestore, stack: JtelStack, manifest: Manifest): Verdict {
  const { host, data } = stack.status ?? {};
  const freeBytes = host?.diskFreeBytes;
  if (freeBytes === undefined)
    return failed('NotChecked', { is: 'HostNotLookedAt', stack: stack.metadata.name });
  const room = { neededBytes: neededBytes(manifest), freeBytes, address: stack.spec.host.address };
  if (freeBytes >= room.neededBytes) return passed({ is: 'Room', ...room });
  if (data === undefined) return failed('DiskFull', { is: 'NoRoom', ...room });
  // Only the job on the host can tell how much overwriting sets free; it looks before anything is stopped.
  if (spec.inPlace === 'Accept') return passed({ is: 'InPlace', ...room });
  return failed('NoRoomBeside', { is: 'NoRoomBeside', ...room });
}

function checkData({ spec }: JtelRestore, { metadata, status }: JtelStack): Verdict {
  const data = status?.data;
  if (data === undefined) return passed({ is: 'NoData' });
  if (spec.ifNotEmpty === 'Replace') return passed({ is: 'Replaces', data });
  return failed('DataNotEmpty', { is: 'DataNotEmpty', stack: metadata.name, data });
}

async function checkPreRestoreBackup(
  restore: JtelRestore,
  stack: JtelStack,
  { cluster, openStore: open }: CheckDependencies,
  options: CallOptions,
): Promise<Verdict> {
  if (!wantsPreRestoreBackup(restore, stack))
    return skipped({ is: restore.spec.preRestoreBackup === 'Skip' ? 'BackupNotWanted' : 'NothingToBackUp' });
  const { namespace, name } = stack.metadata;
  const ref = stack.spec.backup?.storeRef;
  if (ref === undefined) return failed('BackupNotConfigured', { is: 'BackupNotConfigured', stack: name });
  const { resource, blobs } = await open(cluster, namespace, ref.name, 'spec.backup.storeRef', options);
  const store = resource.metadata.name;
  if (resource.spec.accessMode === 'ReadOnly')
    return failed('ReferenceInvalid', { is: 'StoreReadOnly', store });
  const why = await whyNoJobCanCreate(blobs);
  return why === undefined
    ? passed({ is: 'BackedUp', store })
    : failed('StoreCannotSign', { is: 'NoBackupPossible', why });
}
