/** The store behind an informer: the last known objects, and who listens for changes. */
import { formatKey, keyOf, type KubernetesObject, type ObjectKey } from '../objects.ts';
import { ValueIndex } from './value-index.ts';
import type { Change, ChangeListener, Index, Store } from './store.ts';

export class ObjectStore<T extends KubernetesObject> implements Store<T> {
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<ChangeListener<T>>();
  readonly #indexes: ValueIndex<T>[] = [];
  #synced = false;

  get synced(): boolean {
    return this.#synced;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(formatKey(key));
  }

  list(namespace?: string): readonly T[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter((object) => object.metadata?.namespace === namespace);
  }

  onChange(listener: ChangeListener<T>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  index(values: (object: T) => readonly string[]): Index<T> {
    const index = new ValueIndex(values);
    for (const [id, object] of this.#objects) index.put(id, object);
    this.#indexes.push(index);
    return index;
  }

  /** Marks the store as complete: all existing objects were read. */
  markSynced(): void {
    this.#synced = true;
  }

  /** Stores an object as the server has it now. */
  put(object: T): void {
    const key = keyOf(object);
    const previous = this.get(key);
    if (previous !== undefined && previous.metadata?.uid !== object.metadata?.uid) {
      // Another object of the same name: listeners must hear that the old one ended.
      this.remove(previous);
      this.put(object);
      return;
    }
    if (previous !== undefined && previous.metadata?.resourceVersion === object.metadata?.resourceVersion)
      return;
    const id = formatKey(key);
    this.#objects.set(id, object);
    for (const index of this.#indexes) index.put(id, object);
    this.#notify(
      previous === undefined ? { type: 'Added', key, object } : { type: 'Modified', key, object, previous },
    );
  }

  /** Removes an object that the server no longer has; `object` is its last state. */
  remove(object: T): void {
    const key = keyOf(object);
    const id = formatKey(key);
    if (!this.#objects.delete(id)) return;
    for (const index of this.#indexes) index.remove(id);
    this.#notify({ type: 'Deleted', key, object });
  }

  /** Stores a whole list of a scope (one namespace, or all). Listeners hear only the differences. */
  replaceAll(objects: readonly T[], namespace?: string): void {
    const present = new Set(objects.map((object) => formatKey(keyOf(object))));
    for (const [id, object] of this.#objects) {
      if (namespace !== undefined && object.metadata?.namespace !== namespace) continue;
      if (!present.has(id)) this.remove(object);
    }
    for (const object of objects) this.put(object);
  }

  #notify(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}
