/**
 * `check.noop`: the cost of finding out, on a warm host, that a stack needs nothing. Ours is the look at the
 * host over the kept connection, and the plan. The peers are commands that people and tools use to look at
 * the host, and the build before the bounds on what comes from outside, which must cost nothing that is seen.
 * Shown, but not judged: the controller's whole look, which also reads Secrets and store from the API and
 * renders the release.
 */
import { connect } from 'node:net';
import { CredentialStore } from '../../controllers/inputs/credentials.ts';
import { BackupSource, type Look, lookAt, plan } from '../../controllers/stack/index.ts';
import { ReleaseSource } from '../../controllers/inputs/release-source.ts';
import { openStore } from '../../controllers/stores/store-access.ts';
import { createHostDriver } from '../../host-driver/connect.ts';
import { parseToolboxImage } from '../../operator/config.ts';
import { ClusterClient, KubeConnection, SecretRegistry } from '../../runtime/index.ts';
import type { Benchmark, BenchmarkContext, Contender, MissingPeer, Trial } from '../benchmark.ts';
import { formatValue, sampleOf } from '../statistics.ts';
import { hostileBuild } from '../earlier-checkout.ts';
import { earlierSandbox } from '../earlier-sandbox.ts';
import { installStack, type InstalledStack } from './installed-stack.ts';
import { preparePeers } from './ssh-peers.ts';

const timesFaster = 10;
const allowanceMilliseconds = 10;
const mostOfEarlier = 1.02;
/** One look in a run would say less than the noise. */
const looksInRun = 20;
const ownName = 'jtel-operator';
const wholeLook = `${ownName}, whole reconcile`;
const earlierName = hostileBuild.name;
const earlierWholeLook = `${earlierName}, whole reconcile`;
/** Shown or judged by themselves, so none of them is the best peer. */
const ours = new Set([wholeLook, earlierName, earlierWholeLook]);

export const checkNoop: Benchmark = {
  name: 'check.noop',
  unit: 'ms',
  runs: 15,
  goal: `at most 2 round trips + ${allowanceMilliseconds} ms, at least ${timesFaster} times as fast as the best peer, and at most ${mostOfEarlier} times that of the ${earlierName}`,

  async prepare(context): Promise<Trial> {
    const stack = await installStack(context);
    // The operator's own resyncs would interfere.
    await stack.operator.stop();
    const roundTrip = await roundTripMilliseconds(stack.host.address, stack.host.port);
    const { hostOnly, whole } = await controllerChecks(stack, context);
    const peers = await preparePeers(stack, context);
    return {
      product: medianOf(hostOnly),
      peers: [medianOf(whole), ...(await earlierChecks(context)), ...peers],
      judge: judge(roundTrip),
    };
  },
};

function judge(roundTrip: number): Trial['judge'] {
  return (product, peers) => {
    const limit = 2 * roundTrip + allowanceMilliseconds;
    const best = peers.filter(({ name }) => !ours.has(name)).toSorted((a, b) => a.median - b.median)[0];
    const ratio = best === undefined ? undefined : best.median / product.median;
    const medianBy = (name: string): number => peers.find((peer) => peer.name === name)?.median ?? Number.NaN;
    const ofEarlier = product.median / medianBy(earlierName);
    const wholeOfEarlier = medianBy(wholeLook) / medianBy(earlierWholeLook);
    const compared =
      best === undefined || ratio === undefined
        ? 'no peer to compare with'
        : `${formatValue(ratio)} times as fast as ${best.name}`;
    return {
      met:
        product.median <= limit && ratio !== undefined && ratio >= timesFaster && ofEarlier <= mostOfEarlier,
      because: `${compared}; ${formatValue(ofEarlier)} times that of the ${earlierName}, whole reconcile ${formatValue(wholeOfEarlier)} times; a round trip takes ${formatValue(roundTrip)} ms, so at most ${formatValue(limit)} ms`,
    };
  };
}

/** A run of several looks. */
function medianOf({ name, run }: Contender): Contender {
  return {
    name,
    run: async () => {
      const times: number[] = [];
      while (times.length < looksInRun) times.push(await run());
      return sampleOf(times).median;
    },
  };
}

/** The same of the earlier build, with its own stack on its own host. */
async function earlierChecks(context: BenchmarkContext): Promise<readonly (Contender | MissingPeer)[]> {
  const build = await earlierSandbox(context, hostileBuild);
  if ('missing' in build)
    return [earlierName, earlierWholeLook].map((name) => ({ name, missing: build.missing }));
  const { checkNoop: benchmark } = await build.load<{ checkNoop: Benchmark }>(
    'bench/benchmarks/check-noop.ts',
  );
  const { product, peers } = await benchmark.prepare(build.context);
  const whole = peers.find((peer): peer is Contender => peer.name === wholeLook && 'run' in peer);
  if (whole === undefined) throw new Error(`the ${earlierName} has no "${wholeLook}"`);
  return [medianOf({ ...product, name: earlierName }), medianOf({ ...whole, name: earlierWholeLook })];
}

/** Both checks with the controller's own code. */
async function controllerChecks(
  { operatorKubeconfig, toolbox, project, read }: InstalledStack,
  context: BenchmarkContext,
): Promise<{ readonly hostOnly: Contender; readonly whole: Contender }> {
  const connection = await KubeConnection.load({
    userAgent: 'jtel-bench',
    files: [operatorKubeconfig],
  });
  const cluster = new ClusterClient({
    connection,
    fieldManager: 'jtel-bench',
    secrets: new SecretRegistry(),
  });
  const driver = createHostDriver();
  context.atEnd(async () => {
    await driver.close();
    await connection.close();
  });
  const clusterID = await cluster.clusterID({ signal: AbortSignal.timeout(10_000) });
  const dependencies = {
    cluster,
    clusterID,
    driver,
    openStore,
    releases: new ReleaseSource(),
    credentials: new CredentialStore(cluster),
    toolbox: parseToolboxImage(toolbox),
    backups: new BackupSource(),
    restoresOf: () => Promise.resolve([]),
  };
  const stack = await read();
  const look = (): Promise<Look> =>
    lookAt(stack, { project, depth: 'quick', now: new Date() }, dependencies, {
      signal: AbortSignal.timeout(30_000),
    });
  const first = await look();
  const { host } = first.gathered;
  if (host === undefined)
    throw new Error(
      `the host of ${stack.metadata.name} cannot be looked at: ${JSON.stringify(first.observed.host)}`,
    );
  const checked = (name: string, seen: () => Promise<Pick<Look, 'held' | 'observed'>>): Contender => ({
    name,
    run: async () => {
      const start = performance.now();
      const { held, observed } = await seen();
      const verdict = plan({ ...held, observed, identity: { clusterID }, now: new Date() });
      const milliseconds = performance.now() - start;
      if (verdict.kind !== 'Done')
        throw new Error(`the check is not a no-change check: the planner wants ${JSON.stringify(verdict)}`);
      return milliseconds;
    },
  });
  return {
    hostOnly: checked(ownName, async () => {
      const value = await host.observe(project, 'quick', AbortSignal.timeout(30_000));
      return { held: first.held, observed: { ...first.observed, host: { ok: true, value } } };
    }),
    whole: checked(wholeLook, look),
  };
}

/** Median time of a TCP handshake with the host. */
async function roundTripMilliseconds(host: string, port: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 11; round += 1) {
    const start = performance.now();
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host, port }, () => {
        times.push(performance.now() - start);
        socket.destroy();
        resolve();
      }).once('error', reject);
    });
  }
  return sampleOf(times).median;
}
