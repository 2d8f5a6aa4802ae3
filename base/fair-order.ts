/**
 * In which order due keys are worked on, so that no namespace can hold up the others. Namespaces take turns.
 * Each may have as many keys in work as workers are free, so whoever works for long, such as at hosts that
 * hang, always leaves workers: one namespace takes half of them, two take a third each, and so on. A
 * namespace that has nothing in work may always begin.
 */

interface Namespace {
  /** Due now, in order; a Set keeps the order and drops duplicates. */
  readonly waiting: Set<string>;
  inWork: number;
}

export class FairOrder {
  readonly #workers: number;
  /** Those with something due, in the order of their turns, and those with something in work. */
  readonly #namespaces = new Map<string, Namespace>();
  readonly #inWork = new Set<string>();
  #waiting = 0;

  constructor(workers: number) {
    this.#workers = workers;
  }

  get waiting(): number {
    return this.#waiting;
  }

  isWaiting(key: string): boolean {
    return this.#namespaces.get(namespaceOf(key))?.waiting.has(key) === true;
  }

  isInWork(key: string): boolean {
    return this.#inWork.has(key);
  }

  /** @param key neither waits nor is in work */
  add(key: string): void {
    const name = namespaceOf(key);
    const namespace = this.#namespaces.get(name) ?? { waiting: new Set(), inWork: 0 };
    this.#namespaces.set(name, namespace);
    namespace.waiting.add(key);
    this.#waiting += 1;
  }

  /** The next key, in work from now on; undefined if none may begin. */
  take(): string | undefined {
    const free = this.#workers - this.#inWork.size;
    if (free <= 0) return undefined;
    for (const [name, namespace] of this.#namespaces) {
      const [key] = namespace.waiting;
      if (key === undefined || (namespace.inWork > 0 && namespace.inWork >= free)) continue;
      namespace.waiting.delete(key);
      namespace.inWork += 1;
      // To the end: its next turn comes after everybody else's.
      this.#namespaces.delete(name);
      this.#namespaces.set(name, namespace);
      this.#inWork.add(key);
      this.#waiting -= 1;
      return key;
    }
    return undefined;
  }

  /** Drops a key that waits. */
  remove(key: string): void {
    const name = namespaceOf(key);
    const namespace = this.#namespaces.get(name);
    if (namespace?.waiting.delete(key) !== true) return;
    this.#waiting -= 1;
    if (namespace.inWork === 0 && namespace.waiting.size === 0) this.#namespaces.delete(name);
  }

  /** Ends the work on a taken key. */
  done(key: string): void {
    const name = namespaceOf(key);
    const namespace = this.#namespaces.get(name);
    if (!this.#inWork.delete(key) || namespace === undefined) return;
    namespace.inWork -= 1;
    this.#namespaces.delete(name);
    // To the end here too: those who came during the work have not had a turn yet.
    if (namespace.inWork > 0 || namespace.waiting.size > 0) this.#namespaces.set(name, namespace);
  }

  /** Drops what waits. */
  clear(): void {
    for (const { waiting } of this.#namespaces.values()) waiting.clear();
    this.#waiting = 0;
  }
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/') + 1);
}
