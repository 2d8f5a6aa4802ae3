/**
 * Where a restore gathers files before it places them: in the volume that they will lie in, so placing is a
 * rename. These files are never data; anybody may remove them.
 */

/** At the root of a file tree. It belongs to this project and is not data. */
export const markerDirectory = '.jtel-operator';

/** At the root of the database's volume; removed when the restore has ended. */
export const databaseStaging = '.jtel-restore';

/**
 * The future data directory, which the companion prepares before it is placed.
 * @param volumePath where the caller has the database's volume mounted.
 */
export function stagedDatabase(volumePath: string): string {
  return `${volumePath}/${databaseStaging}/data`;
}
