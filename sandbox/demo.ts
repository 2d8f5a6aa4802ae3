/**
 * `make demo`: a stack from nothing to Ready on a real compose host, shown as it happens. The demo leaves
 * everything running for you to try; `make sandbox-down` removes it.
 */
import { request } from 'node:https';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import picocolors from 'picocolors';
import { stackKind, type JtelStack } from '../crds/index.ts';
import { buildOperator } from '../images/images.ts';
import { installedPlugin, installPlugin } from '../images/plugin.ts';
import { ensureDocker } from '../kit/docker-daemon.ts';
import { lineProgress, Sandbox, type Progress, type SandboxHost } from './index.ts';
import { ensureKubernetes } from './kubernetes/kubernetes.ts';
import { Kubectl } from './installation/kubectl.ts';
import { installAccess, startOperatorContainer } from './installation/operator.ts';
import { example } from './installation/examples.ts';
import { publishProduct } from './installation/releases.ts';
import { writePrivate } from './secrets.ts';
import { shortPath } from './status.ts';

const namespace = 'demo';
const stack = 'acme';
const readyTimeoutSeconds = 900;

async function demo(name: string): Promise<void> {
  const start = performance.now();
  const progress = lineProgress();
  const hosts = [{ name: 'host-1' }];
  // The first time on a machine, Kubernetes may have to be built, which takes minutes. All that needs no
  // cluster goes on beside it.
  const existing = process.env['JTEL_SANDBOX_KUBECONFIG'];
  const kubernetes = existing ? undefined : ensureKubernetes(() => ensureDocker(progress), progress);
  kubernetes?.catch(() => {}); // awaited below
  const early = await Sandbox.up({ name, hosts, only: ['hosts', 'registry', 'blob'], progress });
  const { toolbox } = await publishProduct(early, progress);
  await buildOperator(early.docker, progress);
  await progress.step('plug-in kubectl jtel', () => installPlugin());
  await kubernetes;
  const sandbox = await Sandbox.up({ name, hosts, only: ['control-plane'], progress });
  await progress.step('CRDs and access rights', () => installAccess(sandbox));
  await progress.step('operator, from its image', () => startOperatorContainer(sandbox, { toolbox }));
  const kubectl = await Kubectl.find(sandbox.kubeconfigPath);
  const host = sandbox.host('host-1');
  const manifests = await example('quickstart', sandbox, { host });
  await progress.step(`kubectl apply -f examples/quickstart/ (values filled in for ${host.name})`, () =>
    kubectl.apply(manifests),
  );
  const network = manifests.find(({ kind }) => kind === stackKind.kind)?.spec?.['network'] as
    | { fqdn?: string }
    | undefined;
  const fqdn = network?.fqdn ?? 'acme.jtel.example';
  const seconds = await progress.step(`stack ${namespace}/${stack} from nothing to Ready`, () =>
    followUntilReady(kubectl, progress),
  );
  const page = await progress.step(`https://${fqdn}/`, () => fetchPage(host, fqdn));
  await show(kubectl, page);
  progress.info(
    `stack Ready ${seconds.toFixed(0)} s after the apply; the whole demo took ${((performance.now() - start) / 1000).toFixed(0)} s`,
  );
  const { size: containers } = new Set((await containersOf(sandbox, host)).split('\n').filter(Boolean));
  const what = [`stack ${namespace}/${stack}: ${containers} containers`, `https://${fqdn}/`];
  say(await picture(sandbox, kubectl, host, what));
  say(await nextSteps(sandbox, kubectl, host, fqdn));
}

/** Prints each new sentence of the status until Ready; returns the seconds it took. */
async function followUntilReady(kubectl: Kubectl, progress: Progress): Promise<number> {
  const start = performance.now();
  const deadline = start + readyTimeoutSeconds * 1000;
  let told = '';
  for (;;) {
    const { status } = await kubectl.json<JtelStack>(['get', 'jtelstack', stack, '-n', namespace]);
    const sentence =
      `${(status?.phase ?? 'Pending').padEnd(10)} ${status?.componentsReady?.padEnd(4) ?? ''} ${status?.message ?? ''}`.trimEnd();
    if (sentence !== told) progress.info(`  ${sentence}`);
    told = sentence;
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') return (performance.now() - start) / 1000;
    if (performance.now() > deadline)
      throw new Error(
        `the stack was not Ready after ${readyTimeoutSeconds} s: ${ready?.reason} ${ready?.message}`,
      );
    // kubectl wait would be enough, but this also shows the steps.
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The stack's own answer, by its address but under its name, as a browser with the right DNS would ask. */
async function fetchPage(host: SandboxHost, fqdn: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    // Self-signed in the sandbox, so it is not verified.
    const options = {
      host: host.address,
      port: 443,
      path: '/api/info',
      servername: fqdn,
      headers: { host: fqdn },
      rejectUnauthorized: false,
      timeout: 10_000,
    };
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(body)
          : reject(new Error(`the web page answered ${response.statusCode}: ${body}`)),
      );
    })
      .on('error', reject)
      .end();
  });
}

async function show(kubectl: Kubectl, page: string): Promise<void> {
  const commands = [
    ['get', 'jtelstacks', '-n', namespace],
    ['events', '-n', namespace, '--for', `jtelstack/${stack}`],
  ];
  for (const args of commands)
    say(`\n${picocolors.bold(`$ kubectl ${args.join(' ')}`)}\n${await kubectl.run(args)}`);
  for (const args of [
    ['status', stack],
    ['history', stack],
  ]) {
    const whole = [...args, '-n', namespace];
    say(`\n${picocolors.bold(`$ kubectl jtel ${whole.join(' ')}`)}\n${await kubectl.jtel(whole)}`);
  }
  say(`${picocolors.bold(`$ curl -k https://…/api/info`)}\n${page.trim()}\n`);
}

async function containersOf(sandbox: Sandbox, host: SandboxHost): Promise<string> {
  return await sandbox.docker.exec(host.container, ['docker', 'ps', '-q']);
}

/** What runs now, and where. */
async function picture(
  sandbox: Sandbox,
  kubectl: Kubectl,
  host: SandboxHost,
  what: readonly string[],
): Promise<string> {
  const server = await kubectl.run([
    'config',
    'view',
    '--minify',
    '-o',
    'jsonpath={.clusters[0].cluster.server}',
  ]);
  const yours = sandbox.usesExistingCluster ? ' (your cluster)' : '';
  return [
    picocolors.bold('What runs now:'),
    '',
    `  you ── kubectl ──▶ Kubernetes API   ${server}${yours}`,
    '                       ▲  watches, writes the status',
    `                     operator         container jtel-sandbox-${sandbox.name}-operator`,
    '                       │  SSH, only to the pinned host key',
    '                       ▼',
    `                     ${host.name.padEnd(16)} ${host.user}@${host.address}`,
    ...what.map((line) => `                       │  ${line}`),
    '                       │',
    `                       ├─ images from the registry   ${sandbox.registry.url}`,
    '                       └─ releases and backups in blob storage',
    `                          ${sandbox.blob.vendor.endpoint}`,
    '',
  ].join('\n');
}

/** Lines to copy. Long paths are in files, so that each fits a terminal. */
async function nextSteps(
  sandbox: Sandbox,
  kubectl: Kubectl,
  host: SandboxHost,
  fqdn: string,
): Promise<string> {
  const environment = join(sandbox.directory, 'env');
  const path = [kubectl.binary.replace(/\/?kubectl$/, ''), installedPlugin]
    .filter(Boolean)
    .map(quoted)
    .join(':');
  await writePrivate(
    environment,
    `export KUBECONFIG=${quoted(sandbox.kubeconfigPath)} PATH=${path}:"$PATH"\n`,
  );
  return [
    picocolors.bold('It runs on. Play with it:'),
    `  . ${shortPath(environment)}      # sets KUBECONFIG and PATH`,
    `  kubectl get jtelstacks -A -w`,
    `  kubectl jtel status ${stack} -n ${namespace} -w     # as it happens; Ctrl-C ends it`,
    `  kubectl jtel logs ${stack} acd-web -n ${namespace} -f`,
    `  kubectl jtel exec ${stack} acd-dbm -n ${namespace} -it -- bash`,
    `  curl -k --resolve ${fqdn}:443:${host.address} https://${fqdn}/`,
    `  ssh -F ${shortPath(sandbox.ssh.config)} ${host.name} docker ps`,
    `  docker exec ${host.container} docker kill <container>`,
    `  docker logs -f jtel-sandbox-${sandbox.name}-operator`,
    `  make sandbox-down     # removes all of it`,
    `docs/start.md goes on from here: break something, change something.`,
    '',
  ].join('\n');
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { name: { type: 'string', default: 'demo' } } });
  try {
    await demo(values.name);
  } catch (error) {
    say(picocolors.red(error instanceof Error ? error.message : String(error)));
    say(
      'Everything stays as it is for you to look at; `make demo` continues from here, `make sandbox-down` removes it.',
    );
    process.exitCode = 1;
  }
}
