/** Brings up the parts of a sandbox: first what each needs, then all side by side. */
import { ensureBlobStorage } from './blob.ts';
import type { SandboxContext } from './context.ts';
import { ensureControlPlane } from './control-plane/control-plane.ts';
import { assignAddresses, ensureHost } from './host/host.ts';
import type { HostSpec } from './host/host.ts';
import { ensureNetwork } from './network.ts';
import { ensureRegistry } from './registry.ts';
import { ensureSecrets } from './secrets.ts';
import type { SandboxSecrets } from './secrets.ts';
import { ensureBaseImage, ensureNodeImage } from '../kit/base-image.ts';
import { ensureKubernetes } from './kubernetes/kubernetes.ts';
import type { Docker } from '../kit/docker.ts';
import { stateDirectory } from '../kit/paths.ts';
import type { Progress } from '../kit/progress.ts';

export const sandboxParts = ['control-plane', 'hosts', 'registry', 'blob'] as const;
export type SandboxPart = (typeof sandboxParts)[number];

export interface BringUp {
  readonly name: string;
  readonly hosts: readonly HostSpec[];
  readonly parts: ReadonlySet<SandboxPart>;
  readonly docker: Docker;
  readonly progress: Progress;
}

/**
 * Makes the wanted parts run. It tries all of them, then throws what failed, several failures as an
 * AggregateError.
 */
export async function bringUp({
  name,
  hosts,
  parts,
  docker,
  progress,
}: BringUp): Promise<{ context: SandboxContext; secrets: SandboxSecrets }> {
  const directory = stateDirectory(name);
  const secrets = await ensureSecrets(directory);
  // Building binaries may take minutes, so begin at once, beside the base image.
  const binaries = parts.has('control-plane')
    ? ensureKubernetes(() => Promise.resolve(docker), progress)
    : undefined;
  binaries?.catch(() => {}); // awaited below
  await ensureBaseImage(docker, progress);
  if (parts.has('hosts') && hosts.some(({ debian }) => debian === 12))
    await ensureBaseImage(docker, progress, 'bookworm');
  const network = await ensureNetwork(docker, name);
  const context: SandboxContext = { name, docker, progress, directory, network };

  const work: Promise<unknown>[] = [];
  if (binaries) work.push(bringUpControlPlane(context, binaries));
  if (parts.has('hosts')) work.push(...(await bringUpHosts(context, secrets, hosts)));
  if (parts.has('registry')) {
    work.push(progress.step('registry', async (note) => note(await ensureRegistry(context, secrets))));
  }
  if (parts.has('blob')) work.push(bringUpBlobStorage(context, secrets));
  const results = await Promise.allSettled(work);
  const failures = results
    .filter((result) => result.status === 'rejected')
    .map((result): unknown => result.reason);
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1)
    throw new AggregateError(failures, `${failures.length} parts of sandbox ${name} did not come up`);
  return { context, secrets };
}

async function bringUpControlPlane(
  context: SandboxContext,
  binaries: ReturnType<typeof ensureKubernetes>,
): Promise<void> {
  const found = await binaries;
  await context.progress.step(`control plane ${found.version}`, async (note) =>
    note(await ensureControlPlane(context, found)),
  );
}

async function bringUpBlobStorage(context: SandboxContext, secrets: SandboxSecrets): Promise<void> {
  await ensureNodeImage(context.docker, context.progress);
  await context.progress.step('blob storage', async (note) =>
    note(await ensureBlobStorage(context, secrets)),
  );
}

async function bringUpHosts(
  context: SandboxContext,
  secrets: SandboxSecrets,
  hosts: readonly HostSpec[],
): Promise<Promise<void>[]> {
  const names = hosts.map((host) => host.name);
  if (new Set(names).size < names.length)
    throw new Error(`two hosts have the same name: ${names.join(', ')}`);
  const existing = await context.docker.containers(context.name);
  const addresses = assignAddresses(context.network.prefix, existing, names, context.name);
  return hosts.map((host) => {
    const title = `compose host ${host.name}${host.kind === 'bare' ? ' (bare)' : ''}`;
    const address = addresses.get(host.name) ?? '';
    return context.progress.step(title, async (note) =>
      note(await ensureHost(context, secrets, host, address)),
    );
  });
}
