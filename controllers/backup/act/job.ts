/** The job that makes a backup on the host: the toolbox, and beside it the database's own tool. Its whole input is a secret. */

import {
  backupOptionFiles,
  backupScript,
  companionEntrypoint,
  exchangePath,
} from '../../../jobs/companion.ts';
import type { BackupDatabase, BackupFileTree, BackupJobInput, KnownIndexPart } from '../../../jobs/backup.ts';
import type { CreateGrant } from '../../../jobs/grant.ts';
import type { EncryptionKey } from '../../../jobs/values.ts';
import type { DatabaseKind } from '../../../backup-format/data-set.ts';
import { paths, parseIndexPartName } from '../../../backup-format/names.ts';
import type { Manifest } from '../../../backup-format/manifest.ts';
import { dockerVolume, type SwitchedVolumes } from '../../../host-driver/volumes.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import type { ImageReference, JobSpec } from '../../../host-driver/host.ts';
import { databaseFiles } from '../../../release/database-files.ts';
import type { ComponentFile } from '../../../release/render.ts';
import {
  companionFiles,
  databaseAccess,
  keysAt,
  preparedKeysPath,
  suppliedKeyPaths,
} from '../../loading/database-access.ts';
import { databaseImage } from '../../inputs/release-images.ts';
import { keysOf } from '../../loading/database-keys.ts';
import type { Release } from '../../../release/generated/release.ts';
import { optional } from '../../../base/optional.ts';

/** The job needs this much, whatever the size of the data. */
const memoryBytes = 300 * 2 ** 20;
/** mariadb-backup needs this for its copy threads and the redo log that it follows. */
const companionMemoryBytes = 768 * 2 ** 20;
const mebibyte = 2 ** 20;
/** An interrupted backup has a part for each 2 MiB of index. What comes after these is stored again. */
const mostListed = 100_000;

export interface BackupJobOptions {
  readonly uid: string;
  readonly attempt: number;
  readonly backupID: string;
  readonly identity: string;
  readonly epoch: string;
  readonly project: string;
  /** Those that a restore switched on the host. */
  readonly volumes: SwitchedVolumes | undefined;
  readonly release: Release;
  readonly method: DatabaseKind;
  readonly toolbox: ImageReference;
  readonly rootPassword: string;
  /** What the database's component has mounted. */
  readonly databaseFiles: readonly ComponentFile[];
  readonly grant: CreateGrant;
  readonly known: readonly KnownIndexPart[];
  readonly encryption: EncryptionKey | undefined;
  readonly bandwidthLimitMiBPerSecond: number | undefined;
}

export function backupJob(options: BackupJobOptions): JobSpec {
  const {
    uid,
    project,
    release,
    method,
    toolbox,
    rootPassword,
    encryption,
    bandwidthLimitMiBPerSecond: limit,
  } = options;
  const input: BackupJobInput = {
    type: 'backup',
    backupID: options.backupID,
    attempt: options.attempt,
    identity: options.identity,
    epoch: options.epoch,
    upload: options.grant,
    known: options.known,
    database: {
      kind: method,
      exchange: exchangePath,
      ...databaseAccess(release, rootPassword, options.databaseFiles),
      keyPaths: suppliedKeyPaths(release, options.databaseFiles),
      ...neededKeys(release, options.databaseFiles),
    },
    fileTrees: release.fileTrees.map(({ name, excludes = [] }): BackupFileTree => ({
      name,
      path: treePath(name),
      excludes,
    })),
    limits: limit === undefined ? {} : { bytesPerSecond: limit * mebibyte },
    ...optional({ encryption }),
  };
  const network = `${project}_default`;
  const source = (volume: string): string => dockerVolume(project, volume, options.volumes);
  return {
    uid,
    type: 'backup',
    image: toolbox,
    command: ['backup'],
    network,
    volumes: release.fileTrees.map(({ name, volume }) => ({
      volume: source(volume),
      target: treePath(name),
      readOnly: true,
    })),
    input,
    memoryBytes,
    ...(method === 'Physical' ? { exchange: exchangePath, companions: [producer(options, network)] } : {}),
  };
}

/** The keys, as the backup's manifest will name them. */
function neededKeys(release: Release, files: readonly ComponentFile[]): Pick<BackupDatabase, 'keys'> {
  const [file] = keysAt(release, files, preparedKeysPath);
  const keys = file === undefined ? [] : keysOf(file.content);
  return keys.length === 0 ? {} : { keys };
}

/** The database's own tool, from its own image, so versions always match. It cannot change what it reads. */
function producer(
  { project, release, rootPassword, volumes, databaseFiles: own }: BackupJobOptions,
  network: string,
): NonNullable<JobSpec['companions']>[number] {
  const files = databaseFiles(release);
  if (files === undefined)
    throw new TypeError(`release ${release.version} does not say where its database lies`);
  const { host, port } = databaseAccess(release, rootPassword, own);
  const { tls } = release.database;
  const optionFiles = backupOptionFiles({
    host,
    port,
    user: 'root',
    password: rootPassword,
    ...optional({ tls }),
  });
  return {
    name: 'producer',
    image: databaseImage(release),
    entrypoint: companionEntrypoint,
    command: [backupScript],
    user: '0:0',
    network,
    volumes: [
      { volume: dockerVolume(project, files.volume, volumes), target: files.mountPath, readOnly: true },
    ],
    files: [...optionFiles, ...companionFiles(release, own)],
    memoryBytes: companionMemoryBytes,
  };
}

function treePath(name: string): string {
  return `/data/${name}`;
}

export interface KnownOptions {
  readonly store: BlobStore;
  readonly identity: string;
  readonly backupID: string;
  readonly attempt: number;
  readonly epoch: string;
  /** Key that this backup is encrypted with. */
  readonly keyID: string | undefined;
  /** Newest backup in the store. */
  readonly newest: Manifest | undefined;
  readonly lifetimeSeconds: number;
}

/**
 * What need not be stored again: the index of the newest backup of the same epoch and key, and what earlier tries of this
 * backup wrote. Names are never guessed.
 */
export async function knownParts(
  options: KnownOptions,
  signal: AbortSignal,
): Promise<readonly KnownIndexPart[]> {
  const { store, identity, newest, epoch, keyID, lifetimeSeconds } = options;
  const known: KnownIndexPart[] = [];
  if (newest !== undefined && newest.epoch === epoch && newest.encryption?.keyID === keyID) {
    for (const { name, bytes, sha256 } of newest.indexParts) {
      known.push({
        url: await store.readUrl(paths.part(identity, newest.backupID, name), lifetimeSeconds),
        bytes,
        sha256,
      });
    }
  }
  return [...known, ...(await interruptedParts(options, signal))];
}

async function interruptedParts(
  { store, identity, backupID, attempt, lifetimeSeconds }: KnownOptions,
  signal: AbortSignal,
): Promise<readonly KnownIndexPart[]> {
  if (attempt === 1) return [];
  const folder = paths.backup(identity, backupID);
  const found: {
    readonly attempt: number;
    readonly part: number;
    readonly name: string;
    readonly bytes: number;
    readonly md5: string;
  }[] = [];
  let listed = 0;
  for await (const { name, bytes, md5 } of store.list(folder, signal)) {
    listed += 1;
    if (listed > mostListed) break;
    const parsed = parseIndexPartName(name.slice(folder.length));
    if (parsed !== undefined && parsed.attempt < attempt && md5 !== undefined)
      found.push({ ...parsed, name, bytes, md5 });
  }
  const known: KnownIndexPart[] = [];
  const ordered = found.toSorted((a, b) => a.attempt - b.attempt || a.part - b.part);
  let expected = { attempt: 0, part: 0 };
  for (const { attempt: tried, part, name, bytes, md5 } of ordered) {
    const wanted = tried === expected.attempt ? expected.part + 1 : 1;
    // A part behind a gap refers to chunks that only the missing part names.
    if (part !== wanted) continue;
    expected = { attempt: tried, part };
    known.push({
      url: await store.readUrl(name, lifetimeSeconds),
      bytes,
      md5: Buffer.from(md5, 'hex').toString('base64'),
    });
  }
  return known;
}
