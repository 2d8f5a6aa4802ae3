/** What a command works with: the cluster with the caller's rights, where to look, and how to print. */
import { stackKind, type JtelStack } from '../crds/index.ts';
import type { CallOptions, Cluster } from '../runtime/client/cluster.ts';
import { ClusterClient } from '../runtime/client/cluster-client.ts';
import { KubeConnection } from '../runtime/client/connection.ts';
import { defaultKubeconfigFiles } from '../runtime/client/kubeconfig.ts';
import { SecretRegistry } from '../runtime/report/secret-registry.ts';
import { CommandError, UsageError } from '../command-line/terminal.ts';
import type { GlobalOptions } from './options.ts';
import type { Surroundings } from './surroundings.ts';
import { colourful, plain, type Paint } from './view/paint.ts';
import type { ViewContext } from './view/view.ts';
import { printable } from '../base/printable.ts';

/** The caller, and the owner in managedFields of what the plug-in sets for a person. */
const programName = 'kubectl-jtel';

export interface Kit {
  readonly cluster: Cluster;
  readonly connection: KubeConnection;
  readonly namespace: string;
  readonly call: CallOptions;
  readonly surroundings: Surroundings;
  readonly paint: Paint;
  /** How to print now; its time is that of the call. */
  view(): ViewContext;
  print(lines: readonly string[]): void;
}

/**
 * Runs a command's work with a connection that ends with it.
 * @throws UsageError if the kubeconfig leads to no cluster.
 */
export async function withKit<T>(
  options: GlobalOptions,
  surroundings: Surroundings,
  work: (kit: Kit) => Promise<T>,
): Promise<T> {
  const connection = await connect(options, surroundings);
  const deadline = options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout * 1000);
  const signal =
    deadline === undefined ? surroundings.signal : AbortSignal.any([surroundings.signal, deadline]);
  const { secrets = new SecretRegistry() } = surroundings;
  const paint = paintFor(options, surroundings);
  const kit: Kit = {
    cluster: new ClusterClient({ connection, fieldManager: programName, secrets }),
    connection,
    namespace: options.namespace ?? connection.namespace ?? 'default',
    call: { signal },
    surroundings,
    paint,
    view: () => ({ paint, width: surroundings.screen?.size().columns, now: surroundings.now() }),
    print: (lines) => {
      for (const line of lines) surroundings.print(line);
    },
  };
  try {
    return await work(kit);
  } catch (error) {
    if (deadline?.aborted === true && !surroundings.signal.aborted)
      throw new CommandError(`not done within ${options.timeout} s (--timeout)`, { cause: error });
    throw error;
  } finally {
    await connection.close();
  }
}

function paintFor(options: GlobalOptions, { environment, screen }: Surroundings): Paint {
  const wanted =
    options.color &&
    (environment['NO_COLOR'] ?? '') === '' &&
    screen !== undefined &&
    environment['TERM'] !== 'dumb';
  return wanted ? colourful() : plain;
}

async function connect(
  { kubeconfig, context }: GlobalOptions,
  { environment }: Surroundings,
): Promise<KubeConnection> {
  const files = kubeconfig === undefined ? defaultKubeconfigFiles(environment) : [kubeconfig];
  try {
    return await KubeConnection.load({ userAgent: programName, files, context });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** @throws CommandError that names the existing stacks. */
export async function getStack({ cluster, namespace, call }: Kit, name: string): Promise<JtelStack> {
  requireName(name, 'STACK');
  const found = await cluster.find(stackKind, { namespace, name }, call);
  if (found !== undefined) return found;
  const all = await cluster.list(stackKind, { namespace }, call);
  const there =
    all.length === 0
      ? 'it has none; -n names another namespace'
      : `it has ${all.map(({ metadata }) => metadata.name).join(', ')}`;
  throw new CommandError(`there is no JtelStack ${name} in namespace ${namespace}: ${there}`);
}

/** Names become parts of paths and objects. */
export function requireName(text: string, what: string): void {
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(text))
    throw new UsageError(
      `${what} ${JSON.stringify(printable(text).slice(0, 80))} is not a valid name of an object`,
    );
}
