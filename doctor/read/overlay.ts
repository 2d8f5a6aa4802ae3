/** A cluster to look at, as it would be with the objects of a manifest in it. It refuses every write. */
import { readOnlyCluster } from '../../controllers/hosts/read-only.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import { decodeSecret } from '../../runtime/client/secret-values.ts';
import type { Secret } from '../../runtime/client/kinds.ts';
import { formatKey, keyOf, type KubernetesObject } from '../../runtime/objects.ts';

/** @param objects with namespaces. Reads of one object find them first; lists do not. */
export function overlaid(real: Cluster, objects: readonly KubernetesObject[]): Cluster {
  const cluster = readOnlyCluster(real);
  const given = new Map(objects.map((object) => [`${object.kind} ${formatKey(keyOf(object))}`, object]));
  return {
    ...cluster,
    find: async (kind, key, options) =>
      // The kind decides the type.
      (given.get(`${kind.kind} ${formatKey(key)}`) as never) ?? (await cluster.find(kind, key, options)),
    getSecret: async (namespace, name, options) => {
      const secret = given.get(`Secret ${formatKey({ namespace, name })}`);
      return secret === undefined
        ? await cluster.getSecret(namespace, name, options)
        : decodeSecret(filled(secret));
    },
  };
}

/** As the API server stores a Secret: everything in base64. */
function filled(secret: Secret): Secret {
  const written = Object.entries(secret.stringData ?? {}).map(
    ([key, value]) => [key, Buffer.from(String(value)).toString('base64')] as const,
  );
  return { ...secret, data: { ...secret.data, ...Object.fromEntries(written) } };
}
