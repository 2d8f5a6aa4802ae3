/**
 * `fleet.*` and `event.firstbyte`: what an operator takes that looks after many stacks, beside the build from
 * before it was made for them. bench/fleet/ has how; docs/measurements.md explains the figures.
 * `JTEL_BENCH_STACKS` is the number of stacks (default 100).
 */
import { installAccess } from '../../sandbox/installation/operator.ts';
import type { Benchmark, BenchmarkContext, Contender, Trial } from '../benchmark.ts';
import { earlierCheckout, fleetBuild } from '../earlier-checkout.ts';
import { FleetBench } from '../fleet/fleet.ts';
import { fleetOf } from '../fleet/tenants.ts';
import { formatValue, sampleOf } from '../statistics.ts';

type Figures = Readonly<Record<string, number>>;

interface FleetBenchmark extends Pick<Benchmark, 'name' | 'unit'> {
  /** Which figure it is about. */
  readonly figure: string;
  /** The most that each figure may be. */
  readonly limits: Figures;
  readonly measure: (bench: FleetBench, tree?: string) => Promise<Figures>;
}

const changes = 60;
const restSeconds = 20;
/** Seldom enough that no look of a resync is taken for the answer to a change. */
const usualResyncSeconds = 300;

export const fleetBenchmarks: readonly Benchmark[] = [
  {
    name: 'fleet.coldstart',
    unit: 'ms' as const,
    figure: 'cpuMillisecondsEach',
    limits: { cpuMillisecondsEach: 12, callsEach: 2 },
    measure: (bench: FleetBench, tree?: string) => bench.coldStart(tree),
  },
  {
    name: 'fleet.rest',
    unit: '%' as const,
    figure: 'cpuPercent',
    limits: { callsPerLook: 3, writesPerSecond: 0, looksOfEachPerResync: 1.15 },
    measure: (bench: FleetBench, tree?: string) =>
      bench.rest({ resyncSeconds: restSeconds, resyncs: 2 }, tree),
  },
  {
    name: 'fleet.memory',
    unit: 'MB' as const,
    figure: 'residentMB',
    limits: { residentMB: 250 },
    measure: (bench: FleetBench, tree?: string) => bench.coldStart(tree),
  },
  {
    name: 'event.firstbyte',
    unit: 'ms' as const,
    figure: 'p99',
    limits: { p99: 50 },
    measure: (bench: FleetBench, tree?: string) =>
      bench.firstByte({ resyncSeconds: usualResyncSeconds, changes }, tree),
  },
  {
    name: 'event.firstbyte.dead',
    unit: 'ms' as const,
    figure: 'p99',
    limits: { p99: 55 },
    measure: (bench: FleetBench, tree?: string) =>
      bench.firstByte({ resyncSeconds: usualResyncSeconds, changes, dead: 50 }, tree),
  },
].map(asBenchmark);

function asBenchmark({ name, unit, figure, limits, measure }: FleetBenchmark): Benchmark {
  const each = Object.entries(limits).map(([of, most]) => `${of} at most ${most}`);
  return {
    name,
    unit,
    runs: 5,
    goal: `${stackCount()} stacks: ${each.join(', ')}`,
    async prepare(context): Promise<Trial> {
      const bench = await prepareFleet(context);
      const runs: Figures[] = [];
      const contender = (build: string, keep: (figures: Figures) => void, tree?: string): Contender => ({
        name: build,
        run: async () => {
          const figures = await measure(bench, tree);
          context.progress.info(`  ${build}: ${JSON.stringify(figures)}`);
          keep(figures);
          return figures[figure] ?? Number.NaN;
        },
      });
      const earlier = await earlierCheckout(fleetBuild);
      if (!('missing' in earlier)) context.atEnd(() => earlier.remove());
      return {
        product: contender('this build', (figures) => runs.push(figures)),
        peers: [
          'missing' in earlier
            ? { name: fleetBuild.name, missing: earlier.missing }
            : contender(fleetBuild.name, () => undefined, earlier.directory),
        ],
        judge: (product, peers) => {
          const medians = Object.entries(limits).map(([of, most]) => {
            // The first is the warm-up.
            const { median } = sampleOf(runs.slice(1).map((figures) => figures[of] ?? Number.NaN));
            return { of, median, met: median <= most };
          });
          const ratio = product.median / (peers[0]?.median ?? Number.NaN);
          const told = medians.map(({ of, median }) => `${of} ${formatValue(median)}`).join(', ');
          return {
            met: medians.every(({ met }) => met),
            because: `${told}; ${formatValue(ratio)} × ${fleetBuild.name}`,
          };
        },
      };
    },
  };
}

async function prepareFleet(context: BenchmarkContext): Promise<FleetBench> {
  const sandbox = await context.sandbox();
  await installAccess(sandbox);
  const fleet = fleetOf(`fleet-${Date.now()}`, stackCount(), 1);
  const bench = await FleetBench.open({ kubeconfig: sandbox.kubeconfigPath, fleet });
  context.atEnd(() => bench.close());
  context.progress.info(`  installed: ${JSON.stringify(await bench.install())}`);
  return bench;
}

function stackCount(): number {
  return Number(process.env['JTEL_BENCH_STACKS'] ?? 100);
}
