/**
 * Which rows changed lately, by number. A page that was away, or reads slowly, gets the present state of the
 * rows that changed since; one that was away for too long gets everything anew. So no page has a queue: slow
 * ones cost no memory.
 */

/** Keys of rows with their namespaces, which outlive the rows. */
export type Keys = ReadonlyMap<string, string>;

export interface Changes {
  readonly stacks: Keys;
  readonly stores: Keys;
  /** Something changed about the clusters themselves. */
  readonly about: boolean;
}

export class ChangeLog {
  readonly #kept: { readonly number: number; readonly changes: Changes; readonly size: number }[] = [];
  readonly #mostKeys: number;
  #keys = 0;
  #number = 0;

  /** @param mostKeys as many are remembered */
  constructor(mostKeys = 20_000) {
    this.#mostKeys = mostKeys;
  }

  /** The number of the last changes; 0 before the first. */
  get position(): number {
    return this.#number;
  }

  add(changes: Changes): void {
    this.#number += 1;
    const size = changes.stacks.size + changes.stores.size + 1;
    this.#kept.push({ number: this.#number, changes, size });
    this.#keys += size;
    while (this.#keys > this.#mostKeys) this.#keys -= this.#kept.shift()?.size ?? 0;
  }

  /** What changed after a position; undefined if that is not known (any more). */
  since(position: number): Changes | undefined {
    if (position > this.#number) return undefined;
    const oldest = this.#kept[0]?.number ?? this.#number + 1;
    if (position < oldest - 1) return undefined;
    const stacks = new Map<string, string>();
    const stores = new Map<string, string>();
    let about = false;
    for (const { number, changes } of this.#kept.slice(Math.max(0, position + 1 - oldest))) {
      if (number <= position) continue;
      for (const [key, namespace] of changes.stacks) stacks.set(key, namespace);
      for (const [key, namespace] of changes.stores) stores.set(key, namespace);
      about ||= changes.about;
    }
    return { stacks, stores, about };
  }
}
