/**
 * One Docker network per sandbox, with a subnet of our choice, because only then can a host keep its address
 * over a reboot. The subnets lie in 10.201.0.0/16, away from Docker's own pools (also those inside a host).
 */
import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { SandboxNetwork } from './context.ts';
import { sandboxLabels } from './context.ts';
import type { Docker } from '../kit/docker.ts';

/** The last byte of each part's address; hosts follow from `firstHost`. */
export const addressOf = {
  controlPlane: 2,
  etcd: 3,
  controllerManager: 4,
  registry: 5,
  blob: 6,
  firstHost: 11,
  lastHost: 127,
} as const;

export function networkName(sandbox: string): string {
  return `jtel-sandbox-${sandbox}`;
}

export async function findNetwork(docker: Docker, sandbox: string): Promise<SandboxNetwork | undefined> {
  const name = networkName(sandbox);
  const format = '{{range .IPAM.Config}}{{.Subnet}}{{end}}';
  const inspected = await docker.tryRun(['network', 'inspect', '--format', format, name]);
  if (inspected.code !== 0) return undefined;
  return { name, prefix: inspected.stdout.trim().split('.').slice(0, 3).join('.') };
}

/** Creates the sandbox's network unless it exists. */
export async function ensureNetwork(docker: Docker, sandbox: string): Promise<SandboxNetwork> {
  const present = await findNetwork(docker, sandbox);
  if (present) return present;
  const start = createHash('sha256').update(sandbox).digest().readUInt8(0);
  let refusal = '';
  for (let attempt = 0; attempt < 256; attempt += 1) {
    const prefix = `10.201.${(start + attempt) % 256}`;
    if (usedByMachine(prefix)) continue;
    const labels = sandboxLabels(sandbox, 'network');
    // Other containers in the network get addresses from the upper half, so ours stay free while they are
    // stopped.
    const range = ['--subnet', `${prefix}.0/24`, '--ip-range', `${prefix}.128/25`];
    const created = await docker.tryRun(['network', 'create', ...range, ...labels, networkName(sandbox)]);
    if (created.code === 0) return { name: networkName(sandbox), prefix };
    refusal = created.stderr.trim();
    if (!/overlap/i.test(refusal)) break;
  }
  throw new Error(
    `Docker network ${networkName(sandbox)} could not be made: ${refusal || 'no subnet of 10.201.0.0/16 is free'}`,
  );
}

function usedByMachine(prefix: string): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address.startsWith(`${prefix}.`)),
  );
}
