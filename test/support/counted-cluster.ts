/** A cluster that keeps a list of the calls made to it, as the API server would count them. */
import type { Cluster } from '../../runtime/client/cluster.ts';

export type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';

export interface CountedCall {
  readonly verb: Verb;
  readonly kind: string;
  readonly name: string;
}

/** How often each verb met each kind, such as `get Secret`. */
export function tally(calls: readonly CountedCall[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { verb, kind } of calls) counts[`${verb} ${kind}`] = (counts[`${verb} ${kind}`] ?? 0) + 1;
  return counts;
}

export function isWrite({ verb }: CountedCall): boolean {
  return verb !== 'get' && verb !== 'list';
}

/** @param count is called before each call; what it throws fails the call */
export function countedCluster(cluster: Cluster, count: (call: CountedCall) => void): Cluster {
  const note = (verb: Verb, { kind }: { readonly kind: string }, name = ''): void =>
    count({ verb, kind, name });
  const nameOf = (object: { readonly metadata?: { readonly name?: string } }): string =>
    object.metadata?.name ?? '';
  return {
    get: (kind, key, options) => {
      note('get', kind, key.name);
      return cluster.get(kind, key, options);
    },
    find: (kind, key, options) => {
      note('get', kind, key.name);
      return cluster.find(kind, key, options);
    },
    list: (kind, query, options) => {
      note('list', kind);
      return cluster.list(kind, query, options);
    },
    getSecret: (namespace, name, options) => {
      note('get', { kind: 'Secret' }, name);
      return cluster.getSecret(namespace, name, options);
    },
    clusterID: (options) => cluster.clusterID(options),
    presentable: (value, namespace) => cluster.presentable(value, namespace),
    create: (kind, object, options) => {
      note('create', kind, nameOf(object));
      return cluster.create(kind, object, options);
    },
    replace: (kind, object, options) => {
      note('update', kind, nameOf(object));
      return cluster.replace(kind, object, options);
    },
    delete: (kind, key, query, options) => {
      note('delete', kind, key.name);
      return cluster.delete(kind, key, query, options);
    },
    apply: (kind, object, options) => {
      note('patch', kind, nameOf(object));
      return cluster.apply(kind, object, options);
    },
    applyStatus: (kind, key, status, preconditions, options) => {
      // The real one compares the uid itself, by a read (`runtime/client/cluster-client.ts`).
      if (preconditions.uid !== undefined && preconditions.resourceVersion === undefined)
        note('get', kind, key.name);
      note('patch', kind, key.name);
      return cluster.applyStatus(kind, key, status, preconditions, options);
    },
    patchFinalizers: (kind, object, finalizers, options) => {
      note('patch', kind, nameOf(object));
      return cluster.patchFinalizers(kind, object, finalizers, options);
    },
    patchAnnotations: (kind, object, annotations, options) => {
      note('patch', kind, nameOf(object));
      return cluster.patchAnnotations(kind, object, annotations, options);
    },
  };
}
