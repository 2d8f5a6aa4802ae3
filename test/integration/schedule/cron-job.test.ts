/**
 * The CronJob of a stack, run by a real kube-controller-manager. There is no kubelet here, so the test plays
 * it: it takes the pod as the controller made it, resolves what its environment refers to, and runs its
 * command for real, as its ServiceAccount.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cronJob, ScheduleReconciler } from '../../../controllers/schedule/index.ts';
import { Schedule } from '../../../controllers/times/schedule-times.ts';
import { backupKind, operatorName, stackKind, type JtelBackup, type JtelStack } from '../../../crds/index.ts';
import { cronJobs, silentLogger } from '../../../runtime/index.ts';
import { lineProgress, Sandbox } from '../../../sandbox/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { installAccess } from '../../../sandbox/installation/operator.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { tryRun, type RunResult } from '../../../kit/process.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { rightsGranted } from '../../support/rights.ts';
import { waitFor } from '../../support/wait.ts';
import { exampleManifests } from '../crds/objects.ts';

const serviceAccount = 'jtel-backup';
const image = 'registry.example/jtel/jtel-operator:0.1.0';
const everyMinute = '* * * * *';
let cluster: TestCluster;
let sandbox: Sandbox;
let kubectl: Kubectl;

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly containers: readonly {
      readonly image: string;
      readonly args: readonly string[];
      readonly env: readonly {
        readonly name: string;
        readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } };
      }[];
    }[];
  };
}

beforeAll(async () => {
  sandbox = await Sandbox.up({
    name: process.env['JTEL_SANDBOX'] || 'test',
    only: ['control-plane'],
    progress: lineProgress(),
  });
  await installAccess(sandbox);
  cluster = await openCluster('schedule');
  kubectl = await Kubectl.find(cluster.kubeconfig);
  // As a user grants it in each namespace with stacks.
  const access = parseAllDocuments(
    await readFile(join(repositoryDirectory, 'examples/backup/1-access.yaml'), 'utf8'),
  ).map(
    (document) => document.toJS() as { metadata: { namespace?: string }; subjects?: { namespace: string }[] },
  );
  await kubectl.apply(
    access.map((object) => ({
      ...object,
      metadata: { ...object.metadata, namespace: cluster.namespace },
      ...(object.subjects === undefined
        ? {}
        : { subjects: object.subjects.map((one) => ({ ...one, namespace: cluster.namespace })) }),
    })),
  );
});
afterAll(() => cluster?.close());

async function aStack(schedule: string): Promise<JtelStack> {
  const example = exampleManifests('minimal-stack.yaml').find(({ kind }) => kind === 'JtelStack');
  const spec = {
    ...(example?.['spec'] as object),
    backup: { storeRef: { name: 'backups' }, schedule, timeZone: 'Europe/Berlin', verify: 'Restore' },
  };
  const manifest = {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelStack',
    metadata: { namespace: cluster.namespace, name: 'acme' },
    spec,
  };
  return await cluster.client.apply(stackKind, manifest as object as JtelStack, call());
}

async function look(stack: JtelStack): Promise<void> {
  const reconciler = new ScheduleReconciler({
    cluster: cluster.client,
    pods: { image, serviceAccount },
    namespaces: [cluster.namespace],
    backupsOf: () => [],
    restoresOf: () => [],
    clock: () => new Date(),
    random: () => 0.5,
  });
  await reconciler.reconcile(
    { namespace: cluster.namespace, name: stack.metadata.name },
    { ...call(), logger: silentLogger },
  );
}

async function pods(): Promise<readonly Pod[]> {
  return (
    await kubectl.json<{ items: Pod[] }>([
      'get',
      'pods',
      '-n',
      cluster.namespace,
      '-l',
      'app.kubernetes.io/name=jtel-backup-schedule',
    ])
  ).items;
}

/**
 * Does what a kubelet does: puts fields of the pod into its environment and `$(NAME)` into its arguments,
 * then runs the image's program.
 */
async function play(pod: Pod): Promise<RunResult> {
  const [container] = pod.spec.containers;
  if (container === undefined) throw new Error('the pod has no container');
  const env = Object.fromEntries(
    container.env.map(({ name, valueFrom }) => {
      const label = /^metadata\.labels\['(.+)'\]$/.exec(valueFrom.fieldRef.fieldPath)?.[1];
      return [name, label === undefined ? pod.metadata.namespace : (pod.metadata.labels[label] ?? '')];
    }),
  );
  const args = container.args.map((arg) =>
    arg.replaceAll(/\$\((\w+)\)/g, (_, name: string) => env[name] ?? ''),
  );
  const kubeconfig = await kubeconfigOf(pod.spec.serviceAccountName);
  return await tryRun([process.execPath, join(repositoryDirectory, 'operator/bin/jtel-operator'), ...args], {
    env: { ...env, KUBECONFIG: kubeconfig, PATH: process.env['PATH'] ?? '' },
  });
}

async function kubeconfigOf(account: string): Promise<string> {
  const token = (await kubectl.run(['create', 'token', account, '-n', cluster.namespace])).trim();
  const config = parse(await readFile(cluster.kubeconfig, 'utf8')) as {
    users: { name: string; user: object }[];
  };
  const path = join(sandbox.directory, `${cluster.namespace}-pod.kubeconfig`);
  await writeFile(
    path,
    stringify({ ...config, users: config.users.map(({ name }) => ({ name, user: { token } })) }),
    { mode: 0o600 },
  );
  return path;
}

function backups(): Promise<readonly JtelBackup[]> {
  return cluster.client.list(backupKind, { namespace: cluster.namespace }, call());
}

test(
  'a schedule fires, and its pod asks for the backup of that minute, once however often it runs',
  { timeout: 240_000 },
  async () => {
    const stack = await aStack(everyMinute);
    await look(stack);
    const made = await cluster.client.get(
      cronJobs,
      { namespace: cluster.namespace, name: 'acme-backup' },
      call(),
    );
    expect(made.spec?.timeZone).toBe('Europe/Berlin');
    const pod = await waitFor('the CronJob to fire', async () => (await pods())[0], {
      timeoutSeconds: 150,
      intervalMilliseconds: 1000,
    });
    await cluster.client.delete(
      cronJobs,
      { namespace: cluster.namespace, name: 'acme-backup' },
      { propagationPolicy: 'Orphan' },
      call(),
    );
    expect(pod.spec.containers[0]?.image).toBe(image);

    const minute = Number(/-(\d+)$/.exec(pod.metadata.labels['batch.kubernetes.io/job-name'] ?? '')?.[1]);
    const slot = new Schedule(everyMinute, 'Europe/Berlin').nearest(new Date(minute * 60_000));
    const first = await play(pod);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(`acme-${slot?.name} created`) });
    const second = await play(pod);
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('exists already') });
    const found = await backups();
    expect(
      found.map(({ metadata, spec }) => [metadata.name, spec.trigger, spec.verify, spec.stackRef.name]),
    ).toEqual([[`acme-${slot?.name}`, 'Scheduled', 'Restore', 'acme']]);
  },
);

test('the pods have used every right that their role gives', async () => {
  const user = `system:serviceaccount:${cluster.namespace}:${serviceAccount}`;
  const used = await sandbox.controlPlane.rightsUsed(user, operatorName);
  expect([...used]).toEqual([...(await rightsGranted('backup-schedule.yaml'))]);
});

test('the pod’s ServiceAccount can ask for backups, and nothing else', async () => {
  const kubeconfig = await kubeconfigOf(serviceAccount);
  const may = async (verb: string, resource: string): Promise<string> =>
    (
      await kubectl.tryRun([
        'auth',
        'can-i',
        verb,
        resource,
        '-n',
        cluster.namespace,
        '--kubeconfig',
        kubeconfig,
      ])
    ).stdout.trim();
  expect(await may('create', 'jtelbackups.jtel.de')).toBe('yes');
  for (const [verb, resource] of [
    ['get', 'secrets'],
    ['delete', 'jtelbackups.jtel.de'],
    ['get', 'jtelstacks.jtel.de'],
    ['create', 'jtelrestores.jtel.de'],
    ['create', 'pods'],
  ] as const) {
    expect(await may(verb, resource), `${verb} ${resource}`).toBe('no');
  }
});

test('the API server accepts the CronJob without a remark, and restricted Pod Security its pods', async () => {
  const stack = await aStack('0 2 * * *');
  const wanted = cronJob(stack, { image, serviceAccount });
  const answer = await kubectl.tryRun(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], {
    input: JSON.stringify(wanted),
  });
  expect(answer).toMatchObject({ code: 0, stderr: '' });
  if (wanted?.spec === undefined) throw new Error('no CronJob');
  const { template } = (wanted.spec.jobTemplate as { spec: { template: { spec: object } } }).spec;
  await kubectl.run([
    'label',
    'namespace',
    cluster.namespace,
    'pod-security.kubernetes.io/enforce=restricted',
  ]);
  const pod = await kubectl.tryRun(['apply', '--dry-run=server', '-f', '-'], {
    input: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'try', namespace: cluster.namespace },
      spec: template.spec,
    }),
  });
  expect(pod).toMatchObject({ code: 0 });
});
