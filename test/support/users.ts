/** Users of the test cluster with a token each, and with the rights that a test gives them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { readFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Kubectl } from '../../sandbox/installation/kubectl.ts';
import { waitFor } from './wait.ts';

export interface TestUser {
  /** As the API server knows it. */
  readonly name: string;
  readonly serviceAccount: string;
  readonly namespace: string;
  readonly token: string;
  readonly kubeconfig: string;
}

/** A ServiceAccount without any rights. */
export async function kubeconfigOfUser(
  kubectl: Kubectl,
  namespace: string,
  serviceAccount: string,
): Promise<TestUser> {
  await kubectl.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount, namespace } },
  ]);
  const token = (await kubectl.run(['create', 'token', serviceAccount, '-n', namespace])).trim();
  const config = parse(await readFile(kubectl.kubeconfig, 'utf8')) as {
    readonly clusters: readonly { readonly name: string }[];
  };
  const file = join(await mkdtemp(join(tmpdir(), 'jtel-user-')), 'kubeconfig');
  const context = { cluster: config.clusters[0]?.name, user: 'user', namespace };
  await writeFile(
    file,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: config.clusters,
      users: [{ name: 'user', user: { token } }],
      contexts: [{ name: 'test', context }],
      'current-context': 'test',
    }),
    { mode: 0o600 },
  );
  return {
    name: `system:serviceaccount:${namespace}:${serviceAccount}`,
    serviceAccount,
    namespace,
    token,
    kubeconfig: file,
  };
}

export interface Right {
  readonly verb: string;
  /** With its group: `jtelstacks.jtel.de`. */
  readonly resource: string;
  readonly namespace: string;
}

/**
 * Waits until a right that was given counts: the API server reads roles and bindings from a cache.
 * @param who options of kubectl, such as `--as=jane`
 */
export async function untilMay(
  kubectl: Kubectl,
  who: readonly string[],
  { verb, resource, namespace }: Right,
): Promise<void> {
  await waitFor(`the right to ${verb} ${resource}`, async () => {
    const argv = ['auth', 'can-i', verb, resource, ...who, '-n', namespace];
    return (await kubectl.tryRun(argv)).stdout.trim() === 'yes';
  });
}

/** Lets the user list and watch these kinds of jtel.de in one namespace; it may no others of them there yet. */
export async function mayListIn(
  kubectl: Kubectl,
  { name: user, serviceAccount, namespace: home }: TestUser,
  namespace: string,
  resources: readonly string[],
): Promise<void> {
  const name = `list-${serviceAccount}`;
  await kubectl.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name, namespace },
      rules: [{ apiGroups: ['jtel.de'], resources, verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace: home }],
    },
  ]);
  for (const resource of resources)
    await untilMay(kubectl, [`--as=${user}`], { verb: 'watch', resource: `${resource}.jtel.de`, namespace });
}
