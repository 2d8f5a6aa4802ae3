/**
 * How long is waited after a failure before it is tried again. Hosts that do not answer or refuse a login are spared by
 * `host-driver/ssh/unreachable-pauses.ts` besides; reconciles that throw, by the work queue of their controller.
 */

import type { JobReport } from '../../host-driver/host.ts';
import type { BackOff } from '../../base/back-off.ts';

export const afterStackWave: BackOff = { firstSeconds: 2, longestSeconds: 300 };
export const afterBackupWave: BackOff = { firstSeconds: 2, longestSeconds: 120 };
export const afterRestoreWave: BackOff = { firstSeconds: 15, longestSeconds: 15 };
/** A job that loads data for an order: with six tries that is about half an hour. */
export const afterLoadJob: BackOff = { firstSeconds: 60, longestSeconds: 600 };

/** Pauses of waves are spread, so that a fleet that lost its store does not come back in step. */
export const waveSpread: readonly [number, number] = [0.75, 1.25];
/** Looks at what is well are spread likewise. */
export const resyncSpread: readonly [number, number] = [0.9, 1.1];

/** Whole seconds until a failed job is to be tried again. @param now by our clock; the job ended by the host's. */
export function pauseLeft({ job }: JobReport, seconds: number, now: Date, clockSkewSeconds: number): number {
  const hostNow = now.getTime() / 1000 + clockSkewSeconds;
  return Math.ceil((job.finishedSeconds ?? hostNow) + seconds - hostNow);
}
