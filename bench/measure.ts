/** Runs the contenders of a benchmark in turns, so any other load on the machine hits all of them alike. */
import { arch, cpus, release, totalmem } from 'node:os';
import type { Benchmark, Contender, MissingPeer, Trial, Verdict } from './benchmark.ts';
import { sampleOf, type Sample } from './statistics.ts';

const leastRuns = 5;

export interface PeerResult {
  readonly name: string;
  readonly value?: number;
  readonly runs?: readonly number[];
  /** Why there is no figure. */
  readonly missing?: string;
}

/** An entry of `bench/results.json`. */
export interface BenchmarkResult {
  readonly name: string;
  /** Median of `runs`. */
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
  readonly met: boolean;
  readonly peer: readonly PeerResult[];
  readonly runs: readonly number[];
  readonly machine: string;
}

export interface Measurement {
  readonly result: BenchmarkResult;
  readonly product: Sample;
  readonly verdict: Verdict;
}

/**
 * One warm-up of each, then `runs` rounds in which each runs once. Each round begins with another contender.
 * @throws if a run fails: a figure over the successful runs alone would flatter
 */
export async function measure(
  benchmark: Benchmark,
  trial: Trial,
  onRun: (contender: string, round: number, value: number) => void,
): Promise<Measurement> {
  const runs = Math.max(leastRuns, benchmark.runs);
  const contenders = [trial.product, ...trial.peers.filter((peer): peer is Contender => 'run' in peer)];
  for (const contender of contenders) await contender.run();
  const values = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < runs; round += 1) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const value = await contender.run();
      values.get(contender)?.push(value);
      onRun(contender.name, round + 1, value);
    }
  }
  const own = values.get(trial.product) ?? [];
  const product = sampleOf(own);
  const peers = trial.peers.map((peer) => peerResult(peer, values));
  const measuredPeers = peers.flatMap(({ name, runs: each }) =>
    each === undefined ? [] : [{ name, ...sampleOf(each) }],
  );
  const verdict = trial.judge(product, measuredPeers);
  const { name, unit, goal } = benchmark;
  return {
    result: {
      name,
      value: product.median,
      unit,
      goal,
      met: verdict.met,
      peer: peers,
      runs: own,
      machine: machine(),
    },
    product,
    verdict,
  };
}

function peerResult(
  peer: Contender | MissingPeer,
  values: ReadonlyMap<Contender, readonly number[]>,
): PeerResult {
  if ('missing' in peer) return { name: peer.name, missing: peer.missing };
  const runs = values.get(peer) ?? [];
  return { name: peer.name, value: sampleOf(runs).median, runs };
}

/** The machine that the figures were measured on. */
function machine(): string {
  const processors = cpus();
  const memoryGB = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'} (${arch()}), ${memoryGB} GB, Linux ${release()}, Node ${process.version}`;
}

/** Replaces earlier results of the same name by those of this run, and keeps the others. */
export function mergeResults(
  earlier: readonly BenchmarkResult[],
  latest: readonly BenchmarkResult[],
): BenchmarkResult[] {
  const replaced = earlier.filter(({ name }) => !latest.some((result) => result.name === name));
  return [...replaced, ...latest].toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}
