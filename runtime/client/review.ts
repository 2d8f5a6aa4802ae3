/** Asks the API server about people and their rights. A review is answered at once and not stored. */
import type { CallOptions } from './cluster.ts';
import type { KubeConnection } from './connection.ts';
import { callApi } from './transport.ts';

const apiVersions = {
  SelfSubjectAccessReview: 'authorization.k8s.io/v1',
  SubjectAccessReview: 'authorization.k8s.io/v1',
  SelfSubjectReview: 'authentication.k8s.io/v1',
  TokenReview: 'authentication.k8s.io/v1',
} as const;

/** What is asked about: a verb on a resource. */
export interface ResourceRight {
  readonly verb: string;
  readonly group: string;
  /** Plural, without its subresource. */
  readonly resource: string;
  readonly subresource?: string;
  /** Of one object only. */
  readonly name?: string;
  /** Absent: in all, or of a resource that has none. */
  readonly namespace?: string;
}

/** Somebody as the API server knows people. */
export interface KnownUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** @returns whether the caller may */
export async function mayI(
  connection: KubeConnection,
  resourceAttributes: ResourceRight,
  options: CallOptions,
): Promise<boolean> {
  const status = await review(connection, 'SelfSubjectAccessReview', { resourceAttributes }, options);
  return status['allowed'] === true;
}

/** @returns whether that user may */
export async function mayUser(
  connection: KubeConnection,
  { username, ...others }: KnownUser,
  resourceAttributes: ResourceRight,
  options: CallOptions,
): Promise<boolean> {
  const spec = { user: username, ...others, resourceAttributes };
  const status = await review(connection, 'SubjectAccessReview', spec, options);
  return status['allowed'] === true;
}

/** Who the caller is; undefined if the server does not say. */
export async function whoAmI(connection: KubeConnection, options: CallOptions): Promise<string | undefined> {
  const { userInfo } = await review(connection, 'SelfSubjectReview', {}, options);
  return userOf(userInfo)?.username;
}

/** Whose token it is; undefined if the API server does not take it. */
export async function userOfToken(
  connection: KubeConnection,
  token: string,
  options: CallOptions,
): Promise<KnownUser | undefined> {
  const { authenticated, user } = await review(connection, 'TokenReview', { token }, options);
  return authenticated === true ? userOf(user) : undefined;
}

function userOf(value: unknown): KnownUser | undefined {
  const { username, groups = [], ...others } = (value ?? {}) as Partial<KnownUser>;
  return username === undefined || username === '' ? undefined : { username, groups, ...others };
}

async function review(
  connection: KubeConnection,
  kind: keyof typeof apiVersions,
  spec: object,
  options: CallOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const apiVersion = apiVersions[kind];
  const answer = (await callApi(
    connection,
    {
      method: 'POST',
      path: `/apis/${apiVersion}/${kind.toLowerCase()}s`,
      body: { apiVersion, kind, spec },
      purpose: `ask for a ${kind}`,
    },
    options,
  )) as { readonly status?: Readonly<Record<string, unknown>> } | null;
  return answer?.status ?? {};
}
