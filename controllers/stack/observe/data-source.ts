/**
 * Which data a stack gets: the first ones as `spec.initialData` says, later ones as a JtelRestore ordered. Reads the store; what
 * was read and proven complete is kept, because backups never change.
 */

import { databaseSetName, type EncryptionKey } from '../../../jobs/values.ts';
import { paths } from '../../../backup-format/names.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import type { JtelRestore, JtelStack, JtelStackStatus } from '../../../crds/index.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import type { Release } from '../../../release/generated/release.ts';
import { loadBackup, requireComplete, type LoadedBackup } from '../../stores/backup-catalog.ts';
import {
  catalogOf,
  consentOf,
  noConsent,
  requireTrusted,
  type Catalog,
  type Consent,
} from '../../stores/trust.ts';
import {
  acceptedBackup,
  describeSkipped,
  newestGoodBackup,
  requireChoice,
  type Choice,
} from '../../stores/backup-doubt.ts';
import { stackCatalog } from '../../stores/cluster-catalog.ts';
import { requireIdentityAllowed, stackIdentity } from '../../stores/backup-identity.ts';
import { encryptionKey } from '../../inputs/encryption-keys.ts';
import { importOrigin, readImportSource, type ImportedDatabase } from '../../inputs/import-source.ts';
import { InputError } from '../../inputs/input-error.ts';
import { requireDatabaseKeys } from '../../loading/database-keys.ts';
import { databaseWay, restoreObstacle } from '../../loading/restore-job.ts';
import type { openStore, OpenStore } from '../../stores/store-access.ts';
import type { DataSource } from '../model.ts';
import { optional } from '../../../base/optional.ts';

/** What the stack's data is said to come from, in state.json and in the condition. */
function vanillaSource(release: Release): string {
  return `vanilla ${release.version}`;
}

export interface DataDependencies {
  readonly cluster: Cluster;
  readonly openStore: typeof openStore;
  readonly backups: BackupSource;
}

/** A source made concrete, with what its job needs. */
export interface Loading {
  readonly source: DataSource;
  /** Absent for vanilla data and imports. */
  readonly backup?: {
    readonly loaded: LoadedBackup;
    readonly store: BlobStore;
    readonly encryption?: EncryptionKey;
  };
  /** The old installation's database, with its password. */
  readonly imported?: ImportedDatabase;
  /** Where vanilla data are copied to first, server side: the customer's store, when it is to hold the stack's backups. */
  readonly copyTo?: { readonly store: BlobStore; readonly folder: string };
}

/** Lists of packs can be long: as many as stacks are loaded at a time. */
const mostKept = 8;

/** Backups that were read and found complete. */
export class BackupSource {
  readonly #kept = new Map<string, LoadedBackup>();

  /** @throws {InputError} {@link BlobError} */
  async load(
    catalog: Catalog,
    identity: string,
    backupID: string,
    consent: Consent,
    signal: AbortSignal,
  ): Promise<LoadedBackup> {
    const { blobs, trust } = catalog;
    // One that counts for this store need not count for another of the same container.
    const key = [blobs.identity, identity, backupID, trust.store, ...trust.keys].join(' ');
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      requireTrusted(catalog, kept, consent);
      return kept;
    }
    const loaded = await loadBackup(catalog, identity, backupID, consent, signal);
    await requireComplete(blobs, loaded, signal);
    this.#kept.set(key, loaded);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > mostKept && oldest.done !== true) this.#kept.delete(oldest.value);
    return loaded;
  }
}

/**
 * The data that a stack without data begins with.
 * @throws {InputError} {@link BlobError} also when the store cannot be listed: that is not "no backup".
 */
export async function initialLoading(
  stack: JtelStack,
  release: Release,
  dependencies: DataDependencies,
  options: CallOptions,
): Promise<Loading> {
  const { initialData, backup } = stack.spec;
  if (initialData.source === 'Import') return await importLoading(stack, release, dependencies, options);
  if (initialData.source === 'Vanilla' || backup === undefined) return vanilla(release);
  const opened = await dependencies.openStore(
    dependencies.cluster,
    stack.metadata.namespace,
    backup.storeRef.name,
    'spec.backup.storeRef',
    options,
  );
  const identity = stackIdentity(stack);
  requireIdentityAllowed(opened.resource, identity);
  const begun = begunWith(stack);
  const asked = initialData.backupID ?? begun?.backupID;
  const catalog = await stackCatalog(dependencies.cluster, opened, stack, options);
  const choice: Choice =
    asked === undefined
      ? await newestGoodBackup(catalog, identity, acceptedBackup(stack), options.signal)
      : { backupID: asked, skipped: [] };
  const backupID = requireChoice(choice, opened.blobs.description);
  if (backupID !== undefined) {
    const loading = await backupLoading(
      opened,
      identity,
      backupID,
      { release, stackName: stack.metadata.name, consent: noConsent, catalog },
      dependencies,
      options,
    );
    const message = describeSkipped(choice);
    const { skipped } = choice;
    if (message !== '')
      return {
        ...loading,
        source: {
          ...loading.source,
          source: `${loading.source.source} (newer ones ${skipped.length > 0 ? 'without content were skipped' : 'do not count'})`,
          note: { reason: skipped.length > 0 ? 'BackupEmptied' : 'BackupsIgnored', message },
        },
      };
    // Later looks know the choice and no longer how it was made.
    return begun?.backupID === backupID
      ? { ...loading, source: { ...loading.source, source: begun.source } }
      : loading;
  }
  if (initialData.source === 'Auto') {
    const writable = opened.resource.spec.accessMode === 'ReadWrite';
    return {
      ...vanilla(release),
      ...(writable
        ? { copyTo: { store: opened.blobs, folder: paths.vanilla(identity, release.version) } }
        : {}),
    };
  }
  throw new InputError(
    'BackupNotFound',
    `${opened.blobs.description} has no backup of ${identity} to begin with (spec.initialData.source Backup): correct spec.backup, or set initialData.source to Auto or Vanilla.`,
  );
}

/** The backup that a JtelRestore found and checked, from its status. @throws {InputError} {@link BlobError} */
export async function orderedLoading(
  restore: JtelRestore,
  release: Release,
  dependencies: DataDependencies,
  options: CallOptions,
): Promise<Loading> {
  const { backupID, identity, storeRef } = restore.status ?? {};
  const { namespace, name } = restore.metadata;
  if (backupID === undefined || identity === undefined || storeRef === undefined) {
    throw new InputError(
      'InternalError',
      `JtelRestore ${namespace}/${name} is to be carried out and does not say which backup: delete it and create another.`,
    );
  }
  return await storedLoading(restore, storeRef.name, identity, backupID, release, dependencies, options);
}

/** A backup of the store with that name, in the namespace of whoever asks. @throws {InputError} {@link BlobError} */
export async function storedLoading(
  asking: JtelRestore | JtelStack,
  storeName: string,
  identity: string,
  backupID: string,
  release: Release,
  dependencies: DataDependencies,
  options: CallOptions,
): Promise<Loading> {
  const { kind, metadata } = asking;
  const opened = await dependencies.openStore(
    dependencies.cluster,
    metadata.namespace,
    storeName,
    `${kind} ${metadata.name}`,
    options,
  );
  requireIdentityAllowed(opened.resource, identity);
  const asked =
    asking.kind === 'JtelStack'
      ? {
          stackName: metadata.name,
          consent: noConsent,
          catalog: await stackCatalog(dependencies.cluster, opened, asking, options),
        }
      : { stackName: asking.spec.stackRef.name, consent: consentOf(asking), catalog: catalogOf(opened) };
  return await backupLoading(opened, identity, backupID, { release, ...asked }, dependencies, options);
}

interface LoadedFor {
  readonly release: Release;
  readonly stackName: string;
  readonly consent: Consent;
  readonly catalog: Catalog;
}

async function backupLoading(
  opened: OpenStore,
  identity: string,
  backupID: string,
  { release, stackName, consent, catalog }: LoadedFor,
  { cluster, backups }: DataDependencies,
  options: CallOptions,
): Promise<Loading> {
  const { resource, blobs } = opened;
  const loaded = await backups.load(catalog, identity, backupID, consent, options.signal);
  const { manifest } = loaded;
  const obstacle = restoreObstacle(release, manifest);
  if (obstacle !== undefined)
    throw new InputError('BackupInvalid', `Backup ${backupID} cannot be loaded: ${obstacle}.`);
  const { namespace } = resource.metadata;
  await requireDatabaseKeys(cluster, { namespace, stackName }, release, manifest, options);
  const keyID = manifest.encryption?.keyID;
  const encryption = keyID === undefined ? undefined : await encryptionKey(cluster, resource, keyID, options);
  return {
    source: {
      kind: 'Backup',
      source: `backup ${backupID}`,
      backupID,
      version: manifest.release.version,
      database: databaseWay(manifest),
      dataSets: manifest.dataSets.map(({ name }) => name),
      bytes: manifest.totals.totalBytes,
      ...optional({ carriedOut: manifest.carriedOut }),
    },
    backup: { loaded, store: blobs, ...optional({ encryption }) },
  };
}

/** The release brings the data to its own version when it starts, as it does with its vanilla data. */
async function importLoading(
  stack: JtelStack,
  release: Release,
  { cluster }: DataDependencies,
  options: CallOptions,
): Promise<Loading> {
  const imported = await readImportSource(cluster, stack, release, options);
  return {
    source: {
      kind: 'Import',
      source: importOrigin(imported.source),
      version: release.version,
      database: 'Logical',
      dataSets: [databaseSetName],
    },
    imported,
  };
}

function vanilla(release: Release): Loading {
  if (release.vanilla.length === 0)
    throw new InputError('ReleaseInvalid', `Release ${release.version} has no vanilla data to begin with.`);
  return {
    source: {
      kind: 'Vanilla',
      source: vanillaSource(release),
      version: release.version,
      database: 'Logical',
      dataSets: release.vanilla.map(({ kind, name }) =>
        kind === 'Database' ? databaseSetName : (name ?? ''),
      ),
    },
  };
}

/** A load that was begun goes on with the same backup, even when a newer one has come meanwhile. */
function begunWith(stack: JtelStack): NonNullable<JtelStackStatus['data']> | undefined {
  const data = stack.status?.data;
  return data?.state === 'Incomplete' && data.requestUID === stack.metadata.uid ? data : undefined;
}
