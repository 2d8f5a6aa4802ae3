/**
 * The moments in which data on the host change: old data are removed, the new database moves to its place,
 * markers say so.
 */
import { chown, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stagedDatabase } from '../../jobs/staging.ts';
import { JobError } from '../job-error.ts';
import type { Marker } from '../../jobs/load.ts';
import { syncAll } from '../files/durable.ts';
import { exists, parentsOf } from './places.ts';
import type { Place } from './places.ts';
import { decisions } from './restoring.ts';
import type { Restoring } from './restoring.ts';

/**
 * `TakeAway`: marks all places as being loaded, and empties them. `Finish`: puts the database in place, and
 * marks all as loaded.
 */
export async function settle(restoring: Restoring, step: 'TakeAway' | 'Finish'): Promise<void> {
  if (step === 'TakeAway') await takeAway(restoring);
  else await finish(restoring);
}

async function takeAway({ input, places, dump, options }: Restoring): Promise<void> {
  options.report({ step: 'Placing', percent: 90, message: 'taking away what is there' });
  // Gathering took time. Look again, so that data that came in the meantime is not removed.
  await decisions(input, places, dump);
  await markAll(places, input.loadID, 'loading');
  await dump?.mark(input.loadID, 'loading');
  for (const place of places) {
    await place.clear();
    // Moving the old data aside is fast and atomic; deleting it makes room.
    await rm(join(place.staging, 'old'), { recursive: true, force: true });
  }
  await dump?.clear();
}

async function finish({ input, places, dump, options }: Restoring): Promise<void> {
  options.report({ step: 'Placing', percent: 97, message: 'the last steps' });
  for (const place of places) if (place.kind === 'Database') await placeDatabase(place);
  await syncAll(places.map(({ volumePath }) => volumePath));
  await dump?.mark(input.loadID, 'loaded');
  await markAll(places, input.loadID, 'loaded');
}

async function placeDatabase(place: Place): Promise<void> {
  const { volumePath, target, uid, gid } = place;
  const staged = stagedDatabase(volumePath);
  await chown(volumePath, uid, gid);
  if (!(await exists(staged))) return;
  if (target === volumePath) {
    for (const name of await readdir(staged)) await rename(join(staged, name), join(volumePath, name));
    return;
  }
  for (const parent of parentsOf(place)) {
    await mkdir(parent, { recursive: true, mode: 0o755 });
    await chown(parent, uid, gid);
  }
  if (await exists(target))
    throw new JobError(
      'DataNotEmpty',
      `${target} appeared while the backup was being restored: was the database started? Stop it, and restore again with Replace`,
    );
  await rename(staged, target);
}

async function markAll(places: readonly Place[], loadID: string, state: Marker['state']): Promise<void> {
  for (const place of places) await place.mark({ loadID, state, time: new Date().toISOString() });
}
