/** Makes the API server serve our kinds, as they are in this working tree. */
import { readCRDs, type CustomResourceDefinition } from '../../crds/crd.ts';
import type { ResourceKind } from '../../runtime/kind.ts';
import { findCondition, type Cluster, type Condition, type KubernetesObject } from '../../runtime/index.ts';
import { call } from './cluster.ts';
import { waitFor } from './wait.ts';

export type ServedCRD = KubernetesObject &
  CustomResourceDefinition & { readonly status?: { readonly conditions?: readonly Condition[] } };

const crdKind: ResourceKind<ServedCRD> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

/** Applies the CRDs and waits until each is served. Several test files may call it at once. */
export async function installCRDs(cluster: Cluster): Promise<readonly ServedCRD[]> {
  const crds = readCRDs();
  for (const crd of crds) await cluster.apply(crdKind, crd, call());
  return Promise.all(
    crds.map(({ metadata: { name } }) =>
      waitFor(`${name} to be served`, async () => {
        const crd = await cluster.get(crdKind, { namespace: '', name }, call());
        return findCondition(crd.status?.conditions, 'Established')?.status === 'True' && crd;
      }),
    ),
  );
}
