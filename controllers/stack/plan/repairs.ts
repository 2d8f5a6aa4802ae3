/** A repair that helps nothing must not become a loop: from the second in a row on it pauses, until the stack has come to rest. */

import { pauseSeconds } from '../../../base/back-off.ts';
import { afterStackWave } from '../../times/pauses.ts';

/**
 * @param repairs how often drift was corrected since the stack was at rest
 * @param step of the wave that succeeded
 * @returns the new count, and seconds until the next wave may begin, if that is not at once
 */
export function afterSuccess(
  repairs: number,
  step: string,
): { readonly repairs: number; readonly pauseSeconds?: number } {
  if (step !== 'Repair') return { repairs: 0 };
  return repairs === 0
    ? { repairs: 1 }
    : { repairs: repairs + 1, pauseSeconds: pauseSeconds(afterStackWave, repairs) };
}
