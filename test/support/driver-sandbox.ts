/** The sandbox of the host driver's tests: real compose hosts and a registry, with a small image in it. */
import { Sandbox, baseImage } from '../../sandbox/index.ts';
import type { HostSpec, PushedImage, SandboxHost } from '../../sandbox/index.ts';
import type { HostTarget } from '../../host-driver/host.ts';
import type { RegistryLogin } from '../../host-driver/registry-login.ts';

export interface DriverSandbox {
  readonly sandbox: Sandbox;
  readonly image: PushedImage;
  readonly credentials: readonly RegistryLogin[];
  /** A command on the host, as root and past SSH. @returns its stdout. */
  onHost(host: string, script: string): Promise<string>;
  target(host: string, change?: Partial<HostTarget>): HostTarget;
}

/**
 * Brings the sandbox up. The caller takes it down again. Its name begins with the name of the run's own
 * sandbox, so that test/run.ts finds it when a run is killed.
 */
export async function driverSandbox(name: string, hosts: readonly HostSpec[]): Promise<DriverSandbox> {
  const sandbox = await Sandbox.up({
    name: `${process.env['JTEL_SANDBOX'] || 'test'}-${name}`,
    hosts,
    only: ['hosts', 'registry'],
  });
  const image = await sandbox.registry.push(baseImage, 'test/base', '1');
  const { username, password, address } = sandbox.registry;
  return {
    sandbox,
    image,
    credentials: [{ registry: address, username, password }],
    onHost: async (host, script) =>
      (await sandbox.docker.exec(sandbox.host(host).container, ['sh', '-c', script])).trim(),
    target: (host, change = {}) => ({ ...targetOf(sandbox.host(host)), ...change }),
  };
}

function targetOf({ address, port, user, hostKeyFingerprint, privateKey }: SandboxHost): HostTarget {
  return { address, port, user, hostKeyFingerprints: [hostKeyFingerprint], privateKey };
}
