/**
 * The policy that stands beside the operator's role, in a real API server: what the operator does passes, and what a broken-in one
 * would do with the same rights is refused.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { cronJob } from '../../../controllers/schedule/index.ts';
import type { JtelStack } from '../../../crds/index.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { ensureHelm } from '../../../sandbox/helm/helm.ts';
import { lineProgress, Sandbox } from '../../../sandbox/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { installAccess } from '../../../sandbox/installation/operator.ts';
import { chart } from '../../../scripts/manifests.ts';
import { waitFor } from '../../support/wait.ts';
import { exampleManifests } from '../crds/objects.ts';

const suffix = randomBytes(4).toString('hex');
/** An installation of its own beside that of the sandbox. */
const installed = `bounded-jtel-operator-${suffix}`;
const customer = `bounded-customer-${suffix}`;
const pods = { image: 'registry.example.com/jtel/jtel-operator:1.0.0', serviceAccount: 'jtel-backup' };
const settings = [
  'scope=Cluster',
  'crds.install=false',
  'clusterObjects.install=false',
  'releases.allowUnsigned=true',
  `toolbox.image=registry.example.com/jtel/toolbox@sha256:${'a'.repeat(64)}`,
  'image.tag=1.0.0',
  'backupSchedules.cronJobs=true',
];
const onlyAsks = 'only ask for a backup, without volumes, Secrets, rights on the node or another command';
let kubectl: Kubectl;
let access: readonly { readonly kind: string }[] = [];

beforeAll(async () => {
  const progress = lineProgress();
  const [sandbox, helm] = await Promise.all([
    Sandbox.up({ name: process.env['JTEL_SANDBOX'] || 'test', only: ['control-plane'], progress }),
    ensureHelm(progress),
  ]);
  await installAccess(sandbox);
  kubectl = await Kubectl.find(sandbox.kubeconfigPath);
  const flags = settings.flatMap((setting) => ['--set', setting]);
  const text = await helm([
    'template',
    installed,
    join(repositoryDirectory, chart),
    '-n',
    installed,
    ...flags,
  ]);
  access = parseAllDocuments(text)
    .map((document) => document.toJS() as { readonly kind: string })
    .filter(({ kind }) => /^(ServiceAccount|ConfigMap|Cluster.*|ValidatingAdmission.*)$/.test(kind));
  await kubectl.apply([
    ...[installed, customer].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...access,
    stack,
    channel,
    ...lookingAtChannels,
    { ...ofCustomer, metadata: { ...ofCustomer.metadata, finalizers: ['example.com/kept'] } },
    secret('acme-credentials', own, { password: 'c2VjcmV0' }),
    secret('other-credentials', {}, { password: 'c2VjcmV0' }),
  ]);
  // A policy takes effect a moment after it was made.
  const refused = [
    [
      'changes nothing in the namespaces of Kubernetes',
      () => create({ ...newSecret, metadata: { ...newSecret.metadata, namespace: 'kube-system' } }),
    ],
    ['changes no spec', () => patch('jtelstack/acme', { spec: { suspend: true } })],
    ['writes only Secrets', () => create(secret('anything', own, {}))],
    [onlyAsks, () => create(scheduleWith({ hostPID: true }))],
  ] as const;
  const policies = access.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
  if (policies.length !== refused.length) throw new Error('there is a policy that is not waited for');
  for (const [sentence, ask] of refused)
    await waitFor(`the refusal that says: ${sentence}`, async () => (await ask()).includes(sentence));
});

afterAll(async () => {
  const input = access.map((one) => JSON.stringify(one)).join('\n---\n');
  await kubectl?.run(['delete', '--wait=false', '--ignore-not-found', '-f', '-'], { input });
  const release = JSON.stringify({ metadata: { finalizers: null } });
  await kubectl?.tryRun(['patch', 'secret', 'of-customer', '-n', customer, '--type', 'merge', '-p', release]);
  await kubectl?.run(['delete', 'jtelchannel', customer, '--ignore-not-found']);
  const { name } = rbac.metadata;
  await kubectl?.run(['delete', `clusterrolebinding/${name}`, `clusterrole/${name}`, '--ignore-not-found']);
  await kubectl?.run(['delete', 'namespace', installed, customer, '--wait=false', '--ignore-not-found']);
});

interface Labels {
  readonly [name: string]: string;
}
const own: Labels = { 'jtel.de/stack': 'acme' };

function secret(name: string, labels: Labels, data: Labels, type = 'Opaque') {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: customer, labels }, type, data };
}

/** The key that signs backups is the operator's, and lies in its own namespace. */
function signingKey(namespace: string) {
  const key = secret('jtel-operator-backup-signing', {}, {}, 'jtel.de/backup-signing');
  return { ...key, metadata: { ...key.metadata, namespace } };
}
const ofCustomer = secret('of-customer', {}, { password: 'c2VjcmV0' });
const minimal = exampleManifests('minimal-stack.yaml').find(({ kind }) => kind === 'JtelStack');
const stack = { ...minimal, metadata: { name: 'acme', namespace: customer } };
const channel = {
  apiVersion: 'jtel.de/v1alpha1',
  kind: 'JtelChannel',
  metadata: { name: customer },
  spec: { version: '3.43.2', waves: [{ name: 'all', percent: 100 }] },
};
/** kubectl reads a status before it patches it, and the operator does not. */
const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: `${installed}-looks` } };
const lookingAtChannels = [
  {
    ...rbac,
    kind: 'ClusterRole',
    rules: [{ apiGroups: ['jtel.de'], resources: ['jtelchannels/status'], verbs: ['get'] }],
  },
  {
    ...rbac,
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: rbac.metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: installed, namespace: installed }],
  },
];
const newSecret = secret('new-credentials', { 'jtel.de/stack': 'new' }, {});

/** Asks the API server as the operator. @returns what kubectl printed, or the refusal */
async function asOperator(command: readonly string[], input?: object): Promise<string> {
  const identity = ['--as', `system:serviceaccount:${installed}:${installed}`, '--dry-run=server'];
  const { stdout, stderr } = await kubectl.tryRun(
    [...command, ...identity],
    input === undefined ? {} : { input: JSON.stringify(input) },
  );
  return `${stdout}${stderr}`;
}

function create(object: object): Promise<string> {
  return asOperator(['create', '-o', 'name', '-f', '-'], object);
}

function patch(what: string, change: object, ...more: readonly string[]): Promise<string> {
  return asOperator([
    'patch',
    what,
    ...more,
    '-n',
    customer,
    '--type',
    'merge',
    '-o',
    'name',
    '-p',
    JSON.stringify(change),
  ]);
}

const backedUp = exampleManifests('full-stack.yaml').find(
  ({ kind }) => kind === 'JtelStack',
) as unknown as JtelStack;
const schedule = cronJob(
  { ...backedUp, metadata: { ...backedUp.metadata, namespace: customer, uid: 'uid-of-stack' } },
  pods,
);

/** The CronJob of a stack with another pod. */
function scheduleWith(change: object, inContainer: object = {}): object {
  const changed = structuredClone(schedule) as unknown as {
    spec: { jobTemplate: { spec: { template: { spec: { containers: object[] } } } } };
  };
  const { spec } = changed.spec.jobTemplate.spec.template;
  const [container] = spec.containers;
  Object.assign(spec, { ...change, containers: [{ ...container, ...inContainer }] });
  return changed;
}

describe('the operator may', () => {
  test('make the credentials of a stack, change and remove them', async () => {
    expect(await create(newSecret)).toContain('secret/new-credentials');
    expect(await patch('secret/acme-credentials', { data: { more: 'bW9yZQ==' } })).toContain(
      'secret/acme-credentials',
    );
    expect(await asOperator(['delete', 'secret', 'acme-credentials', '-n', customer])).toContain('deleted');
  });

  test('make the key that signs backups', async () => {
    expect(await create(signingKey(installed))).toContain('secret/jtel-operator-backup-signing');
  });

  test('hold a Secret of the customer with a finalizer, while a deletion needs it', async () => {
    const held = { metadata: { finalizers: ['example.com/kept', 'jtel.de/needed'] } };
    expect(await patch('secret/of-customer', held)).toContain('secret/of-customer');
  });

  test('make the CronJob of a stack’s backups', async () => {
    expect(await create(schedule ?? {})).toMatch(/^cronjob\.batch\/\S+-backup/);
  });
});

describe('the operator is refused', () => {
  const token = {
    ...secret('', own, {}, 'kubernetes.io/service-account-token'),
    metadata: {
      name: 'new-credentials',
      namespace: customer,
      labels: { 'jtel.de/stack': 'new' },
      annotations: { 'kubernetes.io/service-account.name': 'default' },
    },
  };

  test.for([
    ['the token of another ServiceAccount', token],
    ['a Secret with another name', secret('anything', own, {})],
    ['its signing key in the namespace of a customer', signingKey(customer)],
    ['another Secret with the name of its signing key', secret('jtel-operator-backup-signing', {}, {})],
    ['a Secret without its label', secret('new-credentials', {}, {})],
  ] as const)('%s', async ([, object]) => {
    expect(await create(object)).toContain('the jtel operator writes only Secrets <stack>-credentials');
  });

  /** Kubernetes would delete what names it. */
  const missingOwner = {
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'missing', uid: 'missing' }],
  };

  test.for([
    ['the data of a customer’s Secret', 'of-customer', { data: { password: 'b3RoZXI=' } }],
    ['the owners of a customer’s Secret', 'of-customer', { metadata: missingOwner }],
    [
      'the annotations of a customer’s Secret',
      'of-customer',
      { metadata: { annotations: { 'a.b/c': '1' } } },
    ],
    ['whether a customer’s Secret may change', 'of-customer', { immutable: true }],
    ['a finalizer of others', 'of-customer', { metadata: { finalizers: ['jtel.de/needed'] } }],
    [
      'who holds a customer’s Secret',
      'of-customer',
      { metadata: { finalizers: ['example.com/kept', 'foregroundDeletion'] } },
    ],
    [
      'a Secret with the name of its own',
      'other-credentials',
      { metadata: { labels: { 'jtel.de/stack': 'other' } } },
    ],
  ] as const)('a change of %s', async ([, name, change]) => {
    expect(await patch(`secret/${name}`, change)).toContain('of others it changes its finalizers only');
  });

  test('the removal of a customer’s Secret', async () => {
    expect(await asOperator(['delete', 'secret', 'of-customer', '-n', customer])).toContain(
      'writes only Secrets',
    );
  });

  const hardened = { allowPrivilegeEscalation: false, capabilities: { add: ['SYS_ADMIN'] } };
  const nodeOptions = { name: 'NODE_OPTIONS', value: '--import=data:text/javascript,run()' };
  const hostPath = { volumes: [{ name: 'node', hostPath: { path: '/' } }] };
  test.for([
    ['the disk of a node', scheduleWith(hostPath), onlyAsks],
    ['the processes of a node', scheduleWith({ hostPID: true }), onlyAsks],
    ['the network of a node', scheduleWith({ hostNetwork: true }), onlyAsks],
    ['more rights', scheduleWith({}, { securityContext: hardened }), onlyAsks],
    ['another command', scheduleWith({}, { command: ['sh'] }), onlyAsks],
    [
      'a command after its start',
      scheduleWith({}, { lifecycle: { postStart: { exec: { command: ['sh'] } } } }),
      onlyAsks,
    ],
    ...(['livenessProbe', 'readinessProbe', 'startupProbe'] as const).map(
      (probe) =>
        [
          `a command as its ${probe}`,
          scheduleWith({}, { [probe]: { exec: { command: ['sh'] } } }),
          onlyAsks,
        ] as const,
    ),
    ['options for Node.js', scheduleWith({}, { env: [nodeOptions] }), onlyAsks],
    [
      'options for Node.js from a label',
      scheduleWith(
        {},
        { env: [{ name: nodeOptions.name, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
      ),
      onlyAsks,
    ],
    ['another namespace', scheduleWith({}, { env: [{ name: 'POD_NAMESPACE', value: 'other' }] }), onlyAsks],
    ['other arguments', scheduleWith({}, { args: ['run', 'anything'] }), onlyAsks],
    [
      'a Secret in the environment',
      scheduleWith({}, { envFrom: [{ secretRef: { name: 'of-customer' } }] }),
      onlyAsks,
    ],
    [
      'a container before its own',
      scheduleWith({ initContainers: [{ name: 'more', image: pods.image }] }),
      onlyAsks,
    ],
    ['another image', scheduleWith({}, { image: 'registry.example.com/other:1' }), 'run its own image'],
    ['another ServiceAccount', scheduleWith({ serviceAccountName: 'default' }), 'run its own image'],
  ] as const)('a CronJob with %s', async ([, object, sentence]) => {
    expect(await create(object)).toContain(sentence);
  });

  test('anything in the namespaces of Kubernetes', async () => {
    const there = { ...schedule, metadata: { ...schedule?.metadata, namespace: 'kube-system' } };
    expect(await create(there)).toContain(
      'the jtel operator changes nothing in the namespaces of Kubernetes',
    );
  });

  test('a channel but for its status, which is in no namespace', async () => {
    const spec = { paused: true };
    expect(await patch(`jtelchannel/${customer}`, { spec })).toContain('cannot patch resource');
    const status = { message: 'all is well' };
    expect(await patch(`jtelchannel/${customer}`, { status }, '--subresource=status')).toContain(
      `jtelchannel.jtel.de/${customer}`,
    );
  });

  test('the spec and the owners of a stack; its annotations are free', async () => {
    expect(await patch('jtelstack/acme', { spec: { suspend: true } })).toContain(
      'the jtel operator changes no spec',
    );
    expect(await patch('jtelstack/acme', { metadata: missingOwner })).toContain(
      'the jtel operator does not change the owners of an object',
    );
    expect(await patch('jtelstack/acme', { metadata: { annotations: { 'jtel.de/seen': '1' } } })).toContain(
      'jtelstack.jtel.de/acme',
    );
  });
});
