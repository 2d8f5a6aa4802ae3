/** Asks Flux or Argo CD, if one of them applied a stack, for the commit that its spec is of, as far as the caller may. */
import type { JtelStack } from '../../crds/index.ts';
import {
  commitOfApplication,
  commitOfKustomization,
  type Application,
  type Kustomization,
} from '../../insight/owner-commit.ts';
import { ownerOf } from '../../runtime/git-owner.ts';
import { isForbidden } from '../../runtime/client/api-error.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import type { ResourceKind } from '../../runtime/kind.ts';

export const kustomizationKind: ResourceKind<KubernetesObject & Kustomization> = {
  group: 'kustomize.toolkit.fluxcd.io',
  version: 'v1',
  plural: 'kustomizations',
  kind: 'Kustomization',
  namespaced: true,
};

export const applicationKind: ResourceKind<KubernetesObject & Application> = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  plural: 'applications',
  kind: 'Application',
  namespaced: true,
};

/** @returns undefined if nobody applies it from git, or the caller may not ask who does */
export async function ownerCommit(
  cluster: Pick<Cluster, 'find'>,
  stack: JtelStack,
  call: CallOptions,
): Promise<string | undefined> {
  const owner = ownerOf(stack);
  if (owner === undefined) return undefined;
  const key = { namespace: owner.namespace, name: owner.name };
  try {
    if (owner.by === 'Flux')
      return commitOfKustomization((await cluster.find(kustomizationKind, key, call)) ?? {});
    return commitOfApplication((await cluster.find(applicationKind, key, call)) ?? {});
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
