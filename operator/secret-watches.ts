/**
 * Notices at once when somebody corrects a Secret that a stack or a store waits for. Only an object in trouble is
 * woken by a Secret that it names. The others see a change at their next look.
 */
import { isReason, type Reason } from '../crds/index.ts';
import { wakePause } from '../runtime/control/controller.ts';
import {
  formatKey,
  type KubernetesObject,
  type ObjectKey,
  type Store,
  type Versions,
} from '../runtime/index.ts';

export interface NamingObject extends KubernetesObject {
  readonly spec?: unknown;
  readonly status?: { readonly conditions?: readonly { readonly status: string; readonly reason: string }[] };
}

/** Reasons that a changed Secret may solve. */
const curable: ReadonlySet<Reason> = new Set<Reason>([
  'SecretNotFound',
  'SecretInvalid',
  'SpecInvalid',
  'AuthenticationFailed',
  'AddressBanned',
  'RegistryRefused',
  'StoreCredentialsRefused',
  'StoreCannotSign',
  'DecryptionKeyMissing',
  'DecryptionKeyWrong',
]);

export class SecretWatches {
  readonly #versions: Versions;
  readonly #stop: () => void;
  /** Who waits for a Secret, and how to wake them. */
  readonly #waiting = new Map<string, Map<string, (afterSeconds: number) => void>>();
  readonly #wanted = new Map<string, readonly string[]>();

  constructor(versions: Versions) {
    this.#versions = versions;
    this.#stop = versions.onChange((key) => {
      const waiting = [...(this.#waiting.get(formatKey(key))?.values() ?? [])];
      for (const [index, wake] of waiting.entries()) wake(wakePause(index));
    });
  }

  /** Names of Secrets that somebody waits for, as `namespace/name`. */
  get wanted(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /** Follows a store's objects and wakes the one whose Secret changed. @returns a function that stops it. */
  follow<T extends KubernetesObject & NamingObject>(
    store: Store<T>,
    kind: string,
    wake: (key: ObjectKey, afterSeconds: number) => void,
  ): () => void {
    const look = (object: T, gone: boolean): void => {
      const key = { namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '' };
      this.#want(
        `${kind} ${formatKey(key)}`,
        gone ? [] : secretsInTrouble(object, key.namespace),
        (afterSeconds) => wake(key, afterSeconds),
      );
    };
    for (const object of store.list()) look(object, false);
    return store.onChange(({ type, object }) => look(object, type === 'Deleted'));
  }

  close(): void {
    this.#stop();
    this.#waiting.clear();
    this.#wanted.clear();
  }

  #want(owner: string, keys: readonly ObjectKey[], wake: (afterSeconds: number) => void): void {
    const ids = keys.map(formatKey);
    const before = this.#wanted.get(owner) ?? [];
    for (const id of before.filter((one) => !ids.includes(one))) {
      const waiting = this.#waiting.get(id);
      waiting?.delete(owner);
      if (waiting?.size === 0) this.#waiting.delete(id);
    }
    for (const id of ids) this.#waiting.set(id, (this.#waiting.get(id) ?? new Map()).set(owner, wake));
    if (ids.length > 0) this.#wanted.set(owner, ids);
    else this.#wanted.delete(owner);
    // It may have changed between the look that found it wanting and now.
    const isNew = keys.some((key, index) => !before.includes(ids[index] ?? '') && this.#exists(key));
    if (isNew) wake(0);
  }

  #exists(key: ObjectKey): boolean {
    return this.#versions.versionOf(key) !== undefined;
  }
}

/** Secrets that an object names, if a Secret can solve one of its conditions. */
function secretsInTrouble({ spec, status }: NamingObject, namespace: string): readonly ObjectKey[] {
  const inTrouble =
    status?.conditions?.some(
      ({ status: is, reason }) => is !== 'True' && isReason(reason) && curable.has(reason),
    ) === true;
  return inTrouble ? namedSecrets(spec).map((name) => ({ namespace, name })) : [];
}

/** By the names of the fields, so a new one is included: `…SecretRef`, `secretKeyRef`. */
function namedSecrets(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([field, child]: [string, unknown]) => {
    const name = /[sS]ecret(Key)?Ref$/.test(field) ? (child as { readonly name?: unknown }).name : undefined;
    return typeof name === 'string' ? [name] : namedSecrets(child);
  });
}
