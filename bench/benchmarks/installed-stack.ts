/**
 * A stack as a user has it: installed by the operator from `examples/quickstart/` on a host of the sandbox,
 * and Ready.
 */
import { annotations, stackKind, type JtelStack } from '../../crds/index.ts';
import { projectName } from '../../controllers/hosts/project.ts';
import { Kubectl } from '../../sandbox/installation/kubectl.ts';
import {
  installAccess,
  operatorKubeconfig,
  startOperatorProcess,
  type RunningOperator,
} from '../../sandbox/installation/operator.ts';
import { example } from '../../sandbox/installation/examples.ts';
import { publishProduct } from '../../sandbox/installation/releases.ts';
import type { Sandbox, SandboxHost } from '../../sandbox/index.ts';
import { ClusterClient, KubeConnection, SecretRegistry } from '../../runtime/index.ts';
import { waitFor } from '../../test/support/wait.ts';
import type { BenchmarkContext } from '../benchmark.ts';

const installSeconds = 900;

export interface InstalledStack {
  readonly sandbox: Sandbox;
  readonly host: SandboxHost;
  readonly operator: RunningOperator;
  /** `registry/path:tag@sha256:…` */
  readonly toolbox: string;
  /** A kubeconfig with the operator's rights. */
  readonly operatorKubeconfig: string;
  readonly namespace: string;
  readonly name: string;
  /** The compose project on the host. */
  readonly project: string;
  /** Its present state in the cluster. */
  read(): Promise<JtelStack>;
  /** Applies the stack with a change of its spec; returns its generation. */
  apply(spec: Readonly<Record<string, unknown>>): Promise<number>;
  /** Waits until the operator reports that generation as Ready. */
  ready(generation: number): Promise<void>;
  /** Waits until the operator has nothing left to do. */
  settled(): Promise<void>;
}

/** Builds everything from an empty machine to a Ready stack; uses what exists already. */
export async function installStack(context: BenchmarkContext): Promise<InstalledStack> {
  const { progress } = context;
  const sandbox = await context.sandbox();
  const host = sandbox.host('host-1');
  const { toolbox } = await publishProduct(sandbox, progress);
  await installAccess(sandbox);
  const operator = await startOperatorProcess(sandbox, { toolbox });
  context.atEnd(() => operator.stop());
  const kubectl = await Kubectl.find(sandbox.kubeconfigPath);
  const manifests = await example('quickstart', sandbox, { host });
  const manifest = manifests.find(({ kind }) => kind === stackKind.kind);
  if (manifest === undefined) throw new Error('examples/quickstart has no JtelStack');
  const { name, namespace = '' } = manifest.metadata;
  const connection = await KubeConnection.load({
    userAgent: 'jtel-bench',
    files: [sandbox.kubeconfigPath],
  });
  context.atEnd(() => connection.close());
  const cluster = new ClusterClient({
    connection,
    fieldManager: 'jtel-bench',
    secrets: new SecretRegistry(),
  });
  const read = (): Promise<JtelStack> =>
    cluster.get(stackKind, { namespace, name }, { signal: AbortSignal.timeout(20_000) });
  const stack: InstalledStack = {
    sandbox,
    host,
    operator,
    toolbox,
    namespace,
    name,
    read,
    operatorKubeconfig: await operatorKubeconfig(sandbox, 'machine'),
    project: projectName(namespace, name),
    apply: async (spec) => {
      const changed = { ...manifest, spec: { ...manifest.spec, ...spec } } as unknown as JtelStack;
      const applied = await cluster.apply(stackKind, changed, { signal: AbortSignal.timeout(20_000) });
      return applied.metadata.generation ?? 0;
    },
    settled: async () => {
      await waitFor(
        'the operator to have nothing left to do',
        async () => (await read()).status?.operation === undefined,
        { timeoutSeconds: 120 },
      );
    },
    ready: async (generation) => {
      await waitFor(`stack ${namespace}/${name} to be Ready`, async () => isReady(await read(), generation), {
        timeoutSeconds: installSeconds,
      });
    },
  };
  await progress.step('stack from nothing to Ready', async () => {
    await kubectl.apply(manifests);
    // A new generation, so the status that an earlier operator wrote does not count.
    await stack.apply({ suspend: true });
    await stack.ready(await stack.apply({ suspend: false }));
    await stack.settled();
  });
  return stack;
}

/** Removes it with its data. */
export async function destroyStack(stack: InstalledStack): Promise<void> {
  const kubectl = await Kubectl.find(stack.sandbox.kubeconfigPath);
  const { uid } = (await stack.read()).metadata;
  await stack.apply({
    version: (await stack.read()).spec.version,
    deletionPolicy: 'Destroy',
    suspend: false,
  });
  await kubectl.run([
    'annotate',
    'jtelstack',
    stack.name,
    '-n',
    stack.namespace,
    `${annotations.confirmDestroy}=${uid}`,
    '--overwrite',
  ]);
  await kubectl.run(['delete', 'jtelstack', stack.name, '-n', stack.namespace, '--timeout=120s'], {
    timeoutSeconds: 130,
  });
}

function isReady({ status }: JtelStack, generation: number): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && (ready.observedGeneration ?? 0) >= generation;
}
