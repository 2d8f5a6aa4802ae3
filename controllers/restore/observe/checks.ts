/**
 * Everything that can be checked before anything is touched, in the order in which a person would want to know. The result is
 * a list for the status; the first problem decides.
 */

import { formatBytes } from '../../../base/bytes.ts';
import { databaseSetName } from '../../../jobs/values.ts';
import type { Manifest } from '../../../backup-format/manifest.ts';
import { conditionMessageMaxLength, type JtelRestore, type JtelStack } from '../../../crds/index.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import { updateAllowed } from '../../../release/fitness.ts';
import type { Release } from '../../../release/generated/release.ts';
import { loadBackup, requireComplete } from '../../stores/backup-catalog.ts';
import { encryptionKey } from '../../inputs/encryption-keys.ts';
import { InputError } from '../../inputs/input-error.ts';
import { problemOf } from '../../inputs/outcome.ts';
import { whyNoJobCanCreate, whyNoJobCanRead } from '../../stores/job-access.ts';
import { requireDatabaseKeys } from '../../loading/database-keys.ts';
import { restoreObstacle } from '../../loading/restore-job.ts';
import { readRelease } from '../../inputs/stack-release.ts';
import type { ReleaseSource } from '../../inputs/release-source.ts';
import type { openStore } from '../../stores/store-access.ts';
import { neededBytes, wantsPreRestoreBackup, type Check, type Checked, type Target } from '../model.ts';
import { optional } from '../../../base/optional.ts';

export interface CheckDependencies {
  readonly cluster: Cluster;
  readonly releases: ReleaseSource;
  readonly openStore: typeof openStore;
}

const longestMessage = Math.min(1024, conditionMessageMaxLength);

/** Runs the checks until the first that does not pass. */
export async function check(
  restore: JtelRestore,
  stack: JtelStack,
  target: Target,
  dependencies: CheckDependencies,
  options: CallOptions,
): Promise<Checked> {
  const checks: Check[] = [];
  let manifest: Manifest | undefined;
  const passed = (name: string, message: string): void => {
    checks.push({ name, result: 'Passed', message: message.slice(0, longestMessage) });
  };
  let current = 'Manifest';
  try {
    const { cluster } = dependencies;
    const opened = await dependencies.openStore(
      cluster,
      restore.metadata.namespace,
      target.storeName,
      'spec.source',
      options,
    );
    const backup = await loadBackup(opened.blobs, target.identity, target.backupID, options.signal);
    manifest = backup.manifest;
    if (target.manifestDigest !== undefined && target.manifestDigest !== backup.manifestDigest) {
      throw new InputError(
        'BackupInvalid',
        `The manifest of backup ${target.backupID} in ${opened.blobs.description} is not the one that the JtelBackup has seen (sha256): it was exchanged. Nothing was touched.`,
      );
    }
    passed(current, describeBackup(manifest));
    // Of its own name: later looks know the choice and no longer how it was made.
    if (target.note !== undefined) passed('Choice', target.note);
    current = 'Complete';
    await requireComplete(opened.blobs, backup, options.signal);
    passed(
      current,
      `All ${backup.packs.length} packs and ${manifest.indexParts.length} index parts are in the store, with length and MD5.`,
    );
    current = 'Access';
    const cannotSign = await whyNoJobCanRead(opened.blobs);
    if (cannotSign !== undefined) throw new InputError('StoreCannotSign', cannotSign);
    passed(current, 'The host can be given the right to read them, and nothing else.');
    current = 'Key';
    if (manifest.encryption === undefined)
      checks.push({ name: current, result: 'Skipped', message: 'The backup is not encrypted.' });
    else
      passed(
        current,
        `Key "${(await encryptionKey(cluster, opened.resource, manifest.encryption.keyID, options)).keyID}" is there.`,
      );
    current = 'Release';
    passed(current, await checkRelease(restore, stack, manifest, dependencies, options));
    if (restore.spec.mode === 'Test') return { checks, manifest };
    current = 'Disk';
    passed(current, checkDisk(restore, stack, manifest));
    current = 'Data';
    passed(current, checkData(restore, stack));
    current = 'PreRestoreBackup';
    await checkPreRestoreBackup(restore, stack, dependencies, options, checks);
    return { checks, manifest };
  } catch (error) {
    const problem = problemOf(error);
    checks.push({ name: current, result: 'Failed', message: problem.message.slice(0, longestMessage) });
    return { checks, problem, ...optional({ manifest }) };
  }
}

function describeBackup({ backupID, identity, release, totals, endTime, dataSets, doubt }: Manifest): string {
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

/** The wanted release takes the data, or the one that wrote them is there: the stack decides which of them it runs. */
async function checkRelease(
  restore: JtelRestore,
  stack: JtelStack,
  manifest: Manifest,
  dependencies: CheckDependencies,
  options: CallOptions,
): Promise<string> {
  const { version } = manifest.release;
  // A test only looks at the data, so it runs the release that wrote them.
  const wanted = restore.spec.mode === 'Test' ? version : stack.spec.version;
  const first = await tryRelease(stack, wanted, manifest, dependencies, options);
  if (typeof first === 'string') return first;
  if (wanted === version || stack.status?.version !== version) throw first;
  const running = await tryRelease(stack, version, manifest, dependencies, options);
  if (typeof running === 'string') return running;
  throw first;
}

async function tryRelease(
  stack: JtelStack,
  wanted: string,
  manifest: Manifest,
  dependencies: CheckDependencies,
  options: CallOptions,
): Promise<string | Error> {
  try {
    const { loaded } = await readRelease(
      { ...stack, spec: { ...stack.spec, version: wanted } },
      dependencies,
      options,
    );
    const problem = fits(loaded.release, manifest);
    if (problem !== undefined) return problem;
    const { namespace, name: stackName } = stack.metadata;
    await requireDatabaseKeys(
      dependencies.cluster,
      { namespace, stackName },
      loaded.release,
      manifest,
      options,
    );
    const { version } = manifest.release;
    return wanted === version
      ? `Release ${wanted} is there.`
      : `Release ${wanted} is there and can update data of ${version}.`;
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

function fits(release: Release, manifest: Manifest): InputError | undefined {
  const verdict = updateAllowed(manifest.release.version, release);
  if (!verdict.allowed)
    return new InputError(
      verdict.kind === 'Downgrade' ? 'DowngradeRefused' : 'UpdateNotSupported',
      `The backup cannot be used with release ${release.version}: ${verdict.message}.`,
    );
  const obstacle = restoreObstacle(release, manifest);
  return obstacle === undefined
    ? undefined
    : new InputError('BackupInvalid', `The backup cannot be restored: ${obstacle}.`);
}

function checkDisk({ spec }: JtelRestore, stack: JtelStack, manifest: Manifest): string {
  const free = stack.status?.host?.diskFreeBytes;
  const needed = neededBytes(manifest);
  if (free === undefined)
    throw new InputError('NotChecked', `The host of ${stack.metadata.name} was not looked at yet.`);
  const figures = `${formatBytes(needed)} are needed and ${formatBytes(free)} are free on ${stack.spec.host.address}`;
  if (free >= needed) return `${figures}.`;
  if (stack.status?.data === undefined)
    throw new InputError(
      'DiskFull',
      `The restore has no room: ${figures}. Free some space or enlarge the disk.`,
    );
  // How much overwriting sets free, only the job on the host can tell; it looks before anything is stopped.
  if (spec.inPlace === 'Accept') return `In place: ${figures}.`;
  throw new InputError(
    'NoRoomBeside',
    `The backup has no room beside the data in use: ${figures}. Free some space, or create a JtelRestore with inPlace Accept, which stops the stack and overwrites its data.`,
  );
}

function checkData({ spec }: JtelRestore, { metadata, status }: JtelStack): string {
  const data = status?.data;
  if (data === undefined) return 'The stack has no data yet.';
  const what = data.state === 'Incomplete' ? `incomplete data of ${data.source}` : `data from ${data.source}`;
  if (spec.ifNotEmpty === 'Replace') return `The stack has ${what}; overwriting is confirmed.`;
  throw new InputError(
    'DataNotEmpty',
    `Stack ${metadata.name} has ${what}, and ifNotEmpty is Fail: nothing was touched. To overwrite, create a JtelRestore with ifNotEmpty Replace and confirmReplace ${metadata.name}.`,
  );
}

async function checkPreRestoreBackup(
  restore: JtelRestore,
  stack: JtelStack,
  { cluster, openStore: open }: CheckDependencies,
  options: CallOptions,
  checks: Check[],
): Promise<void> {
  const name = 'PreRestoreBackup';
  const skip = (message: string): void => {
    checks.push({ name, result: 'Skipped', message });
  };
  if (!wantsPreRestoreBackup(restore, stack)) {
    skip(
      restore.spec.preRestoreBackup === 'Skip'
        ? 'Not wanted (preRestoreBackup Skip).'
        : 'There are no whole data to be backed up.',
    );
    return;
  }
  const hint = 'or set preRestoreBackup to Skip to overwrite without a way back';
  if (stack.spec.backup === undefined)
    throw new InputError(
      'BackupNotConfigured',
      `A backup is wanted before data are overwritten, and stack ${stack.metadata.name} has no spec.backup: add it, ${hint}.`,
    );
  const { resource, blobs } = await open(
    cluster,
    stack.metadata.namespace,
    stack.spec.backup.storeRef.name,
    'spec.backup.storeRef',
    options,
  );
  if (resource.spec.accessMode === 'ReadOnly') {
    throw new InputError(
      'ReferenceInvalid',
      `A backup is wanted before data are overwritten, and JtelBackupStore ${resource.metadata.name} is ReadOnly: use one that is ReadWrite, ${hint}.`,
    );
  }
  const cannotSign = await whyNoJobCanCreate(blobs);
  if (cannotSign !== undefined)
    throw new InputError(
      'StoreCannotSign',
      `A backup is wanted before data are overwritten, and none can be made: ${cannotSign} Do that, ${hint}.`,
    );
  checks.push({
    name,
    result: 'Passed',
    message: `What is there is backed up to JtelBackupStore ${resource.metadata.name} first.`,
  });
}
