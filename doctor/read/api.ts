/** Asks the API server about itself: its version, the kinds that it serves, and who may do what. */
import { readCRDs, schemaOf } from '../../crds/crd.ts';
import { stackKind } from '../../crds/index.ts';
import { isForbidden, isNotFound } from '../../runtime/client/api-error.ts';
import type { CallOptions } from '../../runtime/client/cluster.ts';
import type { KubeConnection } from '../../runtime/client/connection.ts';
import { mayI, mayUser, type KnownUser } from '../../runtime/client/review.ts';
import { callApi } from '../../runtime/client/transport.ts';
import { optional } from '../../base/optional.ts';
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

/** The six kinds as the cluster has them, beside our own. */
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

async function isAllowed(
  connection: KubeConnection,
  { verb, group: ofGroup, resource: path, name }: Right,
  namespace: string | undefined,
  account: ServiceAccount | undefined,
  options: CallOptions,
): Promise<boolean> {
  const [resource = '', subresource] = path.split('/');
  const right = { verb, group: ofGroup, resource, ...optional({ subresource, name, namespace }) };
  return account === undefined
    ? await mayI(connection, right, options)
    : await mayUser(connection, userOf(account), right, options);
}

/** As the API server knows a pod that runs as this account. */
function userOf({ namespace, name }: ServiceAccount): KnownUser {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}
