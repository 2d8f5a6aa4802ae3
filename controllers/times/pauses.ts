/**
 * The pauses after failures. Two others are elsewhere: `host-driver/ssh/unreachable-pauses.ts` spares hosts that do not
 * answer or refuse a login, and a controller's work queue delays reconciles that throw.
 */

import type { JobReport } from '../../host-driver/host.ts';
import type { BackOff } from '../../base/back-off.ts';

export const afterStackWave: BackOff = { firstSeconds: 2, longestSeconds: 300 };
export const afterBackupWave: BackOff = { firstSeconds: 2, longestSeconds: 120 };
export const afterRestoreWave: BackOff = { firstSeconds: 15, longestSeconds: 15 };
/** After a failed job that loads data for an order. Six tries take about half an hour. */
export const afterLoadJob: BackOff = { firstSeconds: 60, longestSeconds: 600 };

/** Between looks at a host that does not answer. They grow with the time since it did. */
const unreachable: BackOff = { firstSeconds: 15, longestSeconds: 240 };
const unreachableShare = 1 / 4;

/** @param awaySeconds since it was found that the host does not answer. @returns seconds until the next look */
export function unreachablePause(awaySeconds: number): number {
  const { firstSeconds, longestSeconds } = unreachable;
  return Math.min(longestSeconds, Math.max(firstSeconds, awaySeconds * unreachableShare));
}

/** Pauses of waves are spread: a fleet that lost its store must not come back in step. */
export const waveSpread: readonly [number, number] = [0.75, 1.25];
/** Looks at healthy objects are spread, too. */
export const resyncSpread: readonly [number, number] = [0.9, 1.1];

/** Whole seconds until the next try of a failed job. @param now by our clock; the job's end is by the host's clock. */
export function pauseLeft({ job }: JobReport, seconds: number, now: Date, clockSkewSeconds: number): number {
  const hostNow = now.getTime() / 1000 + clockSkewSeconds;
  return Math.ceil((job.finishedSeconds ?? hostNow) + seconds - hostNow);
}
