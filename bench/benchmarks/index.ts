/** All benchmarks, in the order in which they run. */
import type { Benchmark } from '../benchmark.ts';
import { checkNoop } from './check-noop.ts';
import { deployOverhead } from './deploy-overhead.ts';
import { operatorMemory } from './operator-memory.ts';

export const benchmarks: readonly Benchmark[] = [checkNoop, deployOverhead, operatorMemory];
