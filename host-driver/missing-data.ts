/**
 * Compares the data that state.json says were loaded with the content of the volumes. Containers that start
 * without their data make empty data, and then look well. Pure.
 */
import type { DataVolume } from './rendered-release.ts';
import type { HostObservation, HostState, RenderedRelease, VolumeContent } from './host.ts';

/** A data set that was loaded and is missing. */
export interface MissingData extends DataVolume {
  /** `Gone`: the volume itself is missing. */
  readonly how: 'Gone' | Exclude<VolumeContent, 'Database' | 'Data'>;
}

/**
 * @param volumes names of all volumes
 * @param contents of the volumes that were looked into
 */
export function missingData(
  state: HostState | undefined,
  release: Pick<RenderedRelease, 'digest' | 'data'>,
  { volumes, contents = {} }: Pick<HostObservation, 'volumes' | 'contents'>,
): readonly MissingData[] {
  const loaded = state?.data;
  if (loaded === undefined || loaded.state !== undefined || state?.moved !== undefined) return [];
  return (release.data ?? []).flatMap((place): MissingData[] => {
    const wasLoaded = isLoaded(loaded.dataSets, place);
    // The last apply made every volume of the release. Volumes of data sets that came with an update are
    // rightly empty.
    if (!volumes.includes(place.volume))
      return wasLoaded || state?.applied?.digest === release.digest ? [{ ...place, how: 'Gone' }] : [];
    const how = contents[place.volume];
    return wasLoaded && how !== undefined && !isThere(place, how) ? [{ ...place, how }] : [];
  });
}

/** Older operators did not record which data sets they loaded. They always loaded a database. */
function isLoaded(recorded: readonly string[] | undefined, { kind, set }: DataVolume): boolean {
  return recorded === undefined ? kind === 'Database' : recorded.includes(set);
}

/**
 * A database without a table was initialised over nothing. A file tree without a file has at least its mark.
 */
function isThere({ kind }: DataVolume, content: VolumeContent): content is 'Database' | 'Data' {
  if (content === 'Database' || content === 'Data') return true;
  return kind === 'FileTree' && (content === 'Marked' || content === 'BareDatabase');
}

const ways: Readonly<Record<MissingData['how'], string>> = {
  Gone: 'does not exist',
  Empty: 'is empty',
  Marked: 'holds only the mark of its load',
  BareDatabase: 'holds a database without any table',
  Loading: 'holds the remains of an unfinished load',
};

/** For people: one clause per data set. */
export function describeMissing(missing: readonly MissingData[]): string {
  return missing
    .map(
      ({ kind, set, volume, how }) =>
        `${kind === 'Database' ? 'the database' : `file tree ${set}`}: volume ${volume} ${ways[how]}`,
    )
    .join('; ');
}
