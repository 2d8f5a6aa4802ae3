/** Objects found by a value taken from them. */
import type { Index } from './store.ts';

export class ValueIndex<T> implements Index<T> {
  readonly #values: (object: T) => readonly string[];
  readonly #byValue = new Map<string, Map<string, T>>();
  readonly #valuesOf = new Map<string, readonly string[]>();

  constructor(values: (object: T) => readonly string[]) {
    this.#values = values;
  }

  get(value: string): readonly T[] {
    return [...(this.#byValue.get(value)?.values() ?? [])];
  }

  put(id: string, object: T): void {
    this.remove(id);
    const values = this.#values(object);
    this.#valuesOf.set(id, values);
    for (const value of values) {
      const found = this.#byValue.get(value) ?? new Map<string, T>();
      found.set(id, object);
      this.#byValue.set(value, found);
    }
  }

  remove(id: string): void {
    for (const value of this.#valuesOf.get(id) ?? []) {
      const found = this.#byValue.get(value);
      found?.delete(id);
      if (found?.size === 0) this.#byValue.delete(value);
    }
    this.#valuesOf.delete(id);
  }
}
