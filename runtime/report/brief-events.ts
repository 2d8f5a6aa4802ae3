/**
 * Joins events about one object that follow each other at once: what is over in a moment is told with what follows. A
 * person reads the same sentences, and the API server has an event or two of an operation instead of ten.
 */
import type { ResourceKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

/** When nothing follows, it is told by itself. */
const patienceSeconds = 5;
/** An event's note has at most 1 kB. */
const mostBytes = 900;

interface Told {
  readonly type: string;
  readonly note: string;
  readonly isBrief?: boolean;
}

type Tell<D> = <T extends KubernetesObject>(kind: ResourceKind<T>, object: T, details: D) => void;

interface Waiting<D> {
  readonly details: D;
  readonly tell: (details: D) => void;
  readonly timer: NodeJS.Timeout;
}

/** @typeParam D what an event has */
export class BriefEvents<D extends Told> {
  readonly #tell: Tell<D>;
  /** By uid. */
  readonly #waiting = new Map<string, Waiting<D>>();

  constructor(tell: Tell<D>) {
    this.#tell = tell;
  }

  record<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, details: D): void {
    const { uid = '' } = object.metadata ?? {};
    const joined = join(this.#waiting.get(uid)?.details, details);
    if (joined === undefined) this.#tellWaiting(uid);
    const told = joined ?? details;
    clearTimeout(this.#waiting.get(uid)?.timer);
    this.#waiting.delete(uid);
    if (details.isBrief !== true) return this.#tell(kind, object, told);
    const timer = setTimeout(() => this.#tellWaiting(uid), patienceSeconds * 1000);
    // Whoever ends in order asks for what waits.
    timer.unref();
    this.#waiting.set(uid, { details: told, tell: (last) => this.#tell(kind, object, last), timer });
  }

  /** Tells all that waits. */
  flush(): void {
    for (const uid of this.#waiting.keys()) this.#tellWaiting(uid);
  }

  #tellWaiting(uid: string): void {
    const waiting = this.#waiting.get(uid);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(uid);
    waiting.tell(waiting.details);
  }
}

/** @returns undefined if they stay two: a warning is found by its own words */
function join<D extends Told>(before: D | undefined, next: D): D | undefined {
  if (before === undefined) return next;
  const note = `${before.note} ${next.note}`;
  return before.type === next.type && Buffer.byteLength(note) <= mostBytes ? { ...next, note } : undefined;
}
