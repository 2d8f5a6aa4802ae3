/** Where a release's database has its files. Jobs that back them up or restore them mount this place. */
import type { Release } from './generated/release.ts';

export interface DatabaseFiles {
  /** Name in the release. On the host it is `<project>_<volume>`. */
  readonly volume: string;
  /** Where the database's own container mounts it. */
  readonly mountPath: string;
  /** Path as the server sees it. */
  readonly dataDirectory: string;
  /** The data directory, relative to the volume's root; `.` for the root itself. */
  readonly relativeDirectory: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * @returns undefined if the release does not say, or says something impossible. Then only logical backups are
 * possible.
 */
export function databaseFiles(release: Release): DatabaseFiles | undefined {
  const { component: name, physical } = release.database;
  if (physical === undefined) return undefined;
  const { volume, dataDirectory, uid, gid } = physical;
  const mounts = release.components.find((component) => component.name === name)?.volumes ?? [];
  const mount = mounts.find(
    (one) =>
      one.volume === volume && one.readOnly !== true && `${dataDirectory}/`.startsWith(`${one.target}/`),
  );
  if (mount === undefined) return undefined;
  const relativeDirectory = dataDirectory.slice(mount.target.length + 1) || '.';
  return { volume, mountPath: mount.target, dataDirectory, relativeDirectory, uid, gid };
}
