/** A fleet on an API server, and what is measured of an operator that looks after it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryDirectory } from '../../kit/paths.ts';
import { ClusterClient, KubeConnection, SecretRegistry } from '../../runtime/index.ts';
import { Kubectl } from '../../sandbox/installation/kubectl.ts';
import { waitFor } from '../../test/support/wait.ts';
import { percentile } from '../statistics.ts';
import { sharedClock, type Look } from './messages.ts';
import { FleetOperator } from './operator.ts';
import { HostileTenant } from './hostile-tenant.ts';
import { between, countRequests, type Requests } from './requests.ts';
import { SilentHosts } from './silent-hosts.ts';
import { Sink } from './sink.ts';
import { changeStack, createFleet, removeFleet, untilReady, type Fleet, type FleetStack } from './tenants.ts';

const hostMilliseconds = 50;
const changesPerSecond = 4;
const settleSeconds = 5;
/** What is done once for each template is over then. */
const hostileSeconds = 30;

/** Milliseconds since each change was sent. */
interface Changes {
  readonly firstBytes: readonly number[];
  /** Until the API server had answered. */
  readonly answered: readonly number[];
}

export interface FleetBenchOptions {
  readonly kubeconfig: string;
  readonly fleet: Fleet;
  /** Whether the operator sees only the fleet's namespaces; else the API server is ours alone. */
  readonly shared?: boolean;
}

export class FleetBench {
  readonly fleet: Fleet;
  readonly #options: FleetBenchOptions;
  readonly #connection: KubeConnection;
  readonly #cluster: ClusterClient;
  readonly #kubectl: Kubectl;
  readonly #directory: string;
  /** Of each stack, so a value never follows itself: that would be no change. */
  readonly #changes = new Map<FleetStack, number>();
  #running: FleetOperator | undefined;

  private constructor(
    options: FleetBenchOptions,
    connection: KubeConnection,
    kubectl: Kubectl,
    directory: string,
  ) {
    this.fleet = options.fleet;
    this.#options = options;
    this.#connection = connection;
    this.#cluster = new ClusterClient({
      connection,
      fieldManager: 'jtel-bench',
      secrets: new SecretRegistry(),
    });
    this.#kubectl = kubectl;
    this.#directory = directory;
  }

  static async open(options: FleetBenchOptions): Promise<FleetBench> {
    const { kubeconfig } = options;
    const connection = await KubeConnection.load({ userAgent: 'jtel-bench', files: [kubeconfig] });
    const directory = await mkdtemp(join(tmpdir(), 'fleet-'));
    return new FleetBench(options, connection, await Kubectl.find(kubeconfig), directory);
  }

  /** Starts an operator. @param tree the build; default: this one */
  async #start(args: readonly string[] = [], tree = repositoryDirectory): Promise<FleetOperator> {
    const { kubeconfig, shared, fleet } = this.#options;
    const [leaseNamespace = ''] = fleet.namespaces;
    return (this.#running = await FleetOperator.start({
      tree,
      kubeconfig,
      leaseNamespace,
      hostMilliseconds,
      hostsFile: join(this.#directory, 'hosts'),
      logFile: join(this.#directory, 'operator.log'),
      args: [...(shared === true ? ['--namespace', ...fleet.namespaces] : []), ...args],
    }));
  }

  /** Makes tenants and stacks, and lets this build install them. */
  async install(): Promise<object> {
    const count = this.fleet.stacks.length;
    await createFleet(this.#cluster, { ...this.fleet, stacks: [] });
    return await this.#measured([], undefined, async (operator, requests) => {
      await createFleet(this.#cluster, this.fleet);
      await untilReady(this.#cluster, this.fleet, 60 + count);
      const seconds = (sharedClock() - operator.startedAt) / 1000;
      const { cpuMilliseconds } = await operator.usage();
      const { calls, writes, each } = await requests();
      return {
        seconds,
        cpuMillisecondsEach: cpuMilliseconds / count,
        callsEach: calls / count,
        writesEach: writes / count,
        each: Object.fromEntries([...each].map(([key, made]) => [key, made / count])),
      };
    });
  }

  /** From the start of the process until each stack's host was looked at, all being installed already. */
  async coldStart(tree?: string): Promise<Record<string, number>> {
    const count = this.fleet.stacks.length;
    return await this.#measured([], tree, async (operator, requests) => {
      const seconds = await this.#untilOursObserved(operator);
      const { cpuMilliseconds, longestStopMilliseconds } = await operator.usage();
      const { calls, writes } = await requests();
      // Statuses are written after the looks.
      await sleep(settleSeconds * 1000);
      const { residentMB } = await operator.usage();
      const { heapMB } = await operator.usage('least');
      return {
        seconds,
        cpuMillisecondsEach: cpuMilliseconds / count,
        callsEach: calls / count,
        writesEach: writes / count,
        longestStopMilliseconds,
        residentMB,
        heapMB,
      };
    });
  }

  /** Some resyncs in which nothing changes. */
  async rest(
    { resyncSeconds, resyncs }: { readonly resyncSeconds: number; readonly resyncs: number },
    tree?: string,
  ): Promise<Record<string, number>> {
    const count = this.fleet.stacks.length;
    const args = ['--resync-seconds', String(resyncSeconds)];
    return await this.#measured(args, tree, async (operator) => {
      await this.#untilOursObserved(operator);
      // The first looks come at once, the next ones spread.
      await sleep(resyncSeconds * 1000);
      let looks = 0;
      operator.onCall = ({ method }) => void (looks += method === 'observe' ? 1 : 0);
      const before = await countRequests(this.#kubectl);
      const { cpuMilliseconds: earlier } = await operator.usage();
      const begin = sharedClock();
      await sleep(resyncs * resyncSeconds * 1000);
      const seconds = (sharedClock() - begin) / 1000;
      const { cpuMilliseconds, longestStopMilliseconds, residentMB } = await operator.usage();
      const requests = between(before, await countRequests(this.#kubectl));
      return {
        looksPerSecond: looks / seconds,
        looksOfEachPerResync: looks / count / resyncs,
        writesPerSecond: requests.writes / seconds,
        callsPerLook: requests.calls / looks,
        cpuPercent: (cpuMilliseconds - earlier) / seconds / 10,
        longestStopMilliseconds,
        residentMB,
      };
    });
  }

  /**
   * From a change of a stack by a person until the first call of its host.
   * @param dead number of further stacks, of tenants of their own, whose hosts never answer
   */
  async firstByte(
    {
      resyncSeconds,
      changes,
      dead = 0,
    }: { readonly resyncSeconds: number; readonly changes: number; readonly dead?: number },
    tree?: string,
  ): Promise<Record<string, number>> {
    const others = await this.#addDead(dead);
    const args = ['--resync-seconds', String(resyncSeconds)];
    try {
      return await this.#measured(args, tree, async (operator) => {
        await this.#untilOursObserved(operator);
        await sleep(settleSeconds * 1000);
        await operator.usage();
        const { firstBytes, answered } = await this.#firstBytes(operator, changes);
        const { longestStopMilliseconds } = await operator.usage();
        const answeredP50 = percentile(answered, 50);
        return { ...spread(firstBytes), answeredP50, dead, longestStopMilliseconds };
      });
    } finally {
      await others.remove();
    }
  }

  /**
   * What the other tenants notice of one that does everything hostile at once: beside a quiet run, and beside one in
   * which the operator does not look after that tenant, and its load on the machine and on the API server is the same.
   */
  async hostile({
    resyncSeconds,
    changes,
  }: {
    readonly resyncSeconds: number;
    readonly changes: number;
  }): Promise<Record<'quiet' | 'hostile' | 'unseen', Record<string, number>>> {
    const usual = ['--resync-seconds', String(resyncSeconds), '--allow-http-stores'];
    const measure = (more: readonly string[] = []): Promise<Record<string, number>> => {
      const args = [...usual, '--namespace', ...this.fleet.namespaces, ...more];
      return this.#measured(args, undefined, async (operator) => {
        await this.#untilOursObserved(operator);
        await sleep(hostileSeconds * 1000);
        const looks: Look[] = [];
        const ours = new Set(this.fleet.stacks.map(({ namespace, name }) => `${namespace}/${name}`));
        operator.onLook = (look) =>
          void (look.controller === 'stack' && ours.has(look.object) && looks.push(look));
        const earlier = await operator.usage();
        const begin = sharedClock();
        const { firstBytes, answered } = await this.#firstBytes(operator, changes);
        const milliseconds = sharedClock() - begin;
        const { cpuMilliseconds, loopMilliseconds, longestStopMilliseconds, residentMB } =
          await operator.usage();
        const { heapMB } = await operator.usage('least');
        const look = spread(looks.map((each) => each.milliseconds));
        const worked = spread(looks.map((each) => each.loopMilliseconds));
        const change = spread(firstBytes);
        return {
          looks: looks.length,
          lookP50: look.p50,
          lookP99: look.p99,
          lookLoopP50: worked.p50,
          lookLoopP99: worked.p99,
          firstByteP50: change.p50,
          firstByteP99: change.p99,
          answeredP50: percentile(answered, 50),
          cpuPercent: ((cpuMilliseconds - earlier.cpuMilliseconds) / milliseconds) * 100,
          loopPercent: ((loopMilliseconds - earlier.loopMilliseconds) / milliseconds) * 100,
          longestStopMilliseconds,
          residentMB,
          heapMB,
        };
      });
    };
    const quiet = await measure();
    // The one of the last time may not be gone yet.
    const namespace = `${this.fleet.namespaces[0] ?? ''}-hostile-${Date.now()}`;
    const tenant = await HostileTenant.start(this.#cluster, namespace);
    try {
      const hostile = await measure([namespace]);
      const sink = new Sink(tenant.traffic);
      const unseen = await measure().finally(() => sink.stop());
      return { quiet, hostile, unseen };
    } finally {
      await tenant.stop();
      await tenant.remove();
    }
  }

  async close(): Promise<void> {
    await this.#running?.stop();
    try {
      await removeFleet(this.#cluster, this.fleet);
    } finally {
      await this.#connection.close();
      await rm(this.#directory, { recursive: true, force: true });
    }
  }

  async #addDead(count: number): Promise<{ remove(): Promise<void> }> {
    const [prefix = ''] = this.fleet.namespaces;
    const silent = await SilentHosts.listen(count, 70);
    const stacks = silent.hosts.map((host, index) => ({
      ...host,
      namespace: `${prefix}-dead-${index}`,
      name: 'stack-0',
    }));
    const dead: Fleet = { namespaces: stacks.map(({ namespace }) => namespace), stacks };
    await createFleet(this.#cluster, dead);
    return {
      remove: async () => {
        await removeFleet(this.#cluster, dead);
        await silent.close();
      },
    };
  }

  async #untilOursObserved(operator: FleetOperator): Promise<number> {
    const addresses = this.fleet.stacks.map(({ address }) => address);
    return await operator.untilObserved(addresses, 60 + addresses.length);
  }

  async #firstBytes(operator: FleetOperator, changes: number): Promise<Changes> {
    const waiting = new Map<string, number>();
    const times: number[] = [];
    const answered: number[] = [];
    operator.onCall = ({ address, startedAt }) => {
      const changedAt = waiting.get(address);
      if (changedAt === undefined || startedAt < changedAt) return;
      waiting.delete(address);
      times.push(startedAt - changedAt);
    };
    const asked: Promise<void>[] = [];
    for (let index = 0; index < changes; index += 1) {
      const stack = this.fleet.stacks[index % this.fleet.stacks.length];
      if (stack === undefined || waiting.has(stack.address)) continue;
      waiting.set(stack.address, sharedClock());
      asked.push(this.#ask(stack, answered));
      await sleep(1000 / changesPerSecond);
    }
    await Promise.all(asked);
    await waitFor(
      () => `first calls to ${waiting.size} hosts`,
      () => waiting.size === 0,
      { timeoutSeconds: 300 },
    );
    operator.onCall = undefined;
    return { firstBytes: times, answered };
  }

  async #ask(stack: FleetStack, answered: number[]): Promise<void> {
    const askedAt = sharedClock();
    const change = this.#changes.get(stack) ?? 0;
    this.#changes.set(stack, change + 1);
    await changeStack(this.#cluster, stack, change);
    answered.push(sharedClock() - askedAt);
  }

  async #measured<T>(
    args: readonly string[],
    tree: string | undefined,
    measure: (operator: FleetOperator, requests: () => Promise<Requests>) => Promise<T>,
  ): Promise<T> {
    const before = await countRequests(this.#kubectl);
    const operator = await this.#start(args, tree);
    try {
      return await measure(operator, async () => between(before, await countRequests(this.#kubectl)));
    } finally {
      await operator.stop();
    }
  }
}

function spread(times: readonly number[]): { readonly p50: number; readonly p99: number } {
  return { p50: percentile(times, 50), p99: percentile(times, 99) };
}
