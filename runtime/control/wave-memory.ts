/**
 * What a process remembers of an object besides what it observes: when to try again after a failure, and what
 * the running wave was planned for. Losing it costs an early retry or a look, never correctness.
 */
import { isLostRace, isServerTrouble } from '../client/api-error.ts';
import { formatKey, type KubernetesObject, type ObjectKey } from '../objects.ts';

/** How the last wave ended if it did not succeed. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

export interface Remembered<F extends Failure, N> {
  /** The life of the object that this belongs to; another uid starts afresh. */
  readonly uid: string;
  readonly generation: number;
  /** Waves that failed since one succeeded. */
  readonly failures: number;
  /** How many of the last of them, one after the other, said nothing about the object. */
  readonly passingTroubles?: number;
  readonly failure?: F;
  /** Unix milliseconds; no wave starts before. */
  readonly retryTime?: number;
  /** What else the controller wants to know at the next look. */
  readonly notes: N;
}

/**
 * An API server that is away or busy for a while says nothing about the object, nor does another writer that was first. One that
 * keeps failing may do so for this object alone, as with a webhook that is down, and then somebody must know.
 */
const untoldTroubles = 5;

/** What a failure adds to the troubles that say nothing about the object, and whether people are not told of it yet. */
export function passing(
  error: unknown,
  before: { readonly passingTroubles?: number },
): { readonly passingTroubles: number; readonly isUntold: boolean } {
  if (!isServerTrouble(error) && !isLostRace(error)) return { passingTroubles: 0, isUntold: false };
  const passingTroubles = (before.passingTroubles ?? 0) + 1;
  return { passingTroubles, isUntold: passingTroubles <= untoldTroubles };
}

/** What a running wave was planned for. */
export interface Begun {
  readonly generation: number;
  readonly deleting: boolean;
  /** Unix milliseconds of its beginning, then of the last look at it. */
  readonly lookTime: number;
}

export class WaveMemory<F extends Failure, N extends object> {
  readonly #entries = new Map<string, Remembered<F, Partial<N>>>();
  readonly #begun = new Map<string, Begun>();

  /** What is remembered. A changed object is a new attempt, so it forgets failures. */
  recall(key: ObjectKey, { metadata }: KubernetesObject): Remembered<F, Partial<N>> {
    const { uid = '', generation = 0 } = metadata ?? {};
    const known = this.#entries.get(formatKey(key));
    return known?.uid === uid && known.generation === generation
      ? known
      : { uid, generation, failures: 0, notes: {} };
  }

  keep(key: ObjectKey, entry: Remembered<F, Partial<N>>): void {
    this.#entries.set(formatKey(key), entry);
  }

  /** Adds to the notes; notes about another life are dropped. */
  note(key: ObjectKey, object: KubernetesObject, notes: Partial<N>): void {
    const { uid = '', generation = 0 } = object.metadata ?? {};
    const known = this.#entries.get(formatKey(key));
    const entry = known?.uid === uid ? known : { uid, generation, failures: 0, notes: {} };
    this.keep(key, { ...entry, notes: { ...entry.notes, ...notes } });
  }

  /** uid of the remembered object; empty if nothing is remembered. */
  uidOf(key: ObjectKey): string {
    return this.#entries.get(formatKey(key))?.uid ?? '';
  }

  /** Forgets the failure and all notes. */
  forget(key: ObjectKey): void {
    this.#entries.delete(formatKey(key));
  }

  begin(key: ObjectKey, object: KubernetesObject, now: Date): void {
    this.#begun.set(formatKey(key), { ...lifeOf(object), lookTime: now.getTime() });
  }

  begun(key: ObjectKey): Begun | undefined {
    return this.#begun.get(formatKey(key));
  }

  end(key: ObjectKey): void {
    this.#begun.delete(formatKey(key));
  }

  /** @returns seconds until a running wave may be looked at again; 0 means now, and counts as a look. */
  nextLook(key: ObjectKey, betweenLooksSeconds: number, now: Date): number {
    const begun = this.begun(key);
    if (begun === undefined) return 0;
    const seconds = betweenLooksSeconds - (now.getTime() - begun.lookTime) / 1000;
    if (seconds > 0) return seconds;
    this.#begun.set(formatKey(key), { ...begun, lookTime: now.getTime() });
    return 0;
  }
}

/** Whether the object differs from the one that the wave was planned for. */
export function isOutdated({ generation, deleting }: Begun, object: KubernetesObject): boolean {
  const life = lifeOf(object);
  return life.generation !== generation || life.deleting !== deleting;
}

function lifeOf({ metadata }: KubernetesObject): Omit<Begun, 'lookTime'> {
  return { generation: metadata?.generation ?? 0, deleting: metadata?.deletionTimestamp !== undefined };
}
