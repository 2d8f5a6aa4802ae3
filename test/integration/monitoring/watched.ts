/**
 * Two real operators on a real API server: one leads and looks after an empty namespace, the other stands by
 * and gives metrics of a namespace whose objects a test writes, status included. So a test breaks what it
 * likes within a second, and nobody mends it.
 */
import { randomUUID } from 'node:crypto';
import { lineProgress, Sandbox } from '../../../sandbox/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { installAccess, startOperatorProcess } from '../../../sandbox/installation/operator.ts';
import { buildMonitoring } from '../../../sandbox/monitoring.ts';
import { healthPort } from '../../support/health-port.ts';
import { leaderElectionOf, leaseArguments } from '../../support/lease.ts';
import { waitFor } from '../../support/wait.ts';

const toolbox = `registry.sandbox:5000/jtel/toolbox@sha256:${'0'.repeat(64)}`;

export interface WatchedOperator {
  readonly port: number;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

export class Watched {
  readonly sandbox: Sandbox;
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly #operators: WatchedOperator[] = [];

  private constructor(sandbox: Sandbox, kubectl: Kubectl, namespace: string) {
    this.sandbox = sandbox;
    this.kubectl = kubectl;
    this.namespace = namespace;
  }

  /** @param purpose begins the name of its namespace, which no earlier run has used */
  static async open(purpose: string): Promise<Watched> {
    const namespace = `${purpose}-${randomUUID().slice(0, 8)}`;
    const sandbox = await Sandbox.up({
      name: process.env['JTEL_SANDBOX'] || 'test',
      only: ['control-plane'],
      progress: lineProgress(),
    });
    await buildMonitoring(sandbox.docker);
    await installAccess(sandbox);
    const watched = new Watched(sandbox, await Kubectl.find(sandbox.kubeconfigPath), namespace);
    await watched.kubectl.apply([
      ...[namespace, watched.elsewhere].map((name) => ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
      })),
      ...(await leaderElectionOf(namespace)),
    ]);
    return watched;
  }

  /** Namespace of the leader. */
  get elsewhere(): string {
    return `${this.namespace}-elsewhere`;
  }

  /** The leader; it has to be there before the other. */
  async startLeader(): Promise<WatchedOperator> {
    const leader = await this.#start('leader', this.elsewhere);
    await waitFor('a leader', async () => /^jtel_operator_leader 1$/m.test(await leader.metrics()));
    return leader;
  }

  startStandby(): Promise<WatchedOperator> {
    return this.#start('standby', this.namespace);
  }

  /** The standby ends first, because it must never lead. */
  async close(): Promise<void> {
    for (const operator of this.#operators.toReversed()) await operator.stop();
    // Nobody is left who would end the finalizer of what the leader looked at.
    const released = ['--type', 'merge', '-p', '{"metadata":{"finalizers":null}}'];
    const stacks = await this.kubectl.run(['get', 'jtelstacks', '-n', this.elsewhere, '-o', 'name']);
    for (const stack of stacks.split('\n').filter(Boolean))
      await this.kubectl.run(['patch', stack, '-n', this.elsewhere, ...released]);
    const namespaces = [this.namespace, this.elsewhere];
    await this.kubectl.run(['delete', 'namespace', ...namespaces, '--wait=false', '--ignore-not-found']);
  }

  async #start(role: string, watching: string): Promise<WatchedOperator> {
    const operator = await startOperatorProcess(this.sandbox, {
      toolbox,
      // A log of its own, so that it has one port.
      name: `${this.namespace}-${role}-${randomUUID().slice(0, 8)}`,
      args: ['--namespace', watching, ...leaseArguments(this.namespace)],
    });
    const stop = (): Promise<void> => operator.stop();
    const port = await healthPort(operator);
    const url = `http://127.0.0.1:${port}`;
    const self: WatchedOperator = {
      port,
      metrics: async () => (await fetch(`${url}/metrics`)).text(),
      stop,
    };
    this.#operators.push(self);
    await waitFor(`the ${role} to be ready`, async () => (await fetch(`${url}/readyz`)).ok);
    return self;
  }
}
