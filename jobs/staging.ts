/**
 * Where a restore gathers files before they come to their places: in the volumes that they will lie in, so that coming to
 * their places is a rename. What lies there is never data; whoever finds it may remove it.
 */

/** At the root of a file tree; belongs to this project, is no data. */
export const markerDirectory = '.jtel-operator';

/** At the root of the database's volume, gone when the restore has ended. */
export const databaseStaging = '.jtel-restore';

/**
 * The data directory to be, which the companion prepares before it comes to its place.
 * @param volumePath where whoever asks has the database's volume.
 */
export function stagedDatabase(volumePath: string): string {
  return `${volumePath}/${databaseStaging}/data`;
}
