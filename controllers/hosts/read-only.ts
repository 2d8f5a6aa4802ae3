/**
 * A cluster and a host for those who only look (`kubectl jtel plan`, `kubectl jtel doctor`): both refuse
 * whatever would change something.
 */
import type { Cluster } from '../../runtime/client/cluster.ts';
import type { Host, HostDriver, HostTarget } from '../../host-driver/host.ts';

class NotWritten extends Error {
  override readonly name = 'NotWritten';
}

function refuse(what: string): Promise<never> {
  return Promise.reject(new NotWritten(`a look must not ${what}`));
}

/** Reads work as usual; every write is a mistake. */
export function readOnlyCluster(cluster: Cluster): Cluster {
  return {
    get: (kind, key, options) => cluster.get(kind, key, options),
    find: (kind, key, options) => cluster.find(kind, key, options),
    list: (kind, query, options) => cluster.list(kind, query, options),
    getSecret: (namespace, name, options) => cluster.getSecret(namespace, name, options),
    clusterID: (options) => cluster.clusterID(options),
    presentable: (value, namespace) => cluster.presentable(value, namespace),
    create: (kind) => refuse(`create a ${kind.kind}`),
    replace: (kind) => refuse(`replace a ${kind.kind}`),
    delete: (kind) => refuse(`delete a ${kind.kind}`),
    apply: (kind) => refuse(`apply a ${kind.kind}`),
    applyStatus: (kind) => refuse(`write the status of a ${kind.kind}`),
    patchFinalizers: (kind) => refuse(`patch a ${kind.kind}`),
    patchAnnotations: (kind) => refuse(`patch a ${kind.kind}`),
  };
}

const looks: ReadonlySet<string | symbol> = new Set([
  'observe',
  'readJob',
  'logs',
  'events',
] satisfies (keyof Host)[]);

export function readOnlyDriver(driver: HostDriver): HostDriver {
  return {
    host: (target: HostTarget) =>
      new Proxy(driver.host(target), {
        get: (host, name) => {
          if (!looks.has(name)) return () => refuse(`${String(name)} on a host`);
          const method: unknown = Reflect.get(host, name);
          return typeof method === 'function' ? method.bind(host) : method;
        },
      }),
    closeIdle: (idleSeconds) => driver.closeIdle(idleSeconds),
    close: () => driver.close(),
  };
}
