/** What keeps an object as git has it, and creates it again when somebody deletes it; pure. */
import type { ObjectKey } from './objects.ts';

interface Labelled {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** What applied the object: a Kustomization of Flux, or an Application of Argo CD. */
export type Owner = { readonly by: 'Flux' | 'Argo' } & ObjectKey;

const fluxLabel = 'kustomize.toolkit.fluxcd.io';
const argoNamespace = 'argocd';

/** @returns undefined if neither applied it; the labels are their own defaults */
export function ownerOf({ metadata: { labels = {}, annotations = {} } }: Labelled): Owner | undefined {
  const [name, namespace] = [labels[`${fluxLabel}/name`], labels[`${fluxLabel}/namespace`]];
  if (name !== undefined && namespace !== undefined) return { by: 'Flux', namespace, name };
  // `[NAMESPACE_]APPLICATION:GROUP/KIND:NAMESPACE/NAME`
  const [tracked] = annotations['argocd.argoproj.io/tracking-id']?.split(':') ?? [];
  const application = tracked ?? labels['argocd.argoproj.io/instance'];
  if (application === undefined || application === '') return undefined;
  const [before = '', after] = application.split('_');
  return after === undefined
    ? { by: 'Argo', namespace: argoNamespace, name: before }
    : { by: 'Argo', namespace: before, name: after };
}
