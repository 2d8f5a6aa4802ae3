/**
 * The sandbox: everything that the operator meets in the real world, on one machine: a Kubernetes API,
 * compose hosts, a registry, blob storage. The demo, the tests and the benchmarks use it.
 *
 * @example
 *   const sandbox = await Sandbox.up({ name: 'demo', hosts: [{ name: 'host-1' }], progress: lineProgress() });
 *   sandbox.host('host-1').address;
 *   await sandbox.down();
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobStorage } from './blob.ts';
import { bringUp, sandboxParts } from './bring-up.ts';
import type { SandboxPart } from './bring-up.ts';
import type { SandboxContext } from './context.ts';
import { ControlPlane } from './control-plane/control-plane.ts';
import { kubeconfigPaths } from './control-plane/pki.ts';
import { chooseCluster, chosenCluster } from './existing-cluster.ts';
import { HostFaults } from './host/faults.ts';
import { describeHost, hostRole } from './host/host.ts';
import type { HostSpec, SandboxHost } from './host/host.ts';
import { findNetwork, networkName } from './network.ts';
import { Registry } from './registry.ts';
import { sshConfig, sshFiles, type SSHFiles } from './host/ssh-config.ts';
import { readSecrets, secretFiles, writePrivate } from './secrets.ts';
import type { SandboxSecrets } from './secrets.ts';
import { ensureDocker, reachableDocker } from '../kit/docker-daemon.ts';
import { roleLabel, sandboxLabel } from '../kit/docker.ts';
import type { Docker } from '../kit/docker.ts';
import { buildImage } from '../kit/image.ts';
import type { BuiltImage, ImageBuild } from '../kit/image.ts';
import { withLock } from '../kit/lock.ts';
import { lockFile, makePrivateDirectory, stateDirectory } from '../kit/paths.ts';
import { silentProgress } from '../kit/progress.ts';
import type { Progress } from '../kit/progress.ts';

export { sandboxParts } from './bring-up.ts';
export type { SandboxPart } from './bring-up.ts';
export { baseImage } from '../kit/base-image.ts';
export { lineProgress, silentProgress } from '../kit/progress.ts';
export type { Progress } from '../kit/progress.ts';
export type { BuiltImage, ImageBuild } from '../kit/image.ts';
export type { HostSpec, SandboxHost } from './host/host.ts';
export type { BlobAccess } from './blob.ts';
export type { PushedImage } from './registry.ts';

export interface SandboxOptions {
  /** Default: `default`. Several sandboxes can run side by side. */
  readonly name?: string;
  readonly hosts?: readonly HostSpec[];
  /** Brings up only these parts and leaves the others as they are. Default: all. */
  readonly only?: readonly SandboxPart[];
  /**
   * An existing cluster to use instead of the sandbox's own control plane. Default:
   * `JTEL_SANDBOX_KUBECONFIG`.
   */
  readonly kubeconfig?: string | undefined;
  readonly progress?: Progress;
}

export class Sandbox {
  readonly name: string;
  /** Name of the Docker network. */
  readonly network: string;
  /** Keys, certificates and kubeconfigs; 0700. */
  readonly directory: string;
  readonly docker: Docker;
  readonly registry: Registry;
  readonly controlPlane: ControlPlane;
  readonly blob: BlobStorage;
  /** It was not made by the sandbox, and `down` leaves it alone. */
  readonly usesExistingCluster: boolean;
  /** By name; as they were at `up`, `attach` or `refresh`. */
  hosts: Readonly<Record<string, SandboxHost>> = {};
  /** For people: `ssh -F` with this configuration reaches each host by its name. */
  readonly ssh: SSHFiles;
  /** Works from the machine. */
  readonly kubeconfigPath: string;
  /** Works in containers of the sandbox's network. */
  readonly inClusterKubeconfigPath: string;
  readonly #context: SandboxContext;
  readonly #secrets: SandboxSecrets;

  private constructor(context: SandboxContext, secrets: SandboxSecrets, kubeconfig: string | undefined) {
    const paths = kubeconfigPaths(context.directory);
    this.name = context.name;
    this.network = context.network.name;
    this.directory = context.directory;
    this.docker = context.docker;
    this.registry = new Registry(context, secrets);
    this.controlPlane = new ControlPlane(context);
    this.blob = new BlobStorage(context, secrets);
    this.usesExistingCluster = kubeconfig !== undefined;
    this.ssh = sshFiles(context.directory);
    this.kubeconfigPath = kubeconfig ?? paths.admin;
    this.inClusterKubeconfigPath = kubeconfig ?? paths.adminInNetwork;
    this.#context = context;
    this.#secrets = secrets;
  }

  /** Brings a sandbox up, or completes an existing one. It adopts what runs already. */
  static async up(options: SandboxOptions = {}): Promise<Sandbox> {
    const {
      name = 'default',
      hosts = [{ name: 'host-1' }],
      only = sandboxParts,
      progress = silentProgress,
    } = options;
    const wanted =
      'kubeconfig' in options ? options.kubeconfig : process.env['JTEL_SANDBOX_KUBECONFIG'] || undefined;
    const parts = new Set(only);
    await makePrivateDirectory(stateDirectory(name));
    const choose = wanted !== undefined || parts.has('control-plane');
    const kubeconfig = await (choose
      ? chooseCluster(stateDirectory(name), wanted)
      : chosenCluster(stateDirectory(name)));
    if (kubeconfig !== undefined) parts.delete('control-plane');
    const docker = await ensureDocker(progress);
    const { context, secrets } = await withLock(sandboxLock(name), () =>
      bringUp({ name, hosts, parts, docker, progress }),
    );
    const sandbox = new Sandbox(context, secrets, kubeconfig);
    await sandbox.refresh();
    return sandbox;
  }

  /** Connects to a sandbox that is up; starts nothing. */
  static async attach(name = 'default'): Promise<Sandbox> {
    const directory = stateDirectory(name);
    const docker = await reachableDocker();
    const secrets = await readSecrets(directory);
    const network = docker && (await findNetwork(docker, name));
    if (!docker || !secrets || !network) {
      throw new Error(
        `There is no sandbox "${name}" here: bring it up with \`make sandbox-up SANDBOX=${name}\`.`,
      );
    }
    const context: SandboxContext = { name, docker, directory, network, progress: silentProgress };
    const sandbox = new Sandbox(context, secrets, await chosenCluster(directory));
    await sandbox.refresh();
    return sandbox;
  }

  /** Removes a sandbox: containers, volumes, network and keys of that name, nothing else. */
  static async remove(name: string, progress: Progress = silentProgress): Promise<void> {
    const directory = stateDirectory(name);
    const docker = await reachableDocker();
    await progress.step(`sandbox ${name} down`, async (note) => {
      const removed = await withLock(sandboxLock(name), async () => {
        const count = docker ? await removeObjects(docker, name) : 0;
        await rm(directory, { recursive: true, force: true });
        return count;
      });
      note(removed > 0 ? `${removed} containers removed` : 'was not up');
    });
  }

  async down(progress: Progress = this.#context.progress): Promise<void> {
    await Sandbox.remove(this.name, progress);
  }

  /** PEM files of the vendor's key pair: releases are signed with the first and checked with the second. */
  get releaseKeyFiles(): { readonly signing: string; readonly public: string } {
    const { releaseSigningKey, releaseKey } = secretFiles(this.directory);
    return { signing: releaseSigningKey, public: releaseKey };
  }

  /** Looks again which hosts exist and whether they run. */
  async refresh(): Promise<void> {
    const containers = (await this.docker.containers(this.name)).filter(
      ({ Config }) => Config.Labels[roleLabel] === hostRole,
    );
    const described = await Promise.all(
      containers.map((each) => describeHost(this.#context, this.#secrets, each)),
    );
    const hosts = described.toSorted((a, b) => a.name.localeCompare(b.name));
    this.hosts = Object.fromEntries(hosts.map((host) => [host.name, host]));
    const contents = sshConfig(hosts, this.ssh);
    await writePrivate(this.ssh.knownHosts, contents.knownHosts);
    await writePrivate(this.ssh.config, contents.config);
  }

  host(name: string): SandboxHost {
    const host = this.hosts[name];
    if (!host)
      throw new Error(
        `sandbox ${this.name} has no host ${name}; it has: ${Object.keys(this.hosts).join(', ') || 'none'}`,
      );
    return host;
  }

  /** Injects faults into a host. */
  faults(host: string): HostFaults {
    return new HostFaults(this.#context, this.host(host));
  }

  /**
   * Builds an image of the repository (stand-in, operator, toolbox) unless one with the same inputs exists.
   */
  async buildImage(build: ImageBuild): Promise<BuiltImage> {
    return await buildImage(this.docker, { logFile: join(this.directory, 'build.log'), ...build });
  }
}

/** Two commands for one sandbox take turns. */
function sandboxLock(name: string): string {
  return lockFile(`sandbox-${name}`);
}

async function removeObjects(docker: Docker, name: string): Promise<number> {
  const filter = ['--filter', `label=${sandboxLabel}=${name}`];
  const list = async (command: readonly string[]): Promise<string[]> =>
    (await docker.run([...command, ...filter])).split('\n').filter(Boolean);
  const containers = await list(['ps', '-aq']);
  if (containers.length > 0) await docker.run(['rm', '-f', '-v', ...containers]);
  const volumes = await list(['volume', 'ls', '-q']);
  if (volumes.length > 0) await docker.run(['volume', 'rm', '-f', ...volumes]);
  if (await findNetwork(docker, name)) await docker.run(['network', 'rm', networkName(name)]);
  return containers.length;
}
