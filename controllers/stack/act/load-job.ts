/** The job that loads a stack's data: a release's vanilla data, or a backup. The input is a secret as a whole. */

import type { BlobStore } from '../../../blob-store/blob-store.ts';
import type { ImageReference, JobSpec } from '../../../host-driver/host.ts';
import { dockerVolume, type SwitchedVolumes } from '../../../host-driver/volumes.ts';
import type { LoadJobInput } from '../../../jobs/load.ts';
import type { Release } from '../../../release/generated/release.ts';
import type { ComponentFile } from '../../../release/render.ts';
import { releaseFilePath } from '../../../release/layout.ts';
import { importJob } from '../../loading/import-job.ts';
import { databaseAccess } from '../../loading/database-access.ts';
import { checkJobUID, restoreJobUID, loadJobUID } from '../../loading/restore-orders.ts';
import { restoreJob } from '../../loading/restore-job.ts';
import type { DataLook } from '../observe/source.ts';
import { optional } from '../../../base/optional.ts';

/** Long enough for a slow line; the URLs can only read, and only these blobs. */
const urlLifetimeSeconds = 6 * 3600;
const memoryBytes = 256 * 2 ** 20;

/** `Check` only looks at a backup. `Pull` and `Finish` are of an import. */
export type LoadPurpose = 'Check' | 'Restore' | 'Pull' | 'Finish';

export interface LoadJobOptions {
  readonly release: Release;
  readonly store: BlobStore;
  readonly stackUID: string;
  readonly project: string;
  /** Those to be loaded into: new ones, or those in use where a restore switched them; default the project's first. */
  readonly volumes: SwitchedVolumes | undefined;
  /** Project whose database a dump is loaded into, when it is another one. */
  readonly databaseProject?: string | undefined;
  readonly toolbox: ImageReference;
  readonly rootPassword: string;
  /** What the database's component has mounted. */
  readonly databaseFiles: readonly ComponentFile[];
  readonly purpose: LoadPurpose;
  /** uid of the JtelRestore that is carried out. */
  readonly orderUID: string | undefined;
  readonly loading: DataLook['loading'];
  readonly signal: AbortSignal;
}

/** @throws {InputError} when the release cannot take the backup. */
export async function loadJob(input: LoadJobOptions): Promise<JobSpec> {
  const { loading, orderUID, purpose, stackUID } = input;
  if (loading === undefined)
    throw new Error(`a load was planned for stack ${stackUID}, and there is nothing to load`);
  const { imported, loadID } = loading;
  if (purpose === 'Pull' || purpose === 'Finish') {
    if (imported === undefined)
      throw new Error(`an import was planned for stack ${stackUID}, and there is nothing to import`);
    return importJob({ ...input, phase: purpose, loadID, imported });
  }
  if (loading.backup === undefined) return await vanillaJob(input, loadID);
  const { loaded, store, encryption } = loading.backup;
  return await restoreJob({
    ...input,
    purpose,
    uid:
      orderUID === undefined
        ? loadJobUID(stackUID)
        : purpose === 'Check'
          ? checkJobUID(orderUID)
          : restoreJobUID(orderUID),
    loadID,
    onData: loading.onData,
    store,
    backup: loaded,
    ...optional({ encryption }),
  });
}

/**
 * A customer's store gets a copy of the vanilla data before they are loaded, made by the storage service itself, and the load reads
 * that copy: what a new beginning needs is then in the customer's hands. The job compares the manifest's sha256.
 */
async function vanillaUrl(
  { release, store, loading, signal }: LoadJobOptions,
  path: string,
): Promise<string> {
  const source = releaseFilePath(release.version, path);
  const found = loading?.copyTo === undefined ? undefined : await store.properties(source, signal);
  // What is not there, or was not stored in one piece, the job reads (or misses) where it should be.
  if (loading?.copyTo === undefined || found?.md5 === undefined)
    return await store.readUrl(source, urlLifetimeSeconds);
  const copy = `${loading.copyTo.folder}${path}`;
  const { store: target } = loading.copyTo;
  await target.copyFrom(
    copy,
    await store.readUrl(source, urlLifetimeSeconds),
    { bytes: found.bytes, md5: found.md5 },
    signal,
  );
  return await target.readUrl(copy, urlLifetimeSeconds);
}

async function vanillaJob(options: LoadJobOptions, loadID: string): Promise<JobSpec> {
  const { release, stackUID, project, toolbox, rootPassword } = options;
  const dataSets = await Promise.all(
    // A published release has both; without them the job refuses its input.
    release.vanilla.map(async ({ kind, name, path, bytes = 0, sha256 = '' }) => ({
      kind,
      ...optional({ name }),
      url: await vanillaUrl(options, path),
      bytes,
      sha256,
    })),
  );
  const fileTrees = release.fileTrees.map(({ name, uid, gid }) => ({
    name,
    path: `/data/${name}`,
    uid,
    gid,
  }));
  const input: LoadJobInput = {
    type: 'load',
    loadID,
    database: databaseAccess(release, rootPassword, options.databaseFiles),
    fileTrees,
    dataSets,
  };
  return {
    uid: loadJobUID(stackUID),
    type: 'load',
    image: toolbox,
    command: ['load'],
    network: `${project}_default`,
    volumes: release.fileTrees.map(({ name, volume }) => ({
      volume: dockerVolume(project, volume, options.volumes),
      target: `/data/${name}`,
      readOnly: false,
    })),
    input,
    memoryBytes,
  };
}
