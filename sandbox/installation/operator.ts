/**
 * The operator in a sandbox, with exactly the rights of `deploy/access`: as the container of its image, or as
 * a process of this machine that a test can kill.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { operatorImage } from '../../images/images.ts';
import { baseImage, type Sandbox } from '../index.ts';
import { sandboxLabels } from '../context.ts';
import { repositoryDirectory } from '../../kit/paths.ts';
import { poll } from '../../kit/poll.ts';
import { Kubectl } from './kubectl.ts';

export const operatorNamespace = 'jtel-system';
const serviceAccount = 'jtel-operator';
/** The user of the operator's image. */
const operatorUID = 65532;

interface Kubeconfig {
  users: { name: string; user: Record<string, string> }[];
  contexts: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
}

/**
 * Installs the CRDs, `deploy/access`, and the operator's role in all namespaces, and waits until the API serves the kinds.
 * @param checkout the state of the repository that they are taken from
 */
export async function installAccess(sandbox: Sandbox, checkout = repositoryDirectory): Promise<void> {
  const kubectl = await Kubectl.find(sandbox.kubeconfigPath);
  await kubectl.run(['apply', '--server-side', '-k', join(checkout, 'crds')]);
  await kubectl.run(['wait', '--for=condition=Established', '--timeout=180s', 'crd', '--all'], {
    timeoutSeconds: 190,
  });
  await kubectl.run(['apply', '--server-side', '-k', join(checkout, 'deploy/access')]);
  // 0.1.0 had it in deploy/access.
  const everywhere = join(checkout, 'deploy/cluster-wide/access.yaml');
  if (existsSync(everywhere)) await kubectl.run(['apply', '--server-side', '-f', everywhere]);
}

/** A kubeconfig for the operator's ServiceAccount only. */
export async function operatorKubeconfig(sandbox: Sandbox, from: 'machine' | 'network'): Promise<string> {
  const admin = from === 'machine' ? sandbox.kubeconfigPath : sandbox.inClusterKubeconfigPath;
  const kubectl = await Kubectl.find(sandbox.kubeconfigPath);
  const token = (
    await kubectl.run(['create', 'token', serviceAccount, '-n', operatorNamespace, '--duration', '24h'])
  ).trim();
  const config = parse(await readFile(admin, 'utf8')) as Kubeconfig;
  config.users = config.users.map(({ name }) => ({ name, user: { token } }));
  config.contexts = config.contexts.map(({ name, context }) => ({
    name,
    context: { ...context, namespace: operatorNamespace },
  }));
  const path = join(sandbox.directory, `operator-${from}.kubeconfig`);
  // Renamed into place, because another operator may be reading it.
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, stringify(config), { mode: 0o600 });
  await rename(temporary, path);
  return path;
}

export interface OperatorOptions {
  readonly toolbox: string;
  /** Distinguishes operators of one sandbox; their logs are `operator-<name>.log`. */
  readonly name?: string;
  /** Further arguments of `jtel-operator run`. */
  readonly args?: readonly string[];
  /** PEM of the key that releases are signed with. Default: that of the sandbox's own vendor. */
  readonly releaseKeyFile?: string;
}

export interface OperatorProcessOptions extends OperatorOptions {
  /** The state of the repository that it is started from. Default: this one. */
  readonly checkout?: string;
}

/** A running operator; its output goes to a file. */
export interface RunningOperator {
  readonly log: () => Promise<string>;
  /** As `kubectl delete pod` would: SIGTERM, and wait. */
  stop(): Promise<void>;
  /** As a power failure would. */
  kill(): Promise<void>;
}

function runArguments(
  kubeconfig: string,
  releaseKeyFile: string,
  { toolbox, args = [], checkout }: OperatorProcessOptions,
): string[] {
  const lease = args.includes('--lease-namespace') ? [] : ['--lease-namespace', operatorNamespace];
  const trust = ['--toolbox-image', toolbox, '--release-key-file', releaseKeyFile];
  // The sandbox's store has no TLS. Version 0.1.0 allowed that without being asked.
  const stores = checkout === undefined ? ['--allow-http-stores'] : [];
  return ['run', '--kubeconfig', kubeconfig, ...lease, ...trust, ...stores, ...args];
}

/** `node operator/bin/jtel-operator run …` on this machine. */
export async function startOperatorProcess(
  sandbox: Sandbox,
  options: OperatorProcessOptions,
): Promise<RunningOperator & { readonly process: ChildProcess; readonly logFile: string }> {
  const kubeconfig = await operatorKubeconfig(sandbox, 'machine');
  const logFile = join(sandbox.directory, `operator-${options.name ?? 'process'}.log`);
  const output = await open(logFile, 'a', 0o600);
  const args = [
    join(options.checkout ?? repositoryDirectory, 'operator/bin/jtel-operator'),
    ...runArguments(kubeconfig, options.releaseKeyFile ?? sandbox.releaseKeyFiles.public, options),
    '--health-port',
    '0',
    '--log-format',
    'json',
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', output.fd, output.fd] });
  const ended = once(child, 'close');
  await once(child, 'spawn');
  await output.close();
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(name);
    await ended;
  };
  return {
    process: child,
    logFile,
    log: () => readFile(logFile, 'utf8'),
    stop: () => signal('SIGTERM'),
    kill: () => signal('SIGKILL'),
  };
}

/** The operator's container in the sandbox's network; replaces a running one. */
export async function startOperatorContainer(
  sandbox: Sandbox,
  options: OperatorOptions,
): Promise<RunningOperator & { readonly container: string; readonly address: string }> {
  const { docker, name, network } = sandbox;
  const container = `jtel-sandbox-${name}-operator${options.name === undefined ? '' : `-${options.name}`}`;
  const volume = container;
  const mounted = '/run/operator/kubeconfig';
  const mountedKey = '/run/operator/release-key.pem';
  await docker.remove(container);
  await docker.run(['volume', 'create', ...sandboxLabels(name, 'volume'), volume]);
  // Only the operator's own user may read its token, so it gets it in a volume, not from a file of this
  // machine.
  const receive = `umask 077 && cat > ${mounted} && printf %s "$RELEASE_KEY" > ${mountedKey} && chown -R ${operatorUID} /run/operator`;
  const releaseKey = await readFile(options.releaseKeyFile ?? sandbox.releaseKeyFiles.public, 'utf8');
  const receiver = [
    'run',
    '--rm',
    '-i',
    '--network',
    'none',
    ...sandboxLabels(name, 'operator'),
    '--mount',
    `type=volume,src=${volume},dst=/run/operator`,
    '--env',
    `RELEASE_KEY=${releaseKey}`,
  ];
  await docker.run([...receiver, baseImage, 'sh', '-c', receive], {
    input: await readFile(await operatorKubeconfig(sandbox, 'network')),
  });
  await docker.run([
    'create',
    '--name',
    container,
    '--network',
    // An existing cluster may be reachable only from this machine, as kind's is, at 127.0.0.1.
    sandbox.usesExistingCluster ? 'host' : network,
    ...sandboxLabels(name, 'operator'),
    // As restricted as deploy/operator.yaml asks the kubelet to be.
    '--read-only',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
    '--memory',
    '384m',
    '--mount',
    `type=volume,src=${volume},dst=/run/operator,readonly`,
    operatorImage,
    ...runArguments(mounted, mountedKey, options),
    // On the machine's own network, the usual port may be taken.
    ...(sandbox.usesExistingCluster ? ['--health-port', '0'] : []),
    '--log-format',
    'json',
  ]);
  await docker.run(['start', container]);
  await poll('the operator to be ready', 180, async () => {
    const state = await docker.container(container);
    if (state?.State.Running !== true)
      throw new Error(`the operator ended:\n${await logs(sandbox, container)}`);
    return (await logs(sandbox, container)).includes('operator started');
  });
  const started = await docker.container(container);
  return {
    container,
    address: started?.NetworkSettings.Networks[network]?.IPAddress ?? '',
    log: () => logs(sandbox, container),
    stop: async () => {
      await docker.run(['stop', '-t', '30', container]);
    },
    kill: async () => {
      await docker.run(['kill', container]);
    },
  };
}

async function logs(sandbox: Sandbox, container: string): Promise<string> {
  const { stdout, stderr } = await sandbox.docker.tryRun(['logs', container]);
  return `${stdout}${stderr}`;
}
