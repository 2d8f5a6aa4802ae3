/**
 * Stand-in releases with unusual databases: an older MariaDB, one without TLS, one encrypted at rest. Each is
 * release 3.43.1 with another database and the two components that data need, so it costs no further image.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Docker } from '../../kit/docker.ts';
import { releasesDirectory } from './contexts.ts';
import { makeVanilla } from './vanilla.ts';

const base = '3.43.1';
const database = 'acd-dbm';
/** Older than every other release, so none of those counts as an update of them. */
export const databaseReleases = {
  /** The vendor forgot to say where its keys are. */
  keysUnnamed: '3.40.1',
  encrypted: '3.40.2',
  /** As usual at its time, it speaks no TLS either, unless somebody configures it. */
  mariadb10: '3.41.1',
  /** The update of the one above. */
  withoutTLS: '3.41.2',
  /** Another update of it, whose database starts and never becomes healthy. */
  neverHealthy: '3.41.3',
} as const;

/** What is changed in a manifest, or read from it. */
interface Release {
  readonly version: string;
  readonly updatableFrom: readonly string[];
  readonly dataUpdater: string;
  readonly database: { readonly series: string; readonly physical: object };
  readonly secrets: readonly { readonly name: string; readonly kind: string }[];
  readonly volumes: readonly string[];
  readonly ports: readonly object[];
  readonly components: readonly Component[];
}

interface Component {
  readonly name: string;
  readonly image: { readonly repository: string; readonly tag: string };
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  readonly secrets?: readonly { readonly name: string }[];
  readonly health?: {
    readonly command: readonly string[];
    readonly intervalSeconds: number;
    readonly retries: number;
  };
}

type Change = (release: Release) => Release;

const changes: Readonly<Record<string, Change>> = {
  [databaseReleases.keysUnnamed]: withKeys,
  [databaseReleases.encrypted]: (release) => ({
    ...namingKeys(withKeys(release)),
    updatableFrom: [databaseReleases.keysUnnamed],
  }),
  [databaseReleases.mariadb10]: (release) => ({
    ...withDatabase(release, { image: { repository: `jtel/${database}`, tag: `${base}-mariadb10` } }),
    database: { ...release.database, series: '10.11' },
    // Its version could take over their data, its series cannot.
    updatableFrom: [databaseReleases.encrypted],
  }),
  [databaseReleases.withoutTLS]: (release) => ({
    ...withDatabase(release, { environment: [{ name: 'JTEL_DATABASE_TLS', value: 'off' }] }),
    updatableFrom: [databaseReleases.mariadb10],
  }),
  [databaseReleases.neverHealthy]: (release) => ({
    ...withDatabase(release, { health: { command: ['/bin/false'], intervalSeconds: 1, retries: 3 } }),
    updatableFrom: [databaseReleases.mariadb10],
  }),
};

/** Where `master.sh` copies the keys to for the server. */
const keysPath = '/dev/shm/jtel/database-keys';

function withKeys(release: Release): Release {
  const secret = { name: 'database-keys', kind: 'EncryptionKeys' };
  const mounts = release.components.find(({ name }) => name === database)?.secrets ?? [];
  return {
    ...withDatabase(release, { secrets: [...mounts, { name: secret.name }] }),
    secrets: [...release.secrets, secret],
  };
}

function namingKeys({ database: own, ...release }: Release): Release {
  const keys = { secret: 'database-keys', path: keysPath };
  return { ...release, database: { ...own, physical: { ...own.physical, keys } } };
}

function withDatabase(release: Release, change: Partial<Component>): Release {
  return {
    ...release,
    components: release.components.map((one) => (one.name === database ? { ...one, ...change } : one)),
  };
}

/** What a database needs to be loaded and updated to a version, and nothing else. */
function smallest(release: Release, version: string): Release {
  const kept = new Set([database, release.dataUpdater]);
  return {
    ...release,
    version,
    secrets: release.secrets.filter(({ kind }) => kind === 'Generated'),
    ports: [],
    volumes: release.volumes.filter((volume) => volume !== 'database-replica'),
    components: release.components.filter(({ name }) => kept.has(name)),
  };
}

/**
 * Makes `directory/<release>/` for each of {@link databaseReleases}. Needs the stand-ins of 3.43.1.
 * @returns absolute path by release.
 */
export async function assembleDatabaseReleases(
  docker: Docker,
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(releasesDirectory, base, 'release.yaml'), 'utf8');
  const made = new Map<string, string>();
  for (const [version, change] of Object.entries(changes)) {
    const target = join(directory, version);
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    const release = change(smallest(parse(text) as Release, version));
    await writeFile(join(target, 'release.yaml'), stringify(release));
    await makeVanilla(docker, `jtel/${database}:${base}`, base, join(target, 'vanilla'));
    made.set(version, target);
  }
  return made;
}
