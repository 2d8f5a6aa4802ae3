/**
 * The parts of a benchmark. A new one is a file in `bench/benchmarks/` and an entry in
 * `bench/benchmarks/index.ts`.
 */
import type { Progress, Sandbox } from '../sandbox/index.ts';
import type { Sample } from './statistics.ts';

/** The product, or a peer to compare it with. */
export interface Contender {
  readonly name: string;
  /** One run. @returns the measured value, in the benchmark's unit */
  readonly run: () => Promise<number>;
}

/** A peer that this machine does not have. The result says so instead of a figure. */
export interface MissingPeer {
  readonly name: string;
  readonly missing: string;
}

/** A benchmark that is ready to run. */
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
  /** How the verdict follows, with figures. */
  readonly because: string;
}

export interface Benchmark {
  readonly name: string;
  readonly unit: 'ms' | 's' | 'MB' | 'MB/s' | 'ratio' | '%';
  /** Runs of each contender; at least 5. */
  readonly runs: number;
  /** In words, with figures. */
  readonly goal: string;
  prepare(context: BenchmarkContext): Promise<Trial>;
}

export interface BenchmarkContext {
  /** Shared by all benchmarks of one run; the first that needs it brings it up. */
  sandbox(): Promise<Sandbox>;
  /**
   * Undoes what `prepare` did after the benchmark, also if it fails or is interrupted. The latest comes
   * first.
   */
  atEnd(cleanUp: () => Promise<void>): void;
  readonly progress: Progress;
}
