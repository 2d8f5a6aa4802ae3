import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { lineReporter } from './reporter.ts';
import { runSteps, type RunOptions } from './runner.ts';
import type { Check, Suite } from './steps.ts';

let directory: string;
let printed: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'jtel-runner-'));
  printed = '';
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function check(name: string, script: string, timeLimitSeconds = 10): Check {
  return { kind: 'check', name, title: name, argv: ['node', '-e', script], timeLimitSeconds };
}

const e2e: Suite = {
  kind: 'suite',
  name: 'e2e',
  title: 'e2e',
  project: 'e2e',
  needs: 'sandbox',
  timeLimitSeconds: 10,
};
const passes = check('passes', '');
const fails = check('fails', 'console.log("the reason"); process.exit(3)');

/** A program that notes its arguments in a file, then does what the script says. */
function program(name: string, script = ''): string[] {
  const file = join(directory, `${name}.mjs`);
  writeFileSync(
    file,
    `import { appendFileSync, writeFileSync } from 'node:fs';
     appendFileSync(${JSON.stringify(join(directory, 'calls'))}, ['${name}', ...process.argv.slice(2).filter((each) => !each.startsWith('-'))].join(' ') + '\\n');
     ${script}`,
  );
  return ['node', file];
}

const calls = (): string[] => readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n');

const reportsTwoPassed = `
  const file = process.argv.find((each) => each.startsWith('--outputFile')).split('=')[1];
  writeFileSync(file, JSON.stringify({ testResults: [{ name: 'a', status: 'passed', assertionResults: [{ status: 'passed' }, { status: 'passed' }] }] }));`;

function options(change: Partial<RunOptions>): RunOptions {
  return {
    steps: [passes],
    sandbox: 'unit',
    afterwards: 'remove sandbox',
    vitestArguments: [],
    reporter: lineReporter((text) => (printed += text), 'plain'),
    signal: new AbortController().signal,
    sandboxes: () => Promise.resolve(['unit', 'unit-more', 'unity', 'somebody-else']),
    environment: process.env,
    ...change,
    sandboxCommand: change.sandboxCommand ?? program('sandbox'),
    vitestCommand: change.vitestCommand ?? program('vitest', reportsTwoPassed),
  };
}

describe('a test run', () => {
  test('counts each check as one test and each test of a suite', async () => {
    expect(await runSteps(options({ steps: [passes, e2e] }))).toEqual({ passed: 3, failed: 0, skipped: 0 });
  });

  test('goes on after a failed check and shows what it printed', async () => {
    expect(await runSteps(options({ steps: [fails, passes] }))).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(printed).toContain('the reason');
    expect(printed).toContain('exit code 3');
  });

  test('brings the sandbox up once for all suites that need it, and takes it down last, with those that tests made', async () => {
    await runSteps(options({ steps: [passes, e2e, e2e] }));
    expect(calls()).toEqual([
      'sandbox up unit',
      'vitest e2e default json',
      'vitest e2e default json',
      'sandbox down unit',
      'sandbox down unit-more',
    ]);
  });

  test('leaves the sandbox running when asked to', async () => {
    await runSteps(options({ steps: [e2e], afterwards: 'keep sandbox' }));
    expect(calls()).toEqual(['sandbox up unit', 'vitest e2e default json']);
  });

  test('counts a sandbox that does not come up as failed, runs no suite in it, and still cleans up', async () => {
    const sandboxCommand = program('sandbox', `if (process.argv[2] === 'up') process.exit(1);`);
    expect(await runSteps(options({ steps: [e2e, e2e], sandboxCommand }))).toEqual({
      passed: 0,
      failed: 1,
      skipped: 2,
    });
    expect(calls()).toEqual(['sandbox up unit', 'sandbox down unit', 'sandbox down unit-more']);
  });

  test('counts a suite that crashes as failed, and still takes the sandbox down', async () => {
    const vitestCommand = program('vitest', 'process.exit(2);');
    expect(await runSteps(options({ steps: [e2e], vitestCommand }))).toEqual({
      passed: 0,
      failed: 1,
      skipped: 0,
    });
    expect(calls()).toContain('sandbox down unit');
    expect(printed).toContain('without a report');
  });

  test('takes the sandbox down when interrupted in the middle of a suite, and skips the rest', async () => {
    const interrupt = new AbortController();
    const vitestCommand = program('vitest', 'setInterval(() => {}, 1000);');
    const run = runSteps(options({ steps: [e2e, passes], vitestCommand, signal: interrupt.signal }));
    await waitFor('vitest to be started', () => existsSync(join(directory, 'calls')) && calls().length === 2);
    interrupt.abort();
    expect(await run).toEqual({ passed: 0, failed: 1, skipped: 1 });
    expect(calls()).toContain('sandbox down unit');
    expect(printed).toContain('interrupted');
  });

  test('ends a step that takes too long, with every process it started', async () => {
    const pidFile = join(directory, 'pid');
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
      setInterval(() => {}, 1000);`;
    expect(await runSteps(options({ steps: [check('hangs', script, 1)] }))).toEqual({
      passed: 0,
      failed: 1,
      skipped: 0,
    });
    expect(printed).toContain('not done after 1 s');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await waitFor('the grandchild to be gone', () => !isRunning(pid));
  });

  test('counts a tool that is not installed as failed', async () => {
    const missing: Check = { ...passes, argv: ['no-such-tool'] };
    expect(await runSteps(options({ steps: [missing] }))).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(printed).toContain('could not be started');
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has reaped yet no longer runs.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
