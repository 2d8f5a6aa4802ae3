/** Observes what planning a restore needs: the stack, the backup, what is checked, and in mode Test the scratch project. */

import type { Manifest } from '../../../backup-format/manifest.ts';
import { backupKind, stackKind, type JtelRestore, type JtelStack } from '../../../crds/index.ts';
import type {
  CarriedOutOrder,
  Host,
  HostDriver,
  HostObservation,
  HostTarget,
  JobReport,
} from '../../../host-driver/host.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import { readManifest } from '../../stores/backup-catalog.ts';
import { acceptedBackup, newestGoodBackup, newestSigned, requireChoice } from '../../stores/backup-doubt.ts';
import { catalogOf, consentOf, requireTrusted, type Catalog } from '../../stores/trust.ts';
import { clusterCatalog } from '../../stores/cluster-catalog.ts';
import { requireIdentityAllowed, stackIdentity } from '../../stores/backup-identity.ts';
import { answersOf } from '../../hosts/answers.ts';
import { scratchProject } from '../../hosts/scratch-project.ts';
import { readHostTarget } from '../../hosts/host-target.ts';
import { InputError } from '../../inputs/input-error.ts';
import { outcome, problemOf, type Outcome } from '../../inputs/outcome.ts';
import {
  carriedOutBefore,
  countJobUID,
  isOrdered,
  orderID,
  restoreJobUID,
  smokeJobUID,
  standingOrders,
} from '../../loading/restore-orders.ts';
import { askedServices } from '../../../release/smoke-checks.ts';
import { readRelease } from '../../inputs/stack-release.ts';
import { check, type CheckDependencies } from './checks.ts';
import { preRestoreBackupName, verification, wantsPreRestoreBackup } from '../desired/request.ts';
import { foreignOwner, testPlace, type Fleet, type TestPlace } from './test-place.ts';
import type { Ahead, Checked, Observed, Scratch, Target } from './observed.ts';
import { optional } from '../../../base/optional.ts';

export interface ObserveDependencies extends CheckDependencies {
  readonly driver: HostDriver;
  readonly restoresOf: (stack: JtelStack, options: CallOptions) => Promise<readonly JtelRestore[]>;
  readonly fleet: Fleet;
}

export interface Gathered {
  readonly observed: Observed;
  /** The host of the scratch project. */
  readonly host?: Host;
}

export async function observe(
  restore: JtelRestore,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Gathered> {
  const { namespace } = restore.metadata;
  const stack = await dependencies.cluster.find(
    stackKind,
    { namespace, name: restore.spec.stackRef.name },
    options,
  );
  const isTest = restore.spec.mode === 'Test';
  const place = isTest ? await testPlace(restore, stack, dependencies.cluster, options) : undefined;
  const refused = foreignOwner(restore, dependencies.fleet);
  const scratchLook =
    place === undefined || refused !== undefined
      ? undefined
      : await observeScratch(restore, stack, place, dependencies, options);
  const seen = scratchLook?.scratch.host;
  const foreign = seen?.ok ? foreignOwner(restore, dependencies.fleet, seen.value.facts) : refused;
  const ahead =
    stack === undefined || isTest ? undefined : await olderRestore(restore, stack, dependencies, options);
  const carriedOut =
    stack === undefined ? undefined : await earlierLife(restore, stack, dependencies, options);
  const target =
    stack === undefined || carriedOut?.ok === true || restore.spec.source.undoOf !== undefined
      ? notLooked
      : (carriedOut ?? (await outcome(() => findTarget(restore, stack, dependencies, options))));
  const backup =
    restore.spec.mode === 'Execute'
      ? await dependencies.cluster.find(
          backupKind,
          { namespace, name: preRestoreBackupName(restore) },
          options,
        )
      : undefined;
  const observed: Observed = {
    ...optional({ stack, ahead, foreign }),
    target,
    ...(carriedOut?.ok === true ? { carriedOut: carriedOut.value } : {}),
    ...optional({ preRestoreBackup: backup }),
    ...(scratchLook === undefined ? {} : { scratch: scratchLook.scratch }),
  };
  return { observed, ...optional({ host: scratchLook?.host }) };
}

/**
 * The same order, carried out before. The stack's status knows it from the host. A stack without data asks its store, because
 * the host may be lost. A problem means that the store cannot be asked now, which is not "no".
 */
async function earlierLife(
  restore: JtelRestore,
  stack: JtelStack,
  { cluster, openStore }: ObserveDependencies,
  options: CallOptions,
): Promise<Outcome<CarriedOutOrder> | undefined> {
  const { spec, status, metadata } = restore;
  if (spec.mode !== 'Execute' || metadata.deletionTimestamp !== undefined || isOrdered(restore))
    return undefined;
  const order = { id: orderID(restore), requestUID: metadata.uid };
  const { data, carriedOut } = stack.status ?? {};
  const known = carriedOutBefore(order, carriedOut, data);
  if (known !== undefined) return { ok: true, value: known };
  const storeName = stack.spec.backup?.storeRef.name;
  if (data !== undefined || storeName === undefined || status?.backupID !== undefined) return undefined;
  const remembered = await outcome(async () => {
    const opened = await openStore(cluster, metadata.namespace, storeName, 'spec.backup.storeRef', options);
    const catalog = await clusterCatalog(cluster, opened, options);
    return await rememberedInStore(catalog, stackIdentity(stack), options.signal);
  });
  if (!remembered.ok) return remembered;
  const stored = carriedOutBefore(order, remembered.value, undefined);
  return stored === undefined ? undefined : { ok: true, value: stored };
}

/** The orders that the newest backup remembers. If it cannot be read, it has none: an older one can still be restored. */
async function rememberedInStore(
  catalog: Catalog,
  identity: string,
  signal: AbortSignal,
): Promise<Manifest['carriedOut']> {
  try {
    return (await newestSigned(catalog, identity, signal)).manifest?.carriedOut;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

const notLooked: Outcome<Target> = { ok: false, reason: 'NotChecked', message: 'No backup was looked for.' };

/** The second look, into the store: only at what the next step depends on, and only once nothing else is in the way. */
export async function observeChecks(
  restore: JtelRestore,
  gathered: Gathered,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Gathered> {
  const checked = await checkNow(restore, gathered.observed, dependencies, options);
  return { ...gathered, observed: { ...gathered.observed, ...optional({ checked }) } };
}

async function checkNow(
  restore: JtelRestore,
  { stack, target, preRestoreBackup }: Observed,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Checked | undefined> {
  const { spec, status } = restore;
  if (stack === undefined || !target.ok) return undefined;
  if (status?.checks?.some(({ name }) => name === verification) === true) return undefined;
  if (spec.mode === 'Test' && (status?.phase === 'Loading' || status?.phase === 'Starting'))
    return await readAgain(restore, stack, target.value, dependencies, options);
  if (status?.phase === 'Loading' || status?.phase === 'Starting') return undefined;
  const waiting =
    preRestoreBackup !== undefined &&
    preRestoreBackup.status?.phase !== 'Completed' &&
    wantsPreRestoreBackup(restore, stack);
  if (waiting) return { checks: [] };
  return await check(restore, stack, target.value, dependencies, options);
}

async function readAgain(
  restore: JtelRestore,
  stack: JtelStack,
  target: Target,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Checked> {
  const { cluster, openStore } = dependencies;
  try {
    const catalog = catalogOf(
      await openStore(cluster, restore.metadata.namespace, target.storeName, 'spec.source', options),
    );
    const entry = await readManifest(catalog, target.identity, target.backupID, options.signal);
    requireTrusted(catalog, entry, consentOf(restore));
    const { manifest } = entry;
    const { version } = manifest.release;
    const wrote = { ...stack, spec: { ...stack.spec, version } };
    const { release } = (await readRelease(wrote, dependencies, options)).loaded;
    const { smokeChecks: checks = [] } = release;
    return { checks: [], manifest, smoke: { checks, services: askedServices(release) } };
  } catch (error) {
    const { reason, message } = problemOf(error);
    return { checks: [], problem: { reason, facts: { is: 'Told', message } } };
  }
}

async function olderRestore(
  restore: JtelRestore,
  stack: JtelStack,
  { restoresOf }: ObserveDependencies,
  options: CallOptions,
): Promise<Ahead | undefined> {
  const { name, uid } = restore.metadata;
  // One of the same name was deleted, and is not heard of yet.
  const first = standingOrders(await restoresOf(stack, options)).find(
    ({ metadata }) => metadata.name !== name || metadata.uid === uid,
  );
  if (first === undefined || first.metadata.uid === uid) return undefined;
  const { phase = 'Pending', startTime, message } = first.status ?? {};
  return {
    name: first.metadata.name,
    phase,
    since: startTime ?? first.metadata.creationTimestamp,
    ...optional({ message }),
  };
}

/** Finds the requested backup. Once it is found, it stays the same. @throws {InputError} {@link BlobError} */
async function findTarget(
  restore: JtelRestore,
  stack: JtelStack,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Target> {
  const { status, metadata } = restore;
  if (
    status?.backupID !== undefined &&
    status.identity !== undefined &&
    status.storeRef !== undefined &&
    restore.spec.source.backupRef === undefined
  ) {
    return { backupID: status.backupID, identity: status.identity, storeName: status.storeRef.name };
  }
  const asked = await resolveSource(restore, stack, dependencies, options);
  const own = stackIdentity(stack);
  const named = restore.spec.source.identity ?? restore.spec.source.latestOf;
  if (asked.identity !== own && asked.identity !== named) {
    throw new InputError(
      'BackupNotAllowed',
      `The backup belongs to ${asked.identity}, and stack ${stack.metadata.name} is ${own}: to bring the data of another stack into it, name that identity in spec.source.identity.`,
    );
  }
  const { cluster, openStore } = dependencies;
  const opened = await openStore(cluster, metadata.namespace, asked.storeName, 'spec.source', options);
  const { blobs } = opened;
  requireIdentityAllowed(opened.resource, asked.identity);
  if (asked.backupID !== undefined) return { ...asked, backupID: asked.backupID };
  const choice = await newestGoodBackup(
    await clusterCatalog(cluster, opened, options),
    asked.identity,
    acceptedBackup(stack),
    options.signal,
  );
  const newest = requireChoice(choice, blobs.description);
  if (newest === undefined)
    throw new InputError('BackupNotFound', `${blobs.description} has no backup of ${asked.identity}.`);
  const skipped = choice.skipped.length === 0 ? undefined : choice.skipped;
  return { ...asked, backupID: newest, ...optional({ skipped, ignored: choice.ignored }) };
}

interface Asked {
  readonly identity: string;
  readonly storeName: string;
  /** Undefined: the newest. */
  readonly backupID?: string;
  readonly manifestDigest?: string;
}

async function resolveSource(
  { spec, metadata }: JtelRestore,
  stack: JtelStack,
  { cluster }: ObserveDependencies,
  options: CallOptions,
): Promise<Asked> {
  const { backupRef, backupID, latestOf, storeRef, identity } = spec.source;
  if (backupRef !== undefined) {
    const backup = await cluster.find(
      backupKind,
      { namespace: metadata.namespace, name: backupRef.name },
      options,
    );
    if (backup === undefined)
      throw new InputError(
        'BackupNotFound',
        `JtelBackup ${metadata.namespace}/${backupRef.name} does not exist; a backup in the store is found by backupID and storeRef.`,
      );
    const { phase, message } = backup.status ?? {};
    if (phase === 'Failed')
      throw new InputError(
        'BackupFailed',
        `JtelBackup ${backupRef.name} failed, so there is nothing to restore: ${message ?? ''}`,
      );
    const found = backup.status;
    if (phase !== 'Completed' || found?.backupID === undefined)
      throw new InputError(
        'NotChecked',
        `JtelBackup ${backupRef.name} is not completed yet (${phase ?? 'Pending'}).`,
      );
    const storeName = found.storeRef?.name ?? backup.spec.storeRef?.name ?? stack.spec.backup?.storeRef.name;
    if (storeName === undefined)
      throw new InputError(
        'StoreNotFound',
        `JtelBackup ${backupRef.name} does not say in which store it lies: restore it by backupID and storeRef.`,
      );
    const digest =
      found.manifestDigest === undefined
        ? {}
        : { manifestDigest: found.manifestDigest.replace(/^sha256:/, '') };
    return {
      backupID: found.backupID,
      identity: found.identity ?? stackIdentity(stack),
      storeName,
      ...digest,
    };
  }
  const storeName = storeRef?.name ?? stack.spec.backup?.storeRef.name;
  if (storeName === undefined)
    throw new InputError(
      'BackupNotConfigured',
      `Stack ${stack.metadata.name} has no spec.backup, so spec.source needs a storeRef.`,
    );
  return {
    identity: latestOf ?? identity ?? stackIdentity(stack),
    storeName,
    ...optional({ backupID }),
  };
}

async function observeScratch(
  restore: JtelRestore,
  stack: JtelStack | undefined,
  { host: place, namespace, field }: TestPlace,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<{ readonly scratch: Scratch; readonly host?: Host }> {
  const project = scratchProject(restore);
  const { uid } = restore.metadata;
  const release =
    stack === undefined ? undefined : await outcome(() => readRelease(stack, dependencies, options));
  const databaseService = release?.ok === true ? release.value.loaded.release.database.component : '';
  const target: Outcome<HostTarget> =
    typeof namespace === 'string'
      ? await outcome(() =>
          readHostTarget(
            dependencies.cluster,
            { metadata: { namespace }, spec: { host: place } },
            options,
            field,
          ),
        )
      : { ok: false, ...namespace };
  if (!target.ok) return { scratch: { project, place, databaseService, host: target } };
  const host = dependencies.driver.host(target.value);
  const ask = answersOf(place.address, options.signal);
  const seen: Outcome<HostObservation> = await outcome(() =>
    ask((signal) => host.observe(project, 'full', signal)),
  );
  const report = async (job: string): Promise<JobReport | undefined> =>
    seen.ok && seen.value.jobs.some((one) => one.uid === job)
      ? await ask((signal) => host.readJob(job, signal)).catch(() => undefined)
      : undefined;
  const load = await report(restoreJobUID(uid));
  const count = await report(countJobUID(uid));
  const smoke = await report(smokeJobUID(uid));
  return {
    scratch: {
      project,
      place,
      databaseService,
      host: seen,
      ...optional({ restore: load, count, smoke }),
    },
    host,
  };
}
