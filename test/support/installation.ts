/**
 * Installs what the operator needs in a cluster the way a user does, from `crds/` and `deploy/access/`, and makes a
 * kubeconfig of its ServiceAccount: tests run the operator with exactly the rights that users will give it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { CoreV1Api, KubernetesObjectApi, PatchStrategy, type KubernetesObject } from '@kubernetes/client-node';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { KubeConnection } from '../../operator/runtime/index.ts';
import { waitFor } from './wait.ts';

export const operatorAccount = { namespace: 'jtel-system', name: 'jtel-operator' } as const;

const tokenSeconds = 24 * 3600;

/** Applies CRDs, namespace, ServiceAccount and RBAC; waits until the kinds are served. Can be done again. */
export async function installOperatorAccess(adminKubeconfig: string): Promise<void> {
  const connection = KubeConnection.load(adminKubeconfig);
  try {
    const api = KubernetesObjectApi.makeApiClient(connection);
    const objects = [...objectsOf('crds'), ...objectsOf('deploy/access')];
    for (const object of objects) await api.patch(object, undefined, undefined, 'jtel-install', true, PatchStrategy.ServerSideApply);
    const kinds = objects.filter((object) => object.kind === 'CustomResourceDefinition');
    await Promise.all(kinds.map((object) => waitFor(`${object.metadata?.name} to be served`, () => isServed(api, object))));
  } finally {
    await connection.close();
  }
}

async function isServed(api: KubernetesObjectApi, crd: KubernetesObject): Promise<boolean> {
  const live = (await api.read({ ...crd, metadata: { name: crd.metadata?.name ?? '' } })) as KubernetesObject & {
    status?: { conditions?: { type: string; status: string }[] };
  };
  return live.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
}

/** The objects of a kustomization that only lists files. */
export function objectsOf(directory: string): KubernetesObject[] {
  const folder = new URL(`../../${directory}/`, import.meta.url);
  const kustomization = parse(readFileSync(new URL('kustomization.yaml', folder), 'utf8')) as { resources: string[] };
  return kustomization.resources.flatMap((file) =>
    parseAllDocuments(readFileSync(new URL(file, folder), 'utf8')).map((document) => document.toJS() as KubernetesObject),
  );
}

/**
 * Writes a kubeconfig with a token of the operator's ServiceAccount (valid for a day) and nothing of the admin's.
 * @param file readable by the user of a container too (0644): keep it in a private directory
 */
export async function writeOperatorKubeconfig(adminKubeconfig: string, file: string): Promise<void> {
  const connection = KubeConnection.load(adminKubeconfig);
  try {
    const { namespace, name } = operatorAccount;
    const answer = await connection.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
      namespace,
      name,
      body: { spec: { audiences: [], expirationSeconds: tokenSeconds } },
    });
    const token = answer.status?.token;
    if (token === undefined) throw new Error(`the API server gave no token for ServiceAccount ${namespace}/${name}`);
    writeFileSync(file, kubeconfigWithToken(connection, token), { mode: 0o644 });
  } finally {
    await connection.close();
  }
}

function kubeconfigWithToken(connection: KubeConnection, token: string): string {
  const cluster = connection.getCurrentCluster();
  if (cluster === null) throw new Error('the admin kubeconfig names no cluster');
  const authority = cluster.caData ?? (cluster.caFile === undefined ? undefined : readFileSync(cluster.caFile).toString('base64'));
  const trust = authority === undefined ? { 'insecure-skip-tls-verify': true } : { 'certificate-authority-data': authority };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cluster', cluster: { server: cluster.server, ...trust } }],
    users: [{ name: operatorAccount.name, user: { token } }],
    contexts: [{ name: 'operator', context: { cluster: 'cluster', user: operatorAccount.name, namespace: operatorAccount.namespace } }],
    'current-context': 'operator',
  });
}
