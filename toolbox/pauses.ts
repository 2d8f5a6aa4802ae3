/** How long a job waits before it asks a store again. The operator restarts a job later that gave up. */
import { setTimeout as delay } from 'node:timers/promises';
import { pauseSeconds, type BackOff } from '../base/back-off.ts';

export const afterBrokenDownload: BackOff = { firstSeconds: 2, longestSeconds: 30 };
export const afterBrokenRead: BackOff = { firstSeconds: 1, longestSeconds: 30 };
/** For an index part of an earlier backup. Without it the backup only stores more than necessary. */
export const afterBrokenIndexPart: BackOff = { firstSeconds: 0.5, longestSeconds: 4 };
export const afterFailedUpload: BackOff = { firstSeconds: 0.5, longestSeconds: 60 };

/**
 * @param leastSeconds the store's own request; counts up to the longest pause.
 * @throws the signal's reason
 */
export async function pause(
  backOff: BackOff,
  failures: number,
  signal: AbortSignal,
  leastSeconds = 0,
): Promise<void> {
  const seconds = Math.max(pauseSeconds(backOff, failures), Math.min(leastSeconds, backOff.longestSeconds));
  await delay(seconds * 1000, undefined, { signal });
}
