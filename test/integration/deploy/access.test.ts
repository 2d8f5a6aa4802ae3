/**
 * deploy/ against a real API server: the operator may do what it has to, and no more; its pods keep to the
 * strict policy.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  AppsV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  KubeConfig,
  RbacAuthorizationV1Api,
  type V1Deployment,
  type V1Pod,
  type V1ResourceAttributes,
} from '@kubernetes/client-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import {
  installAccess,
  operatorKubeconfig,
  operatorNamespace,
} from '../../../sandbox/installation/operator.ts';
import { lineProgress, Sandbox } from '../../../sandbox/index.ts';
import { untilMay } from '../../support/users.ts';
import { waitFor } from '../../support/wait.ts';
import { optional } from '../../../base/optional.ts';

let admin: KubeConfig;
let operator: KubeConfig;
let kubeconfig: string;

beforeAll(async () => {
  const sandbox = await Sandbox.up({
    name: process.env['JTEL_SANDBOX'] || 'test',
    only: ['control-plane'],
    progress: lineProgress(),
  });
  await installAccess(sandbox);
  kubeconfig = sandbox.kubeconfigPath;
  admin = configOf(kubeconfig);
  const own = await operatorKubeconfig(sandbox, 'machine');
  operator = configOf(own);
  // That for all namespaces was made last.
  const right = { verb: 'patch', resource: 'jtelstacks.jtel.de', namespace: 'customer' };
  await untilMay(await Kubectl.find(kubeconfig), ['--kubeconfig', own], right);
});

function configOf(file: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(file);
  return config;
}

/** `jtelstacks/status` in the words of an access review. */
function partsOf(resource: string): V1ResourceAttributes {
  const [name = '', subresource] = resource.split('/');
  return { resource: name, ...optional({ subresource }) };
}

async function may(
  verb: string,
  group: string,
  resource: string,
  more: V1ResourceAttributes = {},
): Promise<boolean> {
  const attributes = { verb, group, ...partsOf(resource), namespace: 'customer', ...more };
  const api = operator.makeApiClient(AuthorizationV1Api);
  const answer = await api.createSelfSubjectAccessReview({
    body: { spec: { resourceAttributes: attributes } },
  });
  return answer.status?.allowed ?? false;
}

describe('the operator’s ServiceAccount', () => {
  test.for([
    ['watch', 'jtel.de', 'jtelstacks'],
    ['patch', 'jtel.de', 'jtelstacks'],
    ['patch', 'jtel.de', 'jtelstacks/status'],
    ['list', 'jtel.de', 'jtelbackupstores'],
    ['patch', 'jtel.de', 'jtelbackupstores/status'],
    ['get', '', 'secrets'],
    ['watch', '', 'secrets'],
    ['patch', '', 'secrets'],
    ['create', '', 'secrets'],
    ['create', 'events.k8s.io', 'events'],
    ['create', 'apps', 'controllerrevisions'],
    ['create', 'jtel.de', 'jtelbackups'],
    ['delete', 'jtel.de', 'jtelbackups'],
    ['create', 'jtel.de', 'jtelrestores'],
    ['list', 'batch', 'cronjobs'],
    ['delete', 'batch', 'cronjobs'],
  ] as const)('may %s %s %s', async ([verb, group, resource]) => {
    expect(await may(verb, group, resource)).toBe(true);
  });

  test.for([
    ['list', '', 'secrets'],
    ['update', 'jtel.de', 'jtelstacks'],
    ['delete', 'jtel.de', 'jtelstacks'],
    ['delete', 'jtel.de', 'jtelrestores'],
    ['delete', 'jtel.de', 'jtelbackupstores'],
    ['update', 'jtel.de', 'jtelbackups'],
    ['create', 'batch', 'jobs'],
    ['create', 'batch', 'cronjobs'],
    ['patch', 'batch', 'cronjobs'],
    ['get', '', 'configmaps'],
    ['create', '', 'pods'],
    ['create', 'apps', 'deployments'],
    ['get', 'coordination.k8s.io', 'leases'],
    ['create', 'rbac.authorization.k8s.io', 'clusterrolebindings'],
    ['impersonate', '', 'serviceaccounts'],
  ] as const)('must not %s %s %s', async ([verb, group, resource]) => {
    expect(await may(verb, group, resource)).toBe(false);
  });

  test('holds its Lease in its own namespace only', async () => {
    const lease = { namespace: operatorNamespace, name: 'jtel-operator' };
    expect(await may('update', 'coordination.k8s.io', 'leases', lease)).toBe(true);
    expect(await may('update', 'coordination.k8s.io', 'leases', { ...lease, name: 'somebody-else' })).toBe(
      false,
    );
  });

  test('reads the identity of the cluster and no other namespace', async () => {
    expect(await may('get', '', 'namespaces', { namespace: '', name: 'kube-system' })).toBe(true);
    expect(await may('get', '', 'namespaces', { namespace: '', name: 'default' })).toBe(false);
  });
});

describe('people', () => {
  const namespace = 'people-of-a-customer';

  const userOf = (role: string): string => `user-of-${role}`;

  /** Bound to the roles themselves, because the controller that adds them to the cluster's own roles is not ours. */
  beforeAll(async () => {
    const kubectl = await Kubectl.find(kubeconfig);
    const apiGroup = 'rbac.authorization.k8s.io';
    // A right that the role gives: once it counts, what is refused is refused by the role.
    const bound = [
      ['jtel-view', 'list', 'jtelstacks'],
      ['jtel-edit', 'patch', 'jtelstacks'],
      ['jtel-store-admin', 'patch', 'jtelbackupstores'],
    ] as const;
    await kubectl.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      ...bound.map(([role]) => ({
        apiVersion: `${apiGroup}/v1`,
        kind: 'RoleBinding',
        metadata: { name: role, namespace },
        roleRef: { apiGroup, kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'User', name: userOf(role), apiGroup }],
      })),
    ]);
    for (const [role, verb, kinds] of bound)
      await untilMay(kubectl, [`--as=${userOf(role)}`], { verb, resource: `${kinds}.jtel.de`, namespace });
  });

  async function mayUser(role: string, verb: string, resource: string): Promise<boolean> {
    const review = {
      spec: {
        user: userOf(role),
        resourceAttributes: { verb, group: 'jtel.de', ...partsOf(resource), namespace },
      },
    };
    const answer = await admin.makeApiClient(AuthorizationV1Api).createSubjectAccessReview({ body: review });
    return answer.status?.allowed ?? false;
  }

  test.for([
    ['jtel-view', 'watch', 'jtelstacks', true],
    ['jtel-view', 'get', 'jtelbackupstores', true],
    ['jtel-view', 'patch', 'jtelstacks', false],
    ['jtel-edit', 'patch', 'jtelstacks', true],
    ['jtel-edit', 'create', 'jtelrestores', true],
    ['jtel-edit', 'delete', 'jtelbackups', true],
    ['jtel-edit', 'patch', 'jtelstacks/status', false],
    ['jtel-edit', 'create', 'jtelbackupstores', false],
    ['jtel-edit', 'patch', 'jtelbackupstores', false],
    ['jtel-store-admin', 'patch', 'jtelbackupstores', true],
    ['jtel-store-admin', 'patch', 'jtelstacks', false],
  ] as const)('of %s: %s %s is %s', async ([role, verb, resource, expected]) => {
    expect(await mayUser(role, verb, resource)).toBe(expected);
  });

  test('have these rights by the roles that every cluster has', async () => {
    const api = admin.makeApiClient(RbacAuthorizationV1Api);
    const aggregatedTo = async (name: string) =>
      Object.keys((await api.readClusterRole({ name })).metadata?.labels ?? {}).flatMap(
        (label) => /^rbac\.authorization\.k8s\.io\/aggregate-to-(.+)$/.exec(label)?.[1] ?? [],
      );
    expect(await aggregatedTo('jtel-view')).toEqual(['admin', 'edit', 'view']);
    expect(await aggregatedTo('jtel-edit')).toEqual(['admin', 'edit']);
    expect(await aggregatedTo('jtel-store-admin')).toEqual([]);
  });
});

describe('the pods of backup schedules', () => {
  // A new one each time: in a sandbox that was kept, the rights of an earlier run would count.
  const [namespace, account] = [`customer-${randomUUID()}`, 'schedule'];
  const host = {
    address: '192.0.2.1',
    sshSecretRef: { name: 'ssh' },
    hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
  };

  async function tryAs(roles: readonly string[], spec: object): Promise<string> {
    const kubectl = await Kubectl.find(kubeconfig);
    const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
    await kubectl.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace } },
      ...roles.map((role) => ({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: role, namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects,
      })),
    ]);
    const backup = {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelBackup',
      metadata: { generateName: 'try-', namespace },
      spec: { stackRef: { name: 'acme' }, ...spec },
    };
    const command = [
      'create',
      '--dry-run=server',
      '-o',
      'name',
      '--as',
      `system:serviceaccount:${namespace}:${account}`,
      '-f',
      '-',
    ];
    return await kubectl
      .run(command, { input: JSON.stringify(backup) })
      .catch((error: unknown) => String(error));
  }

  /** Rights take effect a moment after they were given, and a policy after it was made. */
  async function untilSaid(roles: readonly string[], spec: object, words: string): Promise<string> {
    let answer = '';
    await waitFor(
      () => `the answer ${words}; the last one was: ${answer}`,
      async () => {
        answer = await tryAs(roles, spec);
        return answer.includes(words);
      },
      { timeoutSeconds: 110 },
    );
    return answer;
  }

  test(
    'ask for backups, but bring no data to another host; who may restore, may',
    { timeout: 360_000 },
    async () => {
      const created = 'jtelbackup.jtel.de/try-';
      await untilSaid(['jtel-backup-schedule'], { verify: 'Restore' }, created);
      const elsewhere = { verify: 'Restore', test: { host } };
      await untilSaid([], elsewhere, 'takes the right to create JtelRestores');
      expect(await untilSaid(['jtel-edit'], elsewhere, created)).toContain(created);
    },
  );
});

describe('the operator’s Deployment', () => {
  const deployment = parseAllDocuments(
    readFileSync(new URL('../../../deploy/operator.yaml', import.meta.url), 'utf8'),
  )[0]?.toJS() as V1Deployment;

  test('is accepted without a remark', async () => {
    const api = admin.makeApiClient(AppsV1Api);
    const namespace = operatorNamespace;
    const created = await api.createNamespacedDeployment({
      namespace,
      body: deployment,
      dryRun: 'All',
      fieldValidation: 'Strict',
    });
    expect(created.metadata?.name).toBe('jtel-operator');
  });

  test('makes pods that the namespace’s restricted policy admits, which refuses one without its precautions', async () => {
    const api = admin.makeApiClient(CoreV1Api);
    const namespace = operatorNamespace;
    const pod: V1Pod = {
      metadata: { name: 'operator-pod', ...deployment.spec?.template.metadata },
      ...(deployment.spec?.template.spec === undefined ? {} : { spec: deployment.spec.template.spec }),
    };
    await expect(api.createNamespacedPod({ namespace, body: pod, dryRun: 'All' })).resolves.toBeDefined();
    const { securityContext: _, ...careless } = pod.spec ?? { containers: [] };
    await expect(
      api.createNamespacedPod({ namespace, body: { ...pod, spec: careless }, dryRun: 'All' }),
    ).rejects.toThrow(/violates PodSecurity/);
  });
});
