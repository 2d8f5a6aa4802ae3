/** Asks the API server about itself: its version, the kinds that it serves, and who may do what. */
import { readCRDs, schemaOf } from '../../crds/crd.ts';
import { stackKind } from '../../crds/index.ts';
import { isForbidden, isNotFound } from '../../runtime/client/api-error.ts';
import type { CallOptions } from '../../runtime/client/cluster.ts';
import type { KubeConnection } from '../../runtime/client/connection.ts';
import { callApi } from '../../runtime/client/transport.ts';
import type { KindSchemas, ServedKinds } from '../judge/cluster.ts';
import type { Right } from '../judge/rights.ts';

const { group, version } = stackKind;
const schemasPath = `/openapi/v3/apis/${group}/${version}`;

async function get(connection: KubeConnection, path: string, options: CallOptions): Promise<unknown> {
  return await callApi(connection, { method: 'GET', path, purpose: `read ${path}` }, options);
}

/** Undefined instead of "not found". */
async function find(connection: KubeConnection, path: string, options: CallOptions): Promise<unknown> {
  try {
    return await get(connection, path, options);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export async function readVersion(connection: KubeConnection, options: CallOptions): Promise<string> {
  const answer = (await get(connection, '/version', options)) as { readonly gitVersion?: unknown } | null;
  return String(answer?.gitVersion ?? '');
}

export async function readServedKinds(
  connection: KubeConnection,
  options: CallOptions,
): Promise<ServedKinds> {
  const [all, ours] = await Promise.all([
    find(connection, `/apis/${group}`, options),
    find(connection, `/apis/${group}/${version}`, options),
  ]);
  const names = (list: unknown, field: string): readonly string[] =>
    (Array.isArray(list) ? list : []).map((one: Readonly<Record<string, unknown>> | null) =>
      String(one?.[field]),
    );
  return {
    versions: names((all as { versions?: unknown } | undefined)?.versions, 'version'),
    plurals: names((ours as { resources?: unknown } | undefined)?.resources, 'name'),
  };
}

/** The four kinds as the cluster has them, beside our own. */
export async function readSchemas(
  connection: KubeConnection,
  options: CallOptions,
): Promise<readonly KindSchemas[]> {
  const answer = (await find(connection, schemasPath, options)) as
    | { readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> } }
    | undefined;
  const all = Object.entries(answer?.components?.schemas ?? {});
  return readCRDs().map((crd) => {
    const { kind } = crd.spec.names;
    // The API server names them by the reversed group: `de.jtel.v1alpha1.JtelStack`.
    const published = all.find(([name]) => name.endsWith(`.${version}.${kind}`))?.[1];
    return { kind, own: schemaOf(crd), published };
  });
}

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/**
 * @param namespace undefined: in all namespaces, or of a resource that has none
 * @param account whose rights; absent: one's own
 * @returns those that are denied; undefined if one may not ask about that account
 */
export async function readMissingRights(
  connection: KubeConnection,
  rights: readonly Right[],
  namespace: string | undefined,
  account: ServiceAccount | undefined,
  options: CallOptions,
): Promise<readonly Right[] | undefined> {
  try {
    const allowed = await Promise.all(
      rights.map((right) => isAllowed(connection, right, namespace, account, options)),
    );
    return rights.filter((_, index) => allowed[index] !== true);
  } catch (error) {
    if (account !== undefined && isForbidden(error)) return undefined;
    throw error;
  }
}

/** A review is answered and not stored. */
async function isAllowed(
  connection: KubeConnection,
  { verb, group: ofGroup, resource, name }: Right,
  namespace: string | undefined,
  account: ServiceAccount | undefined,
  options: CallOptions,
): Promise<boolean> {
  const [plural, subresource] = resource.split('/');
  const resourceAttributes = { verb, group: ofGroup, resource: plural, subresource, name, namespace };
  const kind = account === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview';
  const who =
    account === undefined
      ? {}
      : {
          user: `system:serviceaccount:${account.namespace}:${account.name}`,
          groups: [
            'system:serviceaccounts',
            `system:serviceaccounts:${account.namespace}`,
            'system:authenticated',
          ],
        };
  const answer = (await callApi(
    connection,
    {
      method: 'POST',
      path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
      body: { apiVersion: 'authorization.k8s.io/v1', kind, spec: { ...who, resourceAttributes } },
      purpose: `ask whether one may ${verb} ${resource}`,
    },
    options,
  )) as { readonly status?: { readonly allowed?: unknown } } | null;
  return answer?.status?.allowed === true;
}
