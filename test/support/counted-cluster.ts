/**
 * A cluster that hands each call made to it to a function, as the API server would see it: to count calls, to refuse, to hold
 * or to lose them.
 */
import type { Cluster } from '../../runtime/client/cluster.ts';
import type { ResourceKind } from '../../runtime/kind.ts';
import { secrets } from '../../runtime/client/kinds.ts';

export type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';

export interface CountedCall {
  readonly verb: Verb;
  readonly kind: string;
  readonly name: string;
}

/** A call as RBAC sees it. */
export interface ApiCall extends CountedCall {
  readonly group: string;
  /** With its subresource, if any: `jtelstacks/status`. */
  readonly resource: string;
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
  return passedCluster(cluster, async ({ verb, kind, name }, run) => {
    count({ verb, kind, name });
    return await run();
  });
}

/** @param pass decides what becomes of a call; `run` makes it */
export function passedCluster(
  cluster: Cluster,
  pass: <T>(call: ApiCall, run: () => Promise<T>) => Promise<T>,
): Cluster {
  const passed = <T>(
    verb: Verb,
    { kind, group, plural }: ResourceKind<unknown>,
    name: string,
    run: () => Promise<T>,
    subresource = '',
  ): Promise<T> => pass({ verb, kind, name, group, resource: `${plural}${subresource}` }, run);
  const nameOf = (object: { readonly metadata?: { readonly name?: string } }): string =>
    object.metadata?.name ?? '';
  return {
    get: (kind, key, options) => passed('get', kind, key.name, () => cluster.get(kind, key, options)),
    find: (kind, key, options) => passed('get', kind, key.name, () => cluster.find(kind, key, options)),
    list: (kind, query, options) => passed('list', kind, '', () => cluster.list(kind, query, options)),
    getSecret: (namespace, name, options) =>
      passed('get', secrets, name, () => cluster.getSecret(namespace, name, options)),
    clusterID: (options) => cluster.clusterID(options),
    presentable: (value, namespace) => cluster.presentable(value, namespace),
    create: (kind, object, options) =>
      passed('create', kind, nameOf(object), () => cluster.create(kind, object, options)),
    replace: (kind, object, options) =>
      passed('update', kind, nameOf(object), () => cluster.replace(kind, object, options)),
    delete: (kind, key, query, options) =>
      passed('delete', kind, key.name, () => cluster.delete(kind, key, query, options)),
    apply: (kind, object, options) =>
      passed('patch', kind, nameOf(object), () => cluster.apply(kind, object, options)),
    applyStatus: async (kind, key, status, preconditions, options) => {
      // The real one compares the uid itself, by a read (`runtime/client/cluster-client.ts`).
      if (preconditions.uid !== undefined && preconditions.resourceVersion === undefined)
        await passed('get', kind, key.name, () => Promise.resolve());
      const apply = () => cluster.applyStatus(kind, key, status, preconditions, options);
      return await passed('patch', kind, key.name, apply, '/status');
    },
    patchFinalizers: (kind, object, finalizers, options) =>
      passed('patch', kind, nameOf(object), () => cluster.patchFinalizers(kind, object, finalizers, options)),
    patchAnnotations: (kind, object, annotations, options) =>
      passed('patch', kind, nameOf(object), () =>
        cluster.patchAnnotations(kind, object, annotations, options),
      ),
  };
}
