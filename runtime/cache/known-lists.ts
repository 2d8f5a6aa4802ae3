/**
 * Lists of a kind that only this process writes, such as the change log of a stack. A list is asked for once, and
 * kept equal by the answers to our own writes. A refused write means that somebody else wrote: then it is asked
 * for again. So it is after a while.
 */
import { ByteCache } from '../../base/byte-cache.ts';
import type { CallOptions, Cluster, ListQuery } from '../client/cluster.ts';
import type { ResourceKind } from '../kind.ts';
import type { KubernetesObject, ObjectKey } from '../objects.ts';
import { trim } from './trim.ts';

/** In characters of JSON, of all lists. */
const mostCharacters = 16 * 2 ** 20;
/** What somebody changes by hand is seen after this. */
const keptSeconds = 600;

interface Known {
  readonly items: readonly KubernetesObject[];
  /** Milliseconds, of when it was asked for. */
  readonly time: number;
}

export class KnownLists {
  readonly #cluster: Cluster;
  readonly #kind: ResourceKind<KubernetesObject> | undefined;
  readonly #now: () => number;
  readonly #lists = new ByteCache<Known>(mostCharacters);
  /** Queries by namespace. */
  readonly #queries = new Map<string, Set<string>>();
  /** Counts writes in each namespace: a list that was on its way meanwhile is not kept. */
  readonly #writes = new Map<string, number>();

  constructor(cluster: Cluster, kind: ResourceKind<KubernetesObject> | undefined, now: () => number) {
    this.#cluster = cluster;
    this.#kind = kind;
    this.#now = now;
  }

  async list<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    query: ListQuery,
    call: CallOptions,
  ): Promise<readonly T[]> {
    const { namespace } = query;
    if (!this.#isOurs(kind) || namespace === undefined) return await this.#cluster.list(kind, query, call);
    call.signal.throwIfAborted();
    const id = JSON.stringify(query);
    const known = this.#fresh(id);
    if (known !== undefined) return known.items as readonly T[];
    const [time, writes] = [this.#now(), this.#writes.get(namespace)];
    const items = (await this.#cluster.list(kind, query, call)).map(trim);
    if (this.#writes.get(namespace) === writes) {
      this.#keep(id, { items, time });
      this.#queries.set(namespace, (this.#queries.get(namespace) ?? new Set()).add(id));
    }
    return items;
  }

  /** One of a list. */
  find<T extends KubernetesObject>(kind: ResourceKind<T>, key: ObjectKey): T | undefined {
    if (!this.#isOurs(kind)) return undefined;
    for (const id of this.#queries.get(key.namespace) ?? []) {
      const found = this.#fresh(id)?.items.find(({ metadata }) => metadata?.name === key.name);
      if (found !== undefined) return found as T;
    }
    return undefined;
  }

  /** @param written the answer to a write of an object, which is then in the lists as it is now */
  async writing<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    namespace: string | undefined,
    written: Promise<T>,
  ): Promise<T> {
    if (!this.#isOurs(kind)) return await written;
    try {
      const object = trim(await written);
      this.#change(namespace, (items, query) => {
        // Another of that name is gone.
        const others = items.filter(({ metadata }) => metadata?.name !== object.metadata?.name);
        if (others.length < items.length) return [...others, object];
        const belongs = belongsTo(query, object);
        return belongs === undefined ? undefined : belongs ? [...items, object] : items;
      });
      return object;
    } catch (error) {
      this.#change(namespace, () => undefined);
      throw error;
    }
  }

  async deleting(
    kind: ResourceKind<KubernetesObject>,
    namespace: string,
    deleted: Promise<void>,
  ): Promise<void> {
    if (!this.#isOurs(kind)) return await deleted;
    try {
      await deleted;
    } finally {
      this.#change(namespace, () => undefined);
    }
  }

  #isOurs({ group, plural }: ResourceKind<unknown>): boolean {
    return plural === this.#kind?.plural && group === this.#kind.group;
  }

  #fresh(id: string): Known | undefined {
    const known = this.#lists.get(id);
    return known !== undefined && this.#now() - known.time < keptSeconds * 1000 ? known : undefined;
  }

  #keep(id: string, known: Known): void {
    this.#lists.set(id, known, JSON.stringify(known.items).length);
  }

  /** @param next of a list; undefined: it is asked for again */
  #change(
    namespace = '',
    next: (items: readonly KubernetesObject[], query: ListQuery) => readonly KubernetesObject[] | undefined,
  ): void {
    this.#writes.set(namespace, (this.#writes.get(namespace) ?? 0) + 1);
    const queries = this.#queries.get(namespace);
    for (const id of queries ?? []) {
      const known = this.#lists.get(id);
      const items = known === undefined ? undefined : next(known.items, JSON.parse(id) as ListQuery);
      if (known !== undefined && items !== undefined) this.#keep(id, { ...known, items });
      else {
        this.#lists.delete(id);
        queries?.delete(id);
      }
    }
    if (queries?.size === 0) this.#queries.delete(namespace);
  }
}

/** @returns whether a new object is in the list; undefined if only the server knows */
function belongsTo(
  { labelSelector, fieldSelector }: ListQuery,
  { metadata }: KubernetesObject,
): boolean | undefined {
  if (labelSelector === undefined || fieldSelector !== undefined) return undefined;
  const [, label = '', value] = /^([^=!,() ]+)=([^=!,() ]+)$/.exec(labelSelector) ?? [];
  return value === undefined ? undefined : metadata?.labels?.[label] === value;
}
