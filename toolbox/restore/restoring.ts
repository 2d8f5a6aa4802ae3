/** What one restore works with, and what it may do with the data that are there. */
import type { BackOff } from '../../base/back-off.ts';
import type { RestoreJobInput } from '../../jobs/restore.ts';
import { decide } from '../marker.ts';
import type { LoadDecision } from '../marker.ts';
import type { Report } from '../report.ts';
import type { BlobReader } from './blob-reader.ts';
import type { DumpLoad } from './dump-load.ts';
import type { IndexSource } from './index-source.ts';
import type { Place } from './places.ts';
import type { Survey } from './survey.ts';

export interface RestoreOptions {
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly scratch?: string;
  readonly pauses?: BackOff;
  /** Bytes of files between two entries of the journal. A killed job fetches at most this much again. */
  readonly journalBytes?: number;
}

/** What one restore works with, once everything is checked. */
export interface Restoring {
  readonly input: RestoreJobInput;
  readonly places: readonly Place[];
  readonly dump: DumpLoad | undefined;
  readonly index: IndexSource;
  readonly survey: Survey;
  readonly reader: BlobReader;
  readonly options: RestoreOptions;
  /** Entries whose attributes a place's file system does not take, by data set. */
  readonly withoutAttributes: Map<string, number>;
}

/** @throws {JobError} DataNotEmpty when there is data that may not be replaced. */
export async function decisions(
  { loadID, onData }: RestoreJobInput,
  places: readonly Place[],
  dump: DumpLoad | undefined,
): Promise<readonly (LoadDecision | 'Replace')[]> {
  const decided: (LoadDecision | 'Replace')[] = [];
  // One after the other, the database first: its error is the one that people want to see.
  for (const place of [...(dump === undefined ? [] : [dump]), ...places]) {
    const found = await place.look();
    decided.push(onData === 'Replace' && found.marker?.loadID !== loadID ? 'Replace' : decide(found, loadID));
  }
  return decided;
}
