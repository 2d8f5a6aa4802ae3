/** How jobs reach a stack's database, and which of its files and secrets the containers beside it get. */

import { atOwnPlaces, type CompanionFile } from '../../jobs/companion.ts';
import type { DatabaseAccess } from '../../jobs/values.ts';
import { secretTarget } from '../../release/components.ts';
import { databaseFiles } from '../../release/database-files.ts';
import type { Release, SecretMount } from '../../release/generated/release.ts';
import type { ComponentFile } from '../../release/render.ts';

const databasePort = 3306;

/** @param files of the database's component. */
export function databaseAccess(
  { database }: Release,
  rootPassword: string,
  files: readonly ComponentFile[],
): DatabaseAccess {
  const { component: host, schemas, tls } = database;
  const authority = files.find(({ path }) => path === tls?.certificateAuthority)?.content;
  return {
    host,
    port: databasePort,
    rootPassword,
    schemas,
    ...(tls === undefined ? {} : { tls: authority === undefined ? {} : { certificateAuthority: authority } }),
  };
}

/** Where a companion that prepares files has the keys of encryption at rest, wherever the database has them. */
export const preparedKeysPath = '/run/jtel/database-keys';

/**
 * The files and secrets of the database's component at their own places, and its encryption keys where the server reads
 * them. Files in the database's volume are left out: the volume has its own.
 */
export function companionFiles(release: Release, files: readonly ComponentFile[]): readonly CompanionFile[] {
  const mounted = `${databaseFiles(release)?.mountPath ?? ''}/`;
  const own = [...files, ...keysAt(release, files, release.database.physical?.keys?.path)];
  return atOwnPlaces(
    own.filter(
      ({ path }, index) =>
        !path.startsWith(mounted) && own.findIndex((other) => other.path === path) === index,
    ),
  );
}

/** The paths of key files that a backup may name, because the release itself supplies them. */
export function suppliedKeyPaths(release: Release, files: readonly ComponentFile[]): readonly string[] {
  const keys = release.database.physical?.keys?.path;
  return [...new Set([...files.map(({ path }) => path), ...(keys === undefined ? [] : [keys])])];
}

/** How the database's component has its encryption keys. */
export function keysMount(release: Release): SecretMount | undefined {
  const { component, physical } = release.database;
  const secrets = release.components.find(({ name }) => name === component)?.secrets;
  return secrets?.find(({ name }) => name === physical?.keys?.secret);
}

/** The release's encryption keys as a file; none when it has none. */
export function keysAt(
  release: Release,
  files: readonly ComponentFile[],
  path: string | undefined,
): readonly CompanionFile[] {
  const mount = keysMount(release);
  const found = mount === undefined ? undefined : files.find((file) => file.path === secretTarget(mount));
  return found === undefined || path === undefined ? [] : [{ path, content: found.content, mode: 0o600 }];
}
