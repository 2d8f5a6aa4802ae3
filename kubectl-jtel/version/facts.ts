/** What a cluster says of the versions in it, read with the caller's rights. What he may not see is told, not guessed. */
import { labels, stackKind } from '../../crds/index.ts';
import { isNotFound } from '../../runtime/client/api-error.ts';
import { callApi } from '../../runtime/client/transport.ts';
import type { ResourceKind } from '../../runtime/kind.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import type { Kit } from '../kit.ts';
import { clientFact, type ClientFact } from './client.ts';
import { leaseFacts, type LeaseFact } from '../operator-lease.ts';
import { seen, seenOfOperator } from '../seen.ts';
import { kinds } from './kinds.ts';

export interface VersionFacts {
  readonly client: ClientFact;
  /** Undefined if the caller may not see them. */
  readonly operators: readonly OperatorFact[] | undefined;
  /** Of operators without such a Deployment. Undefined if the caller may not see them. */
  readonly leases: readonly LeaseFact[] | undefined;
  /** Undefined if the caller may not see them. */
  readonly crds: readonly CrdFact[] | undefined;
  /** Versions of our group that the API server serves, which everybody may know. */
  readonly served: readonly string[];
}

export interface OperatorFact {
  readonly namespace: string;
  readonly name: string;
  /** Undefined if its Deployment does not say. */
  readonly version: string | undefined;
  readonly image: string;
  readonly readyReplicas: number;
  readonly replicas: number;
}

export interface CrdFact {
  readonly name: string;
  /** Undefined before 0.2.0. */
  readonly version: string | undefined;
}

interface Deployment extends KubernetesObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: {
      readonly spec?: { readonly containers?: readonly { readonly name: string; readonly image?: string }[] };
    };
  };
  readonly status?: { readonly readyReplicas?: number };
}

const deployments: ResourceKind<Deployment> = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};

const customResourceDefinitions: ResourceKind<KubernetesObject> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

const { group } = stackKind;
/** Labels of the chart, and of the CRDs. */
const versionLabel = 'app.kubernetes.io/version';
const ours = `${labels.partOf}=jtel`;

/** @param namespace the only one to look for the operator in; undefined: all. */
export async function versionFacts(kit: Kit, namespace: string | undefined): Promise<VersionFacts> {
  const [operators, leases, crds, served] = await Promise.all([
    operatorFacts(kit, namespace),
    leaseFacts(kit, namespace),
    seen(() => crdFacts(kit)),
    servedVersions(kit),
  ]);
  const others = leases?.filter(
    (lease) => operators?.some((one) => one.namespace === lease.namespace) !== true,
  );
  return { client: clientFact, operators, leases: others, crds, served };
}

async function operatorFacts(
  { cluster, call }: Kit,
  namespace: string | undefined,
): Promise<readonly OperatorFact[] | undefined> {
  const found = await seenOfOperator(
    (query) => cluster.list(deployments, { ...query, labelSelector: ours }, call),
    namespace,
  );
  return found?.flatMap(operatorFact);
}

function operatorFact({ metadata = {}, spec, status }: Deployment): readonly OperatorFact[] {
  const image = spec?.template?.spec?.containers?.find(({ name }) => name === 'operator')?.image;
  if (image === undefined) return [];
  return [
    {
      namespace: metadata.namespace ?? '',
      name: metadata.name ?? '',
      version: versionOfImage(image) ?? metadata.labels?.[versionLabel],
      image,
      readyReplicas: status?.readyReplicas ?? 0,
      replicas: spec?.replicas ?? 1,
    },
  ];
}

/** A tag that is a version says more than the label, which is that of the chart. */
function versionOfImage(image: string): string | undefined {
  return /:v?(\d+\.\d+\.\d+(?:-[\w.-]+)?)$/.exec(image)?.[1];
}

/** Those that are there. */
async function crdFacts({ cluster, call }: Kit): Promise<readonly CrdFact[]> {
  const found = await Promise.all(
    kinds.map(({ crd: name }) => cluster.find(customResourceDefinitions, { namespace: '', name }, call)),
  );
  return found.flatMap((crd) =>
    crd === undefined
      ? []
      : [{ name: crd.metadata?.name ?? '', version: crd.metadata?.labels?.[versionLabel] }],
  );
}

async function servedVersions({ connection, call }: Kit): Promise<readonly string[]> {
  try {
    const answer = (await callApi(
      connection,
      { method: 'GET', path: `/apis/${group}`, purpose: `look for ${group}` },
      call,
    )) as { readonly versions?: readonly { readonly version?: string }[] };
    return answer.versions?.flatMap(({ version }) => version ?? []) ?? [];
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
