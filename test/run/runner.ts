/**
 * One test run: steps in order, the sandbox brought up before the first suite that needs it and taken down at
 * the end whatever happened. A failed step does not keep the later ones from running, except those that need
 * what is missing.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, type CommandOptions } from './command.ts';
import {
  nothing,
  oneFailed,
  onePassed,
  oneSkipped,
  suiteOutcome,
  sum,
  type Counts,
  type VitestReport,
} from './counts.ts';
import type { Reporter } from './reporter.ts';
import type { Check, Step, Suite } from './steps.ts';

export interface RunOptions {
  readonly steps: readonly Step[];
  /** Name of the sandbox; the tests get it as `JTEL_SANDBOX`. */
  readonly sandbox: string;
  readonly afterwards: 'remove sandbox' | 'keep sandbox';
  /** Passed on to vitest, e.g. part of a file name. */
  readonly vitestArguments: readonly string[];
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** The command that drives the sandbox: this, then `up` or `down`, then `--name`. */
  readonly sandboxCommand: readonly string[];
  /**
   * Names of the sandboxes that exist. Tests may have made more, whose names begin with the name of this
   * run's and a dash.
   */
  readonly sandboxes: () => Promise<readonly string[]>;
  /** The command that runs vitest, before its arguments. */
  readonly vitestCommand: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** The first run builds everything: packages, base images, perhaps Kubernetes. */
const sandboxUpSeconds = 2700;
const sandboxDownSeconds = 300;

export async function runSteps(options: RunOptions): Promise<Counts> {
  const { steps, reporter, signal } = options;
  const counts: Counts[] = [];
  let sandbox: 'not asked for' | 'up' | 'failed' = 'not asked for';
  try {
    for (const step of steps) {
      if (signal.aborted) {
        counts.push(oneSkipped);
        continue;
      }
      if (step.kind === 'check') {
        counts.push(await runCheck(step, options));
        continue;
      }
      if (step.needs === 'sandbox' && sandbox === 'not asked for') {
        const brought = await driveSandbox('up', options.sandbox, options, signal);
        counts.push(brought);
        sandbox = brought.failed === 0 ? 'up' : 'failed';
      }
      if (step.needs === 'sandbox' && sandbox === 'failed') {
        reporter.note(`${step.title}: not run, because there is no sandbox`);
        counts.push(oneSkipped);
        continue;
      }
      counts.push(await runSuite(step, options));
    }
  } finally {
    if (sandbox !== 'not asked for') {
      if (options.afterwards === 'keep sandbox') reporter.note(`sandbox ${options.sandbox} is left running`);
      // An interrupt must not prevent the removal of the sandbox.
      else
        for (const name of await ownSandboxes(options))
          counts.push(await driveSandbox('down', name, options, new AbortController().signal));
    }
  }
  return sum(counts);
}

async function runCheck(check: Check, options: RunOptions): Promise<Counts> {
  return options.reporter.step(check.title, async () => {
    const result = await runCommand(
      check.argv,
      commandOptions(options, { output: 'on failure', timeLimitSeconds: check.timeLimitSeconds }),
    );
    if (result.exitCode === 0) return { counts: onePassed };
    return {
      counts: oneFailed,
      details: result.output,
      problem: result.problem ?? `${check.argv.join(' ')} ended with exit code ${result.exitCode ?? 'none'}`,
    };
  });
}

async function ownSandboxes({ sandbox, sandboxes }: RunOptions): Promise<readonly string[]> {
  const more = (await sandboxes()).filter((name) => name.startsWith(`${sandbox}-`));
  return [sandbox, ...more];
}

/** Bringing a sandbox up or down is no test, but its failure counts as one. */
async function driveSandbox(
  verb: 'up' | 'down',
  name: string,
  options: RunOptions,
  signal: AbortSignal,
): Promise<Counts> {
  const argv = [...options.sandboxCommand, verb, '--name', name];
  return options.reporter.step(`sandbox ${name} ${verb}`, async () => {
    const result = await runCommand(argv, {
      ...commandOptions(options, {
        output: 'stream',
        timeLimitSeconds: verb === 'up' ? sandboxUpSeconds : sandboxDownSeconds,
      }),
      leftovers: 'keep',
      signal,
    });
    if (result.exitCode === 0) return { counts: nothing };
    return {
      counts: oneFailed,
      problem: result.problem ?? `${argv.join(' ')} ended with exit code ${result.exitCode ?? 'none'}`,
    };
  });
}

async function runSuite(suite: Suite, options: RunOptions): Promise<Counts> {
  return options.reporter.step(suite.title, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'jtel-tests-'));
    try {
      const file = join(directory, 'report.json');
      const argv = [
        '--project',
        suite.project,
        '--reporter',
        'default',
        '--reporter',
        'json',
        `--outputFile.json=${file}`,
      ];
      const result = await runCommand(
        [...options.vitestCommand, ...argv, ...options.vitestArguments],
        commandOptions(options, { output: 'stream', timeLimitSeconds: suite.timeLimitSeconds }),
      );
      const outcome = suiteOutcome(await readReport(file), result.exitCode);
      const problem = [result.problem, outcome.problem].filter((text) => text !== undefined).join('; ');
      return problem === '' ? outcome : { counts: outcome.counts, problem };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}

async function readReport(file: string): Promise<VitestReport | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as VitestReport;
  } catch {
    return undefined;
  }
}

function commandOptions(
  options: RunOptions,
  own: Pick<CommandOptions, 'output' | 'timeLimitSeconds'>,
): CommandOptions {
  return {
    ...own,
    leftovers: 'kill',
    environment: { ...options.environment, JTEL_SANDBOX: options.sandbox },
    signal: options.signal,
  };
}
