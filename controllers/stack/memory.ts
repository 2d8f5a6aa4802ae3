/**
 * The little that a process knows about a stack beyond what it observes: when to try again after a failure. Losing it costs
 * an early retry, never correctness.
 */

import type { ObjectKey } from '../../runtime/objects.ts';
import { formatKey } from '../../runtime/objects.ts';
import { pauseSeconds, spread } from '../../runtime/control/back-off.ts';
import { afterStackWave, waveSpread } from '../times/pauses.ts';
import type { Problem } from '../inputs/outcome.ts';

interface Entry {
  /** The life of the object that this is about; another uid starts afresh. */
  readonly uid: string;
  readonly generation: number;
  readonly failures: number;
  readonly failure?: Problem;
  /** Unix milliseconds. */
  readonly retryTime?: number;
  /** How often drift was corrected without the stack having come to rest in between. */
  readonly repairs?: number;
  /** Unix milliseconds of the last full observation. */
  readonly fullObservationTime?: number;
}

export class Memory {
  readonly #entries = new Map<string, Entry>();

  /** What is known; a changed spec is a new attempt, so it forgets failures. */
  recall(key: ObjectKey, uid: string, generation: number): Entry {
    const known = this.#entries.get(formatKey(key));
    if (known === undefined || known.uid !== uid) return { uid, generation, failures: 0 };
    if (known.generation === generation) return known;
    return { uid, generation, failures: 0 };
  }

  keep(key: ObjectKey, entry: Entry): void {
    this.#entries.set(formatKey(key), entry);
  }

  forget(key: ObjectKey): void {
    this.#entries.delete(formatKey(key));
  }
}

/** The entry after a wave failed: pauses double up to five minutes, with jitter (`random` in 0…1) so that a fleet does not march in step. */
export function afterFailure(entry: Entry, failure: Problem, now: Date, random: number): Entry {
  const failures = entry.failures + 1;
  const pause = spread(pauseSeconds(afterStackWave, failures), waveSpread, () => random);
  return {
    ...entry,
    failures,
    failure,
    retryTime: now.getTime() + pause * 1000,
  };
}

/** The entry after a wave succeeded. A repair that helps nothing must not become a loop: from the second in a row on it pauses. */
export function afterSuccess(entry: Entry, wave: string, now: Date): Entry {
  const { uid, generation, fullObservationTime } = entry;
  const repairs = wave === 'Repair' ? (entry.repairs ?? 0) + 1 : 0;
  const pause = pauseSeconds(afterStackWave, repairs - 1);
  return {
    uid,
    generation,
    failures: 0,
    ...(repairs === 0 ? {} : { repairs }),
    ...(repairs < 2 ? {} : { retryTime: now.getTime() + pause * 1000 }),
    ...(fullObservationTime === undefined ? {} : { fullObservationTime }),
  };
}

/** The entry of a stack that is at rest. */
export function atRest({ repairs: _repairs, ...entry }: Entry): Entry {
  return entry;
}
