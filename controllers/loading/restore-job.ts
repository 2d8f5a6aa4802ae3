/**
 * The job that loads a backup into a project's volumes, for a stack or for a scratch project that tests the backup. Its whole
 * input is a secret: signed URLs, the root password, perhaps the key.
 */

import { companionEntrypoint, exchangePath, prepareFile, prepareScript } from '../../jobs/companion.ts';
import { databaseSetName, type EncryptionKey } from '../../jobs/values.ts';
import type { RestoreJobInput } from '../../jobs/restore.ts';
import type { Manifest } from '../../backup-format/manifest.ts';
import { stagedDatabase } from '../../jobs/staging.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { ImageReference, JobCompanion, JobSpec } from '../../host-driver/host.ts';
import { dockerVolume, type SwitchedVolumes } from '../../host-driver/volumes.ts';
import { databaseFiles, type DatabaseFiles } from '../../release/database-files.ts';
import { isNewerSeries } from '../../release/fitness.ts';
import type { Release } from '../../release/generated/release.ts';
import { networkName, type ComponentFile } from '../../release/render.ts';
import { signedBackup, type LoadedBackup } from '../stores/backup-catalog.ts';
import {
  companionFiles,
  databaseAccess,
  keysAt,
  preparedKeysPath,
  suppliedKeyPaths,
} from './database-access.ts';
import { databaseImage } from '../inputs/release-images.ts';
import { InputError } from '../inputs/input-error.ts';
import { optional } from '../../base/optional.ts';

/** Long enough for a slow line. The URLs can only read these blobs. A job whose URLs have expired is started again. */
const urlLifetimeSeconds = 12 * 3600;
const mebibyte = 2 ** 20;
const restoreMemoryBytes = 288 * mebibyte;
const prepareMemoryBytes = 512 * mebibyte;
/** A physical restore runs before the project has a network, so it uses the host's own network and resolver. */
const hostNetwork = 'host';

/** How a backup's database is loaded; `None`: the backup has no database. */
export type DatabaseWay = 'Physical' | 'Logical' | 'None';

export function databaseWay(manifest: Pick<Manifest, 'dataSets'>): DatabaseWay {
  const kind = manifest.dataSets.find(({ name }) => name === databaseSetName)?.kind;
  return kind === 'Physical' || kind === 'Logical' ? kind : 'None';
}

export interface RestoreJobOptions {
  /** The job's uid on the host. */
  readonly uid: string;
  /** Names the load. A try goes on with what an earlier try of the same load wrote, and only with that. */
  readonly loadID: string;
  readonly onData: 'Refuse' | 'Replace';
  /** `Check` writes nothing and can run beside a running stack. */
  readonly purpose: 'Check' | 'Restore';
  readonly project: string;
  /** The volumes to load into; default: the project's first ones. */
  readonly volumes?: SwitchedVolumes | undefined;
  /** The project whose database takes the dump, when it is another one. */
  readonly databaseProject?: string | undefined;
  readonly toolbox: ImageReference;
  readonly release: Release;
  readonly rootPassword: string;
  /** What the database's component has mounted. */
  readonly databaseFiles: readonly ComponentFile[];
  readonly store: BlobStore;
  readonly backup: LoadedBackup;
  readonly encryption?: EncryptionKey;
}

/**
 * Why this release cannot take that backup; undefined when it can.
 * It names data sets that the release does not know: they would be lost silently.
 */
export function restoreObstacle(
  release: Release,
  manifest: Pick<Manifest, 'dataSets' | 'server'>,
): string | undefined {
  if (databaseWay(manifest) === 'Physical' && databaseFiles(release) === undefined) {
    return `the backup holds the files of a database, and release ${release.version} does not say where its database has them (database.physical)`;
  }
  const newer = newerSeries(release, manifest);
  if (newer !== undefined) return newer;
  const trees = new Set(release.fileTrees.map(({ name }) => name));
  const strange = manifest.dataSets
    .filter(({ name, kind }) => kind === 'FileTree' && !trees.has(name))
    .map(({ name }) => name);
  if (strange.length > 0)
    return `release ${release.version} has no file tree ${strange.join(', ')}, which the backup contains`;
  return undefined;
}

/**
 * The volumes that a load of this backup fills. They can be new ones, which replace those in use once everything is in them.
 * Empty when the release does not say where its database lies.
 */
export function restoredVolumes(release: Release, manifest: Manifest): readonly string[] {
  const files = databaseFiles(release);
  const hasDatabase = databaseWay(manifest) !== 'None';
  if (hasDatabase && files === undefined) return [];
  const inBackup = new Set(manifest.dataSets.map(({ name }) => name));
  const trees = release.fileTrees.filter(({ name }) => inBackup.has(name)).map(({ volume }) => volume);
  // A volume with something else in it would lose that.
  if (release.fileTrees.some(({ name, volume }) => !inBackup.has(name) && trees.includes(volume))) return [];
  return [...new Set([...(hasDatabase && files !== undefined ? [files.volume] : []), ...trees])];
}

/** Database files need a server of the same series or a newer one. */
function newerSeries(
  { version, database: { series } }: Release,
  manifest: Pick<Manifest, 'dataSets' | 'server'>,
): string | undefined {
  const from = manifest.server?.series;
  if (databaseWay(manifest) !== 'Physical' || from === undefined || series === undefined) return undefined;
  if (!isNewerSeries(from, series)) return undefined;
  return `it holds the files of MariaDB ${from}, which the older ${series} of release ${version} cannot read: restore it under a release with ${from} or newer`;
}

/** The image whose tool made the backup's files; the release's own if the backup does not name it. */
export function preparingImage(release: Release, manifest: Manifest): ImageReference {
  const { tools, release: origin } = manifest;
  const { component } = release.database;
  const reference =
    tools?.producer ?? origin.images.find((image) => image.component === component)?.reference;
  const [, repository = '', tag = '', digest = ''] =
    /^([^@\s]+?)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?@(sha256:[0-9a-f]{64})$/.exec(reference ?? '') ?? [];
  return digest === '' ? databaseImage(release) : { repository, tag, digest };
}

/** @throws {InputError} when the release cannot take the backup */
export async function restoreJob(options: RestoreJobOptions): Promise<JobSpec> {
  const { release, backup, project, toolbox } = options;
  const obstacle = restoreObstacle(release, backup.manifest);
  if (obstacle !== undefined)
    throw new InputError(
      'BackupInvalid',
      `Backup ${backup.manifest.backupID} cannot be restored: ${obstacle}.`,
    );
  const way = databaseWay(backup.manifest);
  const files = way === 'Physical' ? databaseFiles(release) : undefined;
  const inBackup = new Set(backup.manifest.dataSets.map(({ name }) => name));
  const fileTrees = release.fileTrees.filter(({ name }) => inBackup.has(name));
  const input: RestoreJobInput = {
    type: 'restore',
    purpose: options.purpose,
    loadID: options.loadID,
    onData: options.onData,
    backup: await signedBackup(options.store, backup, urlLifetimeSeconds),
    ...databaseTarget(way, files, options),
    fileTrees: fileTrees.map(({ name, uid, gid }) => ({ name, path: treePath(name), uid, gid })),
    ...optional({ encryption: options.encryption }),
    limits: {},
  };
  const readOnly = options.purpose === 'Check';
  const target = (volume: string): string => dockerVolume(project, volume, options.volumes);
  return {
    uid: options.uid,
    type: 'restore',
    image: toolbox,
    command: ['restore'],
    network: way === 'Logical' ? networkName(options.databaseProject ?? project, undefined) : hostNetwork,
    volumes: [
      ...(files === undefined ? [] : [{ volume: target(files.volume), target: databasePath, readOnly }]),
      ...fileTrees.map(({ name, volume }) => ({ volume: target(volume), target: treePath(name), readOnly })),
    ],
    input,
    memoryBytes: restoreMemoryBytes,
    ...(files === undefined || readOnly
      ? {}
      : { exchange: exchangePath, companions: [prepareCompanion(files, options, target(files.volume))] }),
  };
}

/** Not below /data, because a file tree may have any name. */
const databasePath = '/database';

function treePath(name: string): string {
  return `/data/${name}`;
}

function databaseTarget(
  way: DatabaseWay,
  files: DatabaseFiles | undefined,
  { release, rootPassword, databaseFiles: own }: RestoreJobOptions,
): Pick<RestoreJobInput, 'database'> {
  if (files !== undefined) {
    const { relativeDirectory, uid, gid } = files;
    const keyPaths = [
      ...suppliedKeyPaths(release, own),
      ...keysAt(release, own, preparedKeysPath).map(({ path }) => path),
    ];
    return {
      database: {
        kind: 'Physical',
        volumePath: databasePath,
        dataDirectory: relativeDirectory,
        exchange: exchangePath,
        uid,
        gid,
        keyPaths,
      },
    };
  }
  if (way !== 'Logical') return {};
  return { database: { kind: 'Logical', ...databaseAccess(release, rootPassword, own) } };
}

/** Prepares the files with the tool from the image that made the backup: another series may be unable to read its log. */
function prepareCompanion(
  { mountPath }: DatabaseFiles,
  { release, backup, databaseFiles: own }: RestoreJobOptions,
  volume: string,
): JobCompanion {
  return {
    name: 'database',
    image: preparingImage(release, backup.manifest),
    entrypoint: companionEntrypoint,
    command: [prepareScript],
    user: '0:0',
    volumes: [{ volume, target: mountPath, readOnly: false }],
    files: [
      prepareFile(stagedDatabase(mountPath)),
      ...companionFiles(release, own),
      ...keysAt(release, own, preparedKeysPath),
    ],
    memoryBytes: prepareMemoryBytes,
  };
}
