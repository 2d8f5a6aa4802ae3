/**
 * Markers say which load wrote the data that is there. They decide whether data may be touched at all, so a
 * marker that cannot be read counts as somebody else's.
 */
import { read } from '../backup-format/schema.ts';
import { loadMarker, type Marker } from '../jobs/load.ts';
import { JobError } from './job-error.ts';

/** @throws {JobError} DataNotEmpty for anything that is not our marker: then nothing is touched. */
export function parseMarker(text: string, place: string): Marker {
  try {
    return read(loadMarker, JSON.parse(text), place);
  } catch (error) {
    throw new JobError(
      'DataNotEmpty',
      `the marker in ${place} cannot be understood, so the data there is left alone: look at it by hand`,
      error,
    );
  }
}

/** What a look at the database or a file tree found. */
export interface Found {
  /** `the database`, `file tree files` */
  readonly what: string;
  readonly marker: Marker | undefined;
  /** Number of tables or entries, and a few of their names. */
  readonly entries: number;
  readonly examples: readonly string[];
}

/**
 * `Load`: the place is empty. `LoadAgain`: this load broke off there. `Done`: this load has finished there.
 */
export type LoadDecision = 'Load' | 'LoadAgain' | 'Done';

/**
 * @param loadID of the load that wants to write.
 * @throws {JobError} DataNotEmpty when the data is not this load's own.
 */
export function decide(found: Found, loadID: string): LoadDecision {
  const { what, marker, entries, examples } = found;
  if (marker?.loadID === loadID) return marker.state === 'loaded' ? 'Done' : 'LoadAgain';
  if (marker === undefined && entries === 0) return 'Load';
  const origin =
    marker === undefined
      ? ''
      : ` (${marker.state === 'loaded' ? 'written' : 'begun and not finished'} by load ${marker.loadID} at ${marker.time})`;
  const names =
    examples.length === 0 ? '' : `: ${examples.join(', ')}${entries > examples.length ? ', …' : ''}`;
  throw new JobError(
    'DataNotEmpty',
    `${what} is not empty${origin}: ${entries} ${entries === 1 ? 'entry' : 'entries'}${names}. Nothing was touched; data that is there is never overwritten`,
  );
}
