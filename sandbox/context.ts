/** What every part of a sandbox needs: its name, its network, its directory, and the way to Docker. */
import { createHash } from 'node:crypto';
import { inputsLabel, roleLabel, sandboxLabel } from '../kit/docker.ts';
import type { Docker, InspectedContainer } from '../kit/docker.ts';
import type { Progress } from '../kit/progress.ts';

export interface SandboxNetwork {
  /** Name of the Docker network. */
  readonly name: string;
  /** First three bytes of its addresses, e.g. `10.201.17`. */
  readonly prefix: string;
}

export interface SandboxContext {
  readonly name: string;
  readonly docker: Docker;
  readonly progress: Progress;
  /** `.sandbox/<name>` of the repository: keys, certificates, kubeconfigs. */
  readonly directory: string;
  readonly network: SandboxNetwork;
}

export interface ContainerSpec {
  /** Last part of the container's name, e.g. `registry` or `host-1`. */
  readonly part: string;
  readonly role: string;
  readonly image: string;
  readonly address: string;
  /** Name in the sandbox's network, e.g. `registry.sandbox`. */
  readonly alias: string;
  /**
   * Volumes of the container: last part of the name → where it is mounted. They outlive a replaced container
   * …
   */
  readonly volumes?: Readonly<Record<string, string>>;
  /** A machine is never replaced automatically: its disk may hold the only copy of somebody's data. */
  readonly isMachine?: boolean;
  /** Further arguments of `docker run`. */
  readonly options: readonly string[];
  readonly command?: readonly string[];
  /** Anything else that requires a new container when it changes, e.g. a hash of mounted files. */
  readonly inputs?: string;
}

export type Outcome =
  | 'created'
  | 'replaced'
  | 'started'
  | 'already running'
  | 'kept, though made from an older image';

/** Full name of the container or volume of a sandbox. */
export function objectName(sandbox: string, part: string): string {
  return `jtel-sandbox-${sandbox}-${part}`;
}

/** Arguments for `docker run` and `docker volume create` that mark what belongs to a sandbox. */
export function sandboxLabels(sandbox: string, role: string): string[] {
  return ['--label', `${sandboxLabel}=${sandbox}`, '--label', `${roleLabel}=${role}`];
}

/**
 * Makes a container run. It adopts a running one and starts a stopped one. It replaces one that was made from
 * something else (another image, other arguments), but never a machine. It creates a missing one.
 */
export async function ensureContainer(
  context: SandboxContext,
  spec: ContainerSpec,
): Promise<{ container: InspectedContainer; outcome: Outcome }> {
  const { docker, network } = context;
  const name = objectName(context.name, spec.part);
  const imageID = await docker.imageID(spec.image);
  if (imageID === undefined) throw new Error(`image ${spec.image} for ${name} is not here`);
  const inputs = createHash('sha256')
    .update(JSON.stringify([spec, imageID]))
    .digest('hex');
  const present = await docker.container(name);
  let outcome: Outcome;
  const current = present?.Config.Labels[inputsLabel] === inputs;
  if (present && (current || spec.isMachine)) {
    outcome = present.State.Running ? 'already running' : 'started';
    if (!present.State.Running) await docker.run(['start', name]);
    if (!current) outcome = 'kept, though made from an older image';
  } else {
    outcome = present ? 'replaced' : 'created';
    if (present) await docker.remove(name);
    const volumes = Object.entries(spec.volumes ?? {}).map(([part, path]) => ({
      volume: objectName(context.name, part),
      path,
    }));
    for (const { volume } of volumes) {
      await docker.run(['volume', 'create', ...sandboxLabels(context.name, 'volume'), volume]);
    }
    const mounts = volumes.flatMap(({ volume, path }) => [
      '--mount',
      `type=volume,src=${volume},dst=${path}`,
    ]);
    const labels = [...sandboxLabels(context.name, spec.role), '--label', `${inputsLabel}=${inputs}`];
    const place = [
      '--network',
      network.name,
      '--ip',
      spec.address,
      '--network-alias',
      spec.alias,
      '--name',
      name,
    ];
    await docker.run([
      'run',
      '-d',
      ...place,
      ...labels,
      ...mounts,
      ...spec.options,
      imageID,
      ...(spec.command ?? []),
    ]);
  }
  const container = await docker.container(name);
  if (!container) throw new Error(`container ${name} went away right after it was ${outcome}`);
  return { container, outcome };
}

/** The last lines of a container's output, for error messages. */
export async function containerLog(context: SandboxContext, part: string, lines = 20): Promise<string> {
  const log = await context.docker.tryRun(['logs', '--tail', String(lines), objectName(context.name, part)]);
  return `${log.stdout}${log.stderr}`.trim();
}
