/** The parts of a sandbox and how to reach them: for people, and as JSON for scripts. */
import { relative } from 'node:path';
import picocolors from 'picocolors';
import type { Sandbox } from './index.ts';
import { roleLabel } from '../kit/docker.ts';

/** From the current directory, if it is in there: what a person copies should fit a line. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

export async function printStatus(sandbox: Sandbox, format: 'text' | 'json'): Promise<void> {
  const containers = (await sandbox.docker.containers(sandbox.name)).map((container) => ({
    name: container.Name.replace(/^\//, ''),
    role: container.Config.Labels[roleLabel] ?? '',
    state: container.State.Status,
    address: Object.values(container.NetworkSettings.Networks)[0]?.IPAddress ?? '',
  }));
  if (format === 'json') {
    const { name, directory, network, kubeconfigPath, inClusterKubeconfigPath, registry, blob, hosts } =
      sandbox;
    const { address, username, password, url } = registry;
    const status = {
      name,
      directory,
      network,
      kubeconfigPath,
      inClusterKubeconfigPath,
      registry: { address, username, password, url },
      blob,
      hosts,
      containers,
    };
    process.stdout.write(`${JSON.stringify(status, undefined, 2)}\n`);
    return;
  }
  const colours = picocolors.createColors(process.stdout.isTTY === true && picocolors.isColorSupported);
  const width = Math.max(...containers.map(({ name }) => name.length), 9);
  const lines = containers
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, state, address }) => {
      const shown = state === 'running' ? colours.green(state) : colours.red(state);
      return `  ${name.padEnd(width)}  ${shown.padEnd(8 + shown.length - state.length)}  ${address}`;
    });
  const hosts = Object.values(sandbox.hosts).map(
    (host) =>
      `  ssh -F ${shortPath(sandbox.ssh.config)} ${host.name}\n    ${colours.dim(`# ${host.address}, ${host.hostKeyFingerprint}`)}`,
  );
  process.stdout.write(
    [
      `sandbox ${colours.bold(sandbox.name)}`,
      ...lines,
      ...(hosts.length > 0 ? ['hosts', ...hosts] : []),
      `export KUBECONFIG=${sandbox.kubeconfigPath}`,
      '',
    ].join('\n'),
  );
}
