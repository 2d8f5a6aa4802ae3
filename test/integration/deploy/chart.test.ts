/** charts/jtel-operator with the real Helm against a real API server, and what is rendered from it. */
import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import manifest from '../../../package.json' with { type: 'json' };
import { checkCommand } from '../../../operator/commands/check/command.ts';
import { runCommand } from '../../../operator/commands/run.ts';
import { buildOperator } from '../../../images/images.ts';
import { ensureBaseImage, ensureNodeImage } from '../../../kit/base-image.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { run } from '../../../kit/process.ts';
import { lineProgress, Sandbox } from '../../../sandbox/index.ts';
import { ensureHelm, type Helm } from '../../../sandbox/helm/helm.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { chart, renderManifests } from '../../../scripts/manifests.ts';
import { exampleManifests } from '../crds/objects.ts';
import { PlayedPods } from './played-pods.ts';

const directory = join(repositoryDirectory, chart);
/** PEM of a key that nobody has. */
const publicKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
const releaseKey = `releases.publicKey=${publicKey}`;
const toolbox = `toolbox.image=registry.example.com/jtel/toolbox@sha256:${'a'.repeat(64)}`;
const sandboxName = `${process.env['JTEL_SANDBOX'] || 'test'}-chart`;
let sandbox: Sandbox;
let kubectl: Kubectl;
let helm: Helm;
let work: string;

beforeAll(async () => {
  const progress = lineProgress();
  // A cluster of its own, because CRDs and roles are installed, changed and removed.
  const docker = await ensureDocker(progress);
  await ensureBaseImage(docker, progress);
  await ensureNodeImage(docker, progress);
  await buildOperator(docker, progress);
  [sandbox, helm] = await Promise.all([
    Sandbox.up({ name: sandboxName, only: ['control-plane'], kubeconfig: undefined, progress }),
    ensureHelm(progress),
  ]);
  kubectl = await Kubectl.find(sandbox.kubeconfigPath);
  work = await mkdtemp(join(tmpdir(), 'chart-'));
});
afterAll(async () => {
  await Sandbox.remove(sandboxName);
  await rm(work, { recursive: true });
});

const nameLabel = 'app.kubernetes.io/name';

interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

async function template(folder: string, ...args: readonly string[]): Promise<readonly Manifest[]> {
  const text = await helm(['template', 'jtel-operator', folder, '-n', 'jtel', ...args]);
  return parseAllDocuments(text, { merge: true }).map((document) => document.toJS() as Manifest);
}

describe('the chart', () => {
  test('has no faults, and the version of the package', async () => {
    expect(await helm(['lint', '--strict', directory, '--set', toolbox, '--set', releaseKey])).toContain(
      '0 chart(s) failed',
    );
    const { version, appVersion } = parse(await readFile(join(directory, 'Chart.yaml'), 'utf8')) as Manifest;
    expect([version, appVersion]).toEqual([manifest.version, manifest.version]);
  });

  test('is what deploy/ was rendered from', async () => {
    for (const [path, content] of await renderManifests(helm))
      expect(await readFile(join(repositoryDirectory, path), 'utf8'), `${path}: make manifests`).toBe(
        content,
      );
  });

  test.for([
    [['image.pullPolicy=Sometimes'], '/image/pullPolicy'],
    [['imagePullSecret=x'], "additional properties 'imagePullSecret' not allowed"],
    [['toolbox.image=registry.example.com/jtel/toolbox:latest'], '/toolbox/image'],
    [['replicas=0'], '/replicas'],
    [['scope=Cluster', 'namespaces={a}'], '/namespaces'],
    [[], 'toolbox.image is required'],
    [['releases.publicKey='], 'releases.publicKey is required'],
    [['releases.publicKey=x'], '/releases/publicKey'],
    [['releases.allowUnsigned=true'], 'contradict each other'],
  ] as const)('refuses %s', async ([settings, complaint]) => {
    const pinned = settings.some((setting) => setting.startsWith('toolbox')) || settings.length === 0;
    const flags = [releaseKey, ...(pinned ? [] : [toolbox]), ...settings].flatMap((setting) => [
      '--set',
      setting,
    ]);
    await expect(template(directory, ...flags)).rejects.toThrow(complaint);
  });

  test('gives the operator and its check only arguments that they know, in both scopes', async () => {
    for (const settings of [
      ['scope=Cluster', 'releases.allowUnsigned=true'],
      [
        releaseKey,
        'namespaces={a,b}',
        'backupSchedules.cronJobs=true',
        'audit.enabled=true',
        'web.enabled=true,web.hosts={jtel.example.com},web.proxy.secretName=page',
        'endpoints.clusterRanges={10.96.0.0/12}',
        'endpoints.allowedRanges={10.96.7.7/32,10.96.8.8/32}',
      ],
    ]) {
      const flags = [toolbox, ...settings].flatMap((setting) => ['--set', setting]);
      const made = await template(directory, ...flags);
      const deployment = made.find(({ kind }) => kind === 'Deployment') as unknown as Deployment;
      const check = made.find(({ metadata }) => metadata.name.endsWith('-check')) as unknown as PodTemplate;
      const pods = [deployment.spec.template, check];
      const terminal = { print: () => {}, note: () => {}, signal: new AbortController().signal };
      const given = settings.includes('scope=Cluster') ? () => [] : (...values: string[]) => values;
      for (const [index, command] of [runCommand(terminal), checkCommand(terminal)].entries()) {
        const { args = [] } = pods[index]?.spec.containers[0] ?? {};
        const { unknown, operands } = command.exitOverride().parseOptions(args.slice(1));
        expect([args[0], unknown, operands]).toEqual([command.name(), [], []]);
        expect(command.opts()).toMatchObject({
          namespace: given('a', 'b'),
          clusterRange: given('10.96.0.0/12'),
          allowEndpointRange: given('10.96.7.7/32', '10.96.8.8/32'),
        });
      }
      const policy = made.find(({ kind }) => kind === 'NetworkPolicy');
      const values = pods.map(({ metadata }) => metadata.labels?.[nameLabel]);
      expect(policy?.['spec']).toMatchObject({ podSelector: { matchExpressions: [{ values }] } });
    }
  });

  test('limits the garbage of the page, with options that Node knows, and leaves the image its own', async () => {
    const optionsWith = async (...settings: readonly string[]): Promise<string | undefined> => {
      const flags = [toolbox, releaseKey, ...settings].flatMap((setting) => ['--set', setting]);
      const deployment = (await template(directory, ...flags)).find(({ kind }) => kind === 'Deployment');
      const [container] = (deployment as unknown as Deployment).spec.template.spec.containers;
      const options = container?.env?.filter(({ name }) => name === 'NODE_OPTIONS') ?? [];
      expect(options.length).toBeLessThan(2);
      return options[0]?.value;
    };
    expect(await optionsWith()).toBeUndefined();
    const options = await optionsWith('web.enabled=true');
    const dockerfile = await readFile(join(repositoryDirectory, 'Dockerfile'), 'utf8');
    const own = /NODE_OPTIONS="([^"]+)"/.exec(dockerfile)?.[1];
    expect(options).toBe(`${own} --max-semi-space-size=8`);
    await run([process.execPath, '--version'], { env: { NODE_OPTIONS: options } });
    const others = ['extraEnv[0].name=NODE_OPTIONS', 'extraEnv[0].value=--trace-gc'];
    expect(await optionsWith('web.enabled=true', ...others)).toBe('--trace-gc');
  });

  test('is accepted by the API server with everything switched on', async () => {
    const settings = [
      toolbox,
      releaseKey,
      'namespaces={default,jtel}',
      'imagePullSecrets[0].name=registry',
      'image.digest=sha256:' + 'b'.repeat(64),
      'backupSchedules.cronJobs=true',
      'audit.enabled=true',
      'web.enabled=true',
      'web.hosts={jtel.example.com,localhost:8443}',
      'web.proxy.secretName=page',
      'web.from[0].podSelector.matchLabels.app=ingress',
      'serviceMonitor.enabled=true',
      'prometheusRule.enabled=true',
      'dashboards.enabled=true',
      'extraArgs={--log-level=debug}',
      'extraEnv[0].name=HTTPS_PROXY',
      'extraEnv[0].value=http://proxy.example.com:3128',
      'networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.team=monitoring',
      'networkPolicy.egressPorts={22,443,6443}',
      'serviceAccount.annotations.purpose=operator',
      'podAnnotations.purpose=operator',
      'priorityClassName=system-cluster-critical',
      'nodeSelector.pool=system',
      'tolerations[0].operator=Exists',
    ];
    const made = await template(directory, ...settings.flatMap((one) => ['--set', one]));
    const ofKind = (kind: string): readonly Manifest[] => made.filter((one) => one.kind === kind);
    const monitoring = join(repositoryDirectory, 'deploy/monitoring');
    const rules: unknown = parse(await readFile(join(monitoring, 'alerts.yaml'), 'utf8'), { merge: true });
    expect(ofKind('PrometheusRule')).toMatchObject([{ spec: rules }]);
    const dashboards = await readdir(join(monitoring, 'dashboards'));
    expect(dashboards.length).toBeGreaterThan(3);
    const shown = Object.assign(
      {},
      ...ofKind('ConfigMap')
        .filter(({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1')
        .map(({ data }) => data),
    ) as Record<string, string>;
    expect(Object.keys(shown).toSorted()).toEqual(dashboards.toSorted());
    for (const name of dashboards)
      expect(`${shown[name]}\n`).toBe(await readFile(join(monitoring, 'dashboards', name), 'utf8'));
    expect(ofKind('ServiceMonitor')).toHaveLength(1);
    await kubectl.run(['create', 'namespace', 'jtel']);
    // A pod without one is refused, and a controller makes it a moment later.
    await kubectl.run(['wait', '--for=create', 'serviceaccount/default', '-n', 'jtel', '--timeout=30s']);
    // A dry run makes no account, which the test's pod needs.
    await kubectl.run(['create', 'serviceaccount', 'jtel-operator', '-n', 'jtel']);
    await kubectl.run(['apply', '--dry-run=server', '-f', '-'], {
      // Their kinds belong to the Prometheus operator.
      input: made
        .filter(({ kind }) => kind !== 'PrometheusRule' && kind !== 'ServiceMonitor')
        .map((one) => JSON.stringify(one))
        .join('\n---\n'),
    });
    await kubectl.run(['delete', 'namespace', 'jtel']);
  });
});

interface Container {
  readonly args?: string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface PodTemplate {
  readonly metadata: Pick<Manifest['metadata'], 'labels'>;
  readonly spec: { readonly containers: readonly Container[] };
}

interface Deployment {
  readonly spec: { readonly template: PodTemplate };
}

async function built(folder: string): Promise<readonly Manifest[]> {
  const text = await kubectl.run(['kustomize', folder]);
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

async function scopeOf(folder: string): Promise<unknown> {
  const manifests = await built(folder);
  const deployment = manifests.find(({ kind }) => kind === 'Deployment') as unknown as Deployment;
  const { args = [] } = deployment.spec.template.spec.containers[0] ?? {};
  const wide = manifests.filter(({ kind }) => kind === 'ClusterRoleBinding');
  return {
    watched: args.filter((argument) => argument.startsWith('--namespace')),
    everywhere: wide.map(({ metadata }) => metadata.name).toSorted(),
  };
}

describe('the plain manifests', () => {
  let deploy: string;
  let everywhere: string;

  beforeAll(async () => {
    deploy = join(repositoryDirectory, 'deploy');
    for (const folder of ['crds', 'deploy'])
      await cp(join(repositoryDirectory, folder), join(work, 'everywhere', folder), { recursive: true });
    everywhere = join(work, 'everywhere/deploy');
    const file = join(everywhere, 'kustomization.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('# components: [cluster-wide]', 'components: [cluster-wide]'));
  });

  test('are accepted by the API server, for named namespaces and for all', async () => {
    await kubectl.run(['apply', '-f', join(deploy, 'access/namespace.yaml')]);
    for (const folder of [deploy, everywhere]) {
      const printed = await kubectl.run(['apply', '-k', folder, '--dry-run=server']);
      expect(printed).toContain('deployment.apps/jtel-operator created (server dry run)');
    }
  });

  test('give rights in the operator’s own namespace, and everywhere only if asked to', async () => {
    expect(await scopeOf(deploy)).toEqual({
      watched: ['--namespace=jtel-system'],
      everywhere: ['jtel-operator-cluster-identity'],
    });
    expect(await scopeOf(everywhere)).toEqual({
      watched: [],
      everywhere: ['jtel-operator', 'jtel-operator-channels', 'jtel-operator-cluster-identity'],
    });
  });

  test('open more ports with the patch that kustomization.yaml shows', async () => {
    const file = join(everywhere, 'kustomization.yaml');
    const text = await readFile(file, 'utf8');
    const shown = /^  # - target:\n  #     kind: NetworkPolicy\n(?:  #   .*\n)+/m;
    expect(text).toMatch(shown);
    await writeFile(
      file,
      text.replace(shown, (patch) => patch.replaceAll('  # ', '  ')),
    );
    const policy = (await built(everywhere)).find(({ kind }) => kind === 'NetworkPolicy');
    expect(policy?.['spec']).toMatchObject({
      egress: [
        {
          ports: expect.arrayContaining([
            { port: 2222, protocol: 'TCP' },
            { port: 443, protocol: 'TCP' },
          ]),
        },
      ],
    });
  });

  test('have for one namespace the binding that the chart makes there', async () => {
    const [own] = await built(join(deploy, 'namespace'));
    const ofChart = (await built(join(deploy, 'access'))).find(
      ({ kind, metadata }) => kind === 'RoleBinding' && metadata.name === own?.metadata.name,
    );
    expect(ofChart).toBeDefined();
    expect([own?.['roleRef'], own?.['subjects']]).toEqual([ofChart?.['roleRef'], ofChart?.['subjects']]);
  });
});

interface StackDefinition {
  readonly spec: { readonly versions: readonly { readonly additionalPrinterColumns: object[] }[] };
}

/**
 * The chart as an earlier version may have been: a CRD has one column less, and the pods have another label.
 */
async function versionBefore(): Promise<string> {
  const copy = join(work, 'before');
  await cp(directory, copy, { recursive: true });
  const description = join(copy, 'Chart.yaml');
  const text = await readFile(description, 'utf8');
  await writeFile(description, text.replaceAll(/^(version|appVersion): .*$/gm, '$1: 0.0.9'));
  const path = join(copy, 'files/crds/jtelstack.yaml');
  const crd = parse(await readFile(path, 'utf8')) as StackDefinition;
  crd.spec.versions[0]?.additionalPrinterColumns.shift();
  await writeFile(path, stringify(crd));
  return copy;
}

test(
  'installs, upgrades and uninstalls with --wait; stacks and CRDs stay',
  { timeout: 600_000 },
  async () => {
    const namespace = 'operator';
    const customer = 'customer';
    for (const name of [namespace, customer]) await kubectl.run(['create', 'namespace', name]);
    await kubectl.run(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
    const flags = ['-n', namespace, '--kubeconfig', sandbox.kubeconfigPath, '--wait', '--timeout', '60s'];
    const settings = ['--set', toolbox, '--set', releaseKey, '--set', `namespaces={${customer}}`];
    const columns = async (): Promise<number | undefined> =>
      (await kubectl.json<StackDefinition>(['get', 'crd', 'jtelstacks.jtel.de'])).spec.versions[0]
        ?.additionalPrinterColumns.length;
    const stackUID = async (): Promise<string | undefined> =>
      (await kubectl.json<Manifest>(['get', 'jtelstack', 'acme', '-n', customer])).metadata.uid;

    const pods = await PlayedPods.start(sandbox, namespace);
    try {
      const notes = await helm(['install', 'jtel', await versionBefore(), ...flags, ...settings]);
      expect(notes).toContain(`jtel-jtel-operator 0.0.9 looks after stacks in ${customer}`);
      const columnsBefore = await columns();
      const tests = ['test', 'jtel', '-n', namespace, '--kubeconfig', sandbox.kubeconfigPath];
      await helm([...tests, '--timeout', '120s']);
      const said = pods.printed.get('jtel-jtel-operator-check');
      expect(said).toMatch(/^ +ok +operator-rights \(namespace customer\):/m);
      expect(said).toMatch(/^ +ok +operator:/m);

      const stack = exampleManifests('minimal-stack.yaml').find(({ kind }) => kind === 'JtelStack');
      await kubectl.apply([{ ...stack, metadata: { name: 'acme', namespace: customer } }]);
      const uid = await stackUID();
      // It watches that namespace with the rights that the chart granted there.
      await kubectl.run([
        'wait',
        'jtelstack/acme',
        '-n',
        customer,
        '--for=jsonpath={.status.conditions}',
        '--timeout=60s',
      ]);

      await helm(['upgrade', 'jtel', directory, ...flags, ...settings]);
      expect(await columns()).toBe((columnsBefore ?? 0) + 1);
      expect(await stackUID()).toBe(uid);

      // Whatever the operator lacks, the test names.
      await kubectl.run(['delete', 'rolebinding', '--all', '-n', customer]);
      await expect(helm([...tests, '--timeout', '120s'])).rejects.toThrow('jtel-jtel-operator-check');
      expect(pods.printed.get('jtel-jtel-operator-check')).toMatch(
        /^ +failed +operator-rights \(namespace customer\):/m,
      );
      // Helm leaves a test that failed, for its log.
      await kubectl.run(['delete', 'pod', 'jtel-jtel-operator-check', '-n', namespace]);

      await helm(['uninstall', 'jtel', ...flags]);
      expect(await kubectl.run(['get', 'all,networkpolicy,pdb,role', '-n', namespace, '-o', 'name'])).toBe(
        '',
      );
      expect(await stackUID()).toBe(uid);

      await helm(['install', 'jtel', directory, ...flags, ...settings]);
      expect(await stackUID()).toBe(uid);
    } finally {
      await pods.stop();
    }
  },
);
