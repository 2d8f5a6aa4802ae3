/**
 * What the cluster holds of one kind, as last heard of. Filled by a `Reflector`; read by controllers without a request.
 * The objects are shared: never change one.
 */
import type { KubernetesObject, ObjectKey } from '../objects.ts';

export interface Change<T> {
  readonly type: 'Added' | 'Modified' | 'Deleted';
  readonly key: ObjectKey;
  /** The object now; for Deleted, as it was last seen. */
  readonly object: T;
  /** What was known before; only for Modified. */
  readonly previous?: T;
}

export type ChangeListener<T> = (change: Change<T>) => void;

/** Objects by a value taken from them, for example stacks by the name of a secret they use. */
export interface Index<T> {
  get(value: string): readonly T[];
}

export interface Store<T extends KubernetesObject> {
  /** True once everything that existed at start has been read. */
  readonly synced: boolean;
  readonly size: number;
  get(key: ObjectKey): T | undefined;
  /** All objects, or those of one namespace. */
  list(namespace?: string): readonly T[];
  /** Called for each change from now on; returns the way to stop that. */
  onChange(listener: ChangeListener<T>): () => void;
  /** Keeps an index up to date from now on; `values` gives the values that an object is found under. */
  index(values: (object: T) => readonly string[]): Index<T>;
}
