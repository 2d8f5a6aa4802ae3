/** What a benchmark is. A new one is a file in `bench/benchmarks/` and an entry in `bench/benchmarks/index.ts`. */
import type { Progress, Sandbox } from '../sandbox/index.ts';
import type { Sample } from './statistics.ts';

/** The product, or what it is compared with. */
export interface Contender {
  readonly name: string;
  /** One run. @returns what was measured, in the benchmark's unit */
  readonly run: () => Promise<number>;
}

/** A peer that this machine does not have; told in the result instead of a figure. */
export interface MissingPeer {
  readonly name: string;
  readonly missing: string;
}

/** A benchmark ready to be run. */
export interface Trial {
  readonly product: Contender;
  readonly peers: readonly (Contender | MissingPeer)[];
  /** Whether the goal is met; may use what was measured while preparing. */
  readonly judge: (product: Sample, peers: readonly MeasuredPeer[]) => Verdict;
}

export interface MeasuredPeer extends Sample {
  readonly name: string;
}

export interface Verdict {
  readonly met: boolean;
  /** How it comes about, with figures. */
  readonly because: string;
}

export interface Benchmark {
  readonly name: string;
  readonly unit: 'ms' | 's' | 'MB' | 'MB/s' | 'ratio';
  /** Of each contender; at least 5. */
  readonly runs: number;
  /** In words, with figures. */
  readonly goal: string;
  prepare(context: BenchmarkContext): Promise<Trial>;
}

export interface BenchmarkContext {
  /** Shared by all benchmarks of one run; brought up by the first that asks. */
  sandbox(): Promise<Sandbox>;
  /** Takes back what `prepare` did: after the benchmark, also when it fails or is interrupted; the latest first. */
  atEnd(cleanUp: () => Promise<void>): void;
  readonly progress: Progress;
}
