/**
 * `make bench [NAME=…]` runs benchmarks and their peers side by side, prints a table, and keeps the figures
 * in `bench/results.json`. docs/measurements.md explains them.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { lineProgress, Sandbox, type Progress } from '../sandbox/index.ts';
import type { Benchmark, BenchmarkContext } from './benchmark.ts';
import { benchmarks } from './benchmarks/index.ts';
import { measure, mergeResults, type BenchmarkResult, type Measurement } from './measure.ts';
import { table } from './report.ts';
import { formatValue } from './statistics.ts';

const sandboxName = 'bench';
const resultsFile = new URL('results.json', import.meta.url);
const usage = `Usage: node bench/run.ts [--keep] [NAME…]

  NAME    ${benchmarks.map(({ name }) => name).join(', ')} (default: all)
  --keep  leave sandbox ${sandboxName} running, so that the next run is quick
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (values.help) return void process.stdout.write(usage);
  const unknown = positionals.find((wanted) => !benchmarks.some(({ name }) => name === wanted));
  if (unknown !== undefined)
    throw new Error(
      `there is no benchmark "${unknown}"; there are: ${benchmarks.map(({ name }) => name).join(', ')}`,
    );
  const chosen =
    positionals.length === 0 ? benchmarks : benchmarks.filter(({ name }) => positionals.includes(name));

  const progress = lineProgress();
  let shared: Promise<Sandbox> | undefined;
  const cleanUps: (() => Promise<void>)[] = [];
  const context: BenchmarkContext = {
    sandbox: () => (shared ??= Sandbox.up({ name: sandboxName, hosts: [{ name: 'host-1' }], progress })),
    atEnd: (cleanUp) => void cleanUps.push(cleanUp),
    progress,
  };
  const cleanUp = async (): Promise<void> => {
    for (let next = cleanUps.pop(); next !== undefined; next = cleanUps.pop()) await next();
  };
  const removeSandbox = async (): Promise<void> => {
    if (shared !== undefined && !values.keep) await Sandbox.remove(sandboxName, progress);
  };
  const interrupt = async (): Promise<void> => {
    progress.info('interrupted');
    try {
      await cleanUp();
      await removeSandbox();
    } finally {
      process.exit(130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void interrupt());

  const measurements: Measurement[] = [];
  try {
    for (const benchmark of chosen) {
      measurements.push(await runBenchmark(benchmark, context, progress));
      await cleanUp();
    }
  } finally {
    await cleanUp();
    await removeSandbox();
    if (measurements.length > 0) save(measurements.map(({ result }) => result));
  }
  process.stdout.write(`\n${table(measurements)}\n`);
}

async function runBenchmark(
  benchmark: Benchmark,
  context: BenchmarkContext,
  progress: Progress,
): Promise<Measurement> {
  const trial = await progress.step(`${benchmark.name}: prepare`, () => benchmark.prepare(context));
  return await progress.step(`${benchmark.name}: measure`, () =>
    measure(benchmark, trial, (contender, round, value) =>
      progress.info(`  ${round}. ${contender}: ${formatValue(value)} ${benchmark.unit}`),
    ),
  );
}

function save(results: readonly BenchmarkResult[]): void {
  const earlier = existsSync(resultsFile)
    ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as BenchmarkResult[])
    : [];
  writeFileSync(resultsFile, `${JSON.stringify(mergeResults(earlier, results), undefined, 2)}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
