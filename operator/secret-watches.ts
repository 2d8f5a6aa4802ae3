/**
 * Notices at once when somebody corrects a Secret that a stack or a store waits for. It watches only Secrets
 * that an object in trouble names, each by name. So a healthy fleet holds no connection for this, and the
 * next look sees its changes.
 */
import { isReason, type Reason } from '../crds/index.ts';
import { formatKey, type KubernetesObject, type ObjectKey, type Store } from '../runtime/index.ts';

/** Waits for a change of one Secret until the signal aborts; never throws. */
export type WatchSecret = (key: ObjectKey, changed: () => void, signal: AbortSignal) => Promise<void>;

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
/** Each holds a connection to the API server. Any further ones wait for the next look. */
const mostWatches = 100;

interface Watched {
  readonly abort: AbortController;
  /** Who waits for it, by name, and how to wake them. */
  readonly waiting: Map<string, () => void>;
}

export class SecretWatches {
  readonly #watch: WatchSecret;
  readonly #watched = new Map<string, Watched>();

  constructor(watch: WatchSecret) {
    this.#watch = watch;
  }

  /** Follows a store's objects and wakes the one whose Secret changed. @returns a function that stops it. */
  follow<T extends KubernetesObject & NamingObject>(
    store: Store<T>,
    kind: string,
    wake: (key: ObjectKey) => void,
  ): () => void {
    const look = (object: T, gone: boolean): void => {
      const key = { namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '' };
      this.#want(`${kind} ${formatKey(key)}`, gone ? [] : secretsInTrouble(object, key.namespace), () =>
        wake(key),
      );
    };
    for (const object of store.list()) look(object, false);
    return store.onChange(({ type, object }) => look(object, type === 'Deleted'));
  }

  close(): void {
    for (const { abort } of this.#watched.values()) abort.abort();
    this.#watched.clear();
  }

  #want(owner: string, keys: readonly ObjectKey[], wake: () => void): void {
    const wanted = new Map(keys.map((key) => [formatKey(key), key]));
    for (const [id, { abort, waiting }] of this.#watched) {
      if (!wanted.has(id)) waiting.delete(owner);
      if (waiting.size > 0) continue;
      abort.abort();
      this.#watched.delete(id);
    }
    for (const [id, key] of wanted) {
      const known = this.#watched.get(id);
      if (known !== undefined) known.waiting.set(owner, wake);
      else if (this.#watched.size < mostWatches) this.#start(id, key, owner, wake);
    }
  }

  #start(id: string, key: ObjectKey, owner: string, wake: () => void): void {
    const watched: Watched = { abort: new AbortController(), waiting: new Map([[owner, wake]]) };
    this.#watched.set(id, watched);
    const changed = (): void => {
      for (const one of watched.waiting.values()) one();
    };
    void this.#watch(key, changed, watched.abort.signal);
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
