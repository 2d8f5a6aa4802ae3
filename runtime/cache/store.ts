/**
 * What the cluster holds of one kind, as last heard. A `Reflector` fills it; controllers read it without a
 * request. The objects are shared: never change one.
 */
import type { KubernetesObject, ObjectKey } from '../objects.ts';

export interface Change<T> {
  readonly type: 'Added' | 'Modified' | 'Deleted';
  readonly key: ObjectKey;
  /** The object now; for Deleted, its last known state. */
  readonly object: T;
  /** The state before; only for Modified. */
  readonly previous?: T;
}

export type ChangeListener<T> = (change: Change<T>) => void;

/** Objects by a value taken from them, for example stacks by the name of a Secret that they use. */
export interface Index<T> {
  get(value: string): readonly T[];
}

export interface Store<T extends KubernetesObject> {
  /** True once everything that existed at the start was read. */
  readonly synced: boolean;
  readonly size: number;
  get(key: ObjectKey): T | undefined;
  /** All objects, or those of one namespace. */
  list(namespace?: string): readonly T[];
  /** Calls the listener for each change from now on; returns a function that stops it. */
  onChange(listener: ChangeListener<T>): () => void;
  /** Keeps an index up to date from now on; `values` returns the values under which an object is found. */
  index(values: (object: T) => readonly string[]): Index<T>;
}
