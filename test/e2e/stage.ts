/**
 * What every end-to-end test works with: the sandbox with the product published in it, and for each test
 * file a namespace, a compose host and an operator of its own, so that files can run side by side. The
 * operator has exactly the rights of `deploy/access`; only its Lease lies in the test's namespace.
 */
import { inject } from 'vitest';
import type { JtelBackup, JtelRestore, JtelStack, StackConditionType } from '../../crds/index.ts';
import {
  Sandbox,
  lineProgress,
  type BlobAccess,
  type HostSpec,
  type SandboxHost,
} from '../../sandbox/index.ts';
import { Kubectl } from '../../sandbox/installation/kubectl.ts';
import {
  installAccess,
  operatorNamespace,
  startOperatorProcess,
  type OperatorProcessOptions,
  type RunningOperator,
} from '../../sandbox/installation/operator.ts';
import { example, type ExampleOptions, type Manifest } from '../../sandbox/installation/examples.ts';
import { lockFile } from '../../kit/paths.ts';
import { withLock } from '../../kit/lock.ts';
import type { RunResult } from '../../kit/process.ts';
import { leaderElectionOf, leaseArguments, leaseName } from '../support/lease.ts';
import { waitFor } from '../support/wait.ts';
import { ObjectReader } from './object-reader.ts';
import { pageOf, type Page } from './page.ts';
import { sandboxName } from './setup.ts';

export const stackName = 'acme';
/** The stand-ins of the database write this file for themselves. */
const databaseClient = '--defaults-file=/dev/shm/jtel/client.cnf';

export interface StageOptions {
  /** Also the name of the namespace. */
  readonly name: string;
  readonly host?: Partial<HostSpec>;
  /** Names of further hosts. */
  readonly moreHosts?: readonly string[];
  /**
   * `own`: a new control plane that goes with the stage. Another stage: that one's. Default: the sandbox's.
   */
  readonly controlPlane?: 'own' | 'shared' | Stage;
}

/** The parts of the status that a request for a backup or a restore has. */
export interface RequestStatus {
  readonly phase?: string;
  readonly message?: string;
  readonly backupID?: string;
  readonly [field: string]: unknown;
}

export class Stage {
  readonly sandbox: Sandbox;
  /** The sandbox whose control plane is used. */
  readonly cluster: Sandbox;
  readonly kubectl: Kubectl;
  readonly namespace: string;
  /** The host that commands go to. */
  host: SandboxHost;
  readonly toolbox: string;
  operator: RunningOperator | undefined;
  readonly #hosts: readonly string[];
  readonly #ownsCluster: boolean;
  readonly #objects: ObjectReader;

  private constructor(
    sandbox: Sandbox,
    cluster: Sandbox,
    kubectl: Kubectl,
    objects: ObjectReader,
    namespace: string,
    toolbox: string,
    { moreHosts, ownsCluster }: { readonly moreHosts: readonly string[]; readonly ownsCluster: boolean },
  ) {
    this.#objects = objects;
    this.#ownsCluster = ownsCluster;
    this.#hosts = [namespace, ...moreHosts];
    this.sandbox = sandbox;
    this.cluster = cluster;
    this.kubectl = kubectl;
    this.namespace = namespace;
    this.host = sandbox.host(namespace);
    this.toolbox = toolbox;
  }

  static async open({
    name,
    host = {},
    moreHosts = [],
    controlPlane = 'shared',
  }: StageOptions): Promise<Stage> {
    const progress = lineProgress();
    // One file at a time brings hosts up.
    const hosts = [name, ...moreHosts].map((each) => ({ name: each, ...host }));
    const sandbox = await withLock(lockFile(`${sandboxName}-stage`), () =>
      Sandbox.up({ name: sandboxName, hosts, progress }),
    );
    const own = { name: `${sandboxName}-${name}`, only: ['control-plane'], progress } as const;
    const cluster =
      controlPlane === 'own'
        ? await Sandbox.up(own)
        : controlPlane === 'shared'
          ? sandbox
          : controlPlane.cluster;
    if (controlPlane === 'own') await installAccess(cluster);
    const stage = new Stage(
      sandbox,
      cluster,
      await Kubectl.find(cluster.kubeconfigPath),
      await ObjectReader.open(cluster.kubeconfigPath, name),
      name,
      inject('toolbox'),
      { moreHosts, ownsCluster: controlPlane === 'own' },
    );
    await stage.kubectl.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      ...(await leaderElectionOf(name)),
    ]);
    return stage;
  }

  /** From now on commands, pages and queries go to this host. */
  useHost(name: string): void {
    this.host = this.sandbox.host(name);
  }

  /**
   * Switches its hosts off. With eight containers each they would take the cores from the files that follow.
   */
  async close(): Promise<void> {
    await this.operator?.stop();
    await this.#objects.close();
    for (const name of this.#hosts)
      await this.sandbox.docker.tryRun(['kill', this.sandbox.host(name).container]);
    if (this.#ownsCluster) await this.cluster.down();
  }

  /** @param other e.g. the operator of another checkout, and its toolbox */
  async startOperator(
    args: readonly string[] = [],
    other: Partial<OperatorProcessOptions> = {},
  ): Promise<RunningOperator & { readonly logFile: string }> {
    const place = ['--namespace', this.namespace, ...leaseArguments(this.namespace)];
    const operator = await startOperatorProcess(this.cluster, {
      toolbox: this.toolbox,
      name: this.namespace,
      releaseKeyFile: this.sandbox.releaseKeyFiles.public,
      ...other,
      args: [...place, ...args],
    });
    this.operator = operator;
    return operator;
  }

  /**
   * Kills the operator as a power failure would. Also removes its Lease, so that the next one need not wait
   * until it expires.
   */
  async killOperator(): Promise<void> {
    await this.operator?.kill();
    const lease = ['lease', leaseName(this.namespace), '-n', operatorNamespace];
    await this.kubectl.run(['delete', ...lease, '--ignore-not-found']);
  }

  manifests(options: Partial<ExampleOptions> = {}): Promise<readonly Manifest[]> {
    return example('quickstart', this.sandbox, {
      host: this.host,
      namespace: this.namespace,
      fqdn: `${this.namespace}.jtel.example`,
      ...options,
    });
  }

  async apply(options: Partial<ExampleOptions> = {}): Promise<void> {
    await this.kubectl.apply(await this.manifests(options));
  }

  /**
   * A JtelBackupStore `backups` with its Secret, over an immutable container of the customer's account.
   * @param of the stage whose container it is
   */
  async applyBackupStore(
    spec: Readonly<Record<string, unknown>> = {},
    of: Stage = this,
  ): Promise<BlobAccess> {
    const blob = await this.sandbox.blob.container(this.sandbox.blob.customer, of.namespace);
    const { namespace } = this;
    await this.kubectl.apply([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'backups', namespace },
        stringData: { endpoint: blob.endpoint, accountName: blob.account, accountKey: blob.key },
      },
      {
        apiVersion: 'jtel.de/v1alpha1',
        kind: 'JtelBackupStore',
        metadata: { name: 'backups', namespace },
        spec: {
          tier: 'Customer',
          azure: {
            endpoint: blob.endpoint,
            container: blob.container,
            credentialsSecretRef: { name: 'backups' },
          },
          immutability: { policy: 'Required', retentionDays: 180 },
          ...spec,
        },
      },
    ]);
    return blob;
  }

  /** Creates a JtelBackup or JtelRestore and waits until it has ended. */
  async request(
    kind: 'JtelBackup' | 'JtelRestore',
    name: string,
    spec: Readonly<Record<string, unknown>>,
    timeoutSeconds = 240,
  ): Promise<RequestStatus> {
    await this.kubectl.apply([
      {
        apiVersion: 'jtel.de/v1alpha1',
        kind,
        metadata: { name, namespace: this.namespace },
        spec: { stackRef: { name: stackName }, ...spec },
      },
    ]);
    return await this.ended(kind, name, timeoutSeconds);
  }

  async ended(
    kind: 'JtelBackup' | 'JtelRestore',
    name: string,
    timeoutSeconds = 240,
  ): Promise<RequestStatus> {
    let last: RequestStatus = {};
    const over = async (): Promise<RequestStatus | false> => {
      last = { ...(await (kind === 'JtelBackup' ? this.backup(name) : this.restore(name))).status };
      return (last.phase === 'Completed' || last.phase === 'Failed') && last;
    };
    return await waitFor(`${kind} ${name} to end`, over, { timeoutSeconds, intervalMilliseconds: 500 }).catch(
      (error: unknown) => {
        throw new Error(`${kind} ${name} did not end; it is ${JSON.stringify(last)}`, { cause: error });
      },
    );
  }

  stack(): Promise<JtelStack> {
    return this.#objects.stack(stackName);
  }

  backup(name: string): Promise<JtelBackup> {
    return this.#objects.backup(name);
  }

  restore(name: string): Promise<JtelRestore> {
    return this.#objects.restore(name);
  }

  /** Merges into the spec, as `kubectl patch` does. */
  async patchSpec(spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.kubectl.run([
      'patch',
      'jtelstack',
      stackName,
      '-n',
      this.namespace,
      '--type',
      'merge',
      '--patch',
      JSON.stringify({ spec }),
    ]);
  }

  /** Waits until the condition has that reason for the current spec, and returns it. */
  async condition(
    type: StackConditionType,
    reason: string,
    timeoutSeconds = 90,
  ): Promise<{ readonly status: string; readonly message: string }> {
    let last = 'nothing';
    return await waitFor(
      `${type} ${reason}`,
      async () => {
        const { metadata, status } = await this.stack();
        const found = status?.conditions?.find((condition) => condition.type === type);
        last = JSON.stringify(found);
        return found?.reason === reason && found.observedGeneration === metadata.generation && found;
      },
      { timeoutSeconds, intervalMilliseconds: 250 },
    ).catch((error: unknown) => {
      throw new Error(`${type} did not become ${reason}; it is ${last}`, { cause: error });
    });
  }

  /** Waits as a user would. Ready counts only for the current generation. */
  async untilReady(timeoutSeconds = 300): Promise<JtelStack> {
    return await waitFor(
      `${this.namespace}/${stackName} to be Ready`,
      async () => {
        const stack = await this.stack();
        const ready = stack.status?.conditions?.find(({ type }) => type === 'Ready');
        return (
          ready?.status === 'True' &&
          ready.observedGeneration === stack.metadata.generation &&
          stack.status?.operation === undefined &&
          stack
        );
      },
      { timeoutSeconds, intervalMilliseconds: 250 },
    );
  }

  /** Runs a command on the stack's host, as root. */
  onHost(command: readonly string[], input?: string): Promise<string> {
    return this.sandbox.docker.exec(this.host.container, command, input === undefined ? {} : { input });
  }

  tryOnHost(command: readonly string[]): Promise<RunResult> {
    return this.sandbox.docker.tryRun(['exec', this.host.container, ...command]);
  }

  /** `docker ps` on the host: container id by service. */
  async containers(): Promise<ReadonlyMap<string, string>> {
    const lines = await this.onHost([
      'docker',
      'ps',
      '--no-trunc',
      '--format',
      '{{.Label "com.docker.compose.service"}} {{.ID}}',
    ]);
    return new Map(
      lines
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(' ') as [string, string]),
    );
  }

  /** What the stack's web page answers. */
  page(path: string): Promise<Page> {
    return pageOf(this.host, `${this.namespace}.jtel.example`, path);
  }

  /** Runs a shell script in the stack's file tree, as the task runner sees it. */
  async inFiles(script: string): Promise<string> {
    const id = (await this.containers()).get('acd-task-runner');
    if (id === undefined) throw new Error('acd-task-runner does not run');
    return (await this.onHost(['docker', 'exec', id, 'sh', '-c', `cd /srv/jtel/files && ${script}`])).trim();
  }

  /** One row of a query in the stack's own database, through its own client. */
  async query(sql: string): Promise<string> {
    const id = (await this.containers()).get('acd-dbm');
    if (id === undefined) throw new Error('acd-dbm does not run');
    const command = ['mariadb', databaseClient, '--batch', '--skip-column-names'];
    return (await this.onHost(['docker', 'exec', '-i', id, ...command], sql)).trim();
  }

  /**
   * Every row of the stack's schemas as a statement, in the order of primary keys. Equal data gives equal
   * lines, whatever the series.
   */
  async rows(): Promise<string> {
    const id = (await this.containers()).get('acd-dbm');
    if (id === undefined) throw new Error('acd-dbm does not run');
    const options = [
      '--compact',
      '--no-create-info',
      '--skip-extended-insert',
      '--order-by-primary',
      '--hex-blob',
    ];
    const command = ['mariadb-dump', databaseClient, ...options, '--databases', 'jtel', 'jtelstats'];
    const dump = await this.onHost(['docker', 'exec', id, ...command]);
    const lines = dump.split('\n');
    return lines.filter((line) => /^(USE|INSERT INTO) /.test(line)).join('\n');
  }
}
