/**
 * `make test`: every check and every test, in one run, with one true count at the end (`N passed, N failed`),
 * which is what the build machine reads. The line comes out whatever happens, also when set-up fails or the
 * run is interrupted.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '../kit/paths.ts';
import { countLine, oneFailed, sum, type Counts } from './run/counts.ts';
import { lineReporter } from './run/reporter.ts';
import { runSteps } from './run/runner.ts';
import { selectors, selectSteps } from './run/steps.ts';

const usage = `Usage: node test/run.ts [--only STEP[,STEP…]] [--sandbox NAME] [--keep] [-- ARGUMENT FOR VITEST…]

  --only STEP     run only these: ${selectors.join(', ')}
  --sandbox NAME  name of the sandbox that integration and end-to-end tests use (test)
  --keep          leave that sandbox running, so that the next run is quick
  --help          this text
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      sandbox: { type: 'string', default: 'test' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupted.abort());

  const counts = await runSteps({
    steps: selectSteps(values.only.flatMap((names) => names.split(','))),
    sandbox: values.sandbox,
    afterwards: values.keep ? 'keep sandbox' : 'remove sandbox',
    vitestArguments: positionals,
    reporter: lineReporter((text) => process.stdout.write(text), process.stdout.isTTY ? 'coloured' : 'plain'),
    signal: interrupted.signal,
    sandboxCommand: ['node', 'sandbox/cli.ts'],
    sandboxes: () => readdir('.sandbox').catch(() => []),
    vitestCommand: ['vitest', 'run'],
    environment: {
      ...(process.stdout.isTTY ? process.env : plainEnvironment()),
      // Tests start the operator and the plug-in from source many hundred times: half of what a start takes is compiling.
      NODE_COMPILE_CACHE: join(cacheDirectory, 'compiled'),
    },
  });
  end(interrupted.signal.aborted && counts.failed === 0 ? sum([counts, oneFailed]) : counts);
}

/** Tools that are asked for colours by the environment would write them into the build machine's log. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...rest } = process.env;
  return { ...rest, NO_COLOR: '1' };
}

function end(counts: Counts): void {
  process.stdout.write(`${countLine(counts)}\n`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  end(oneFailed);
}
