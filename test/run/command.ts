/**
 * Runs one command of a test run in a process group of its own, so that a time-out or an interrupt ends
 * everything that it started (vitest's workers, servers of a test), not only the command.
 */
import { spawn } from 'node:child_process';
import { optional } from '../../base/optional.ts';

export interface CommandOptions {
  /** `stream`: its output is shown at once. `on failure`: its output is kept, and returned. */
  readonly output: 'stream' | 'on failure';
  readonly timeLimitSeconds: number;
  /** What happens to processes of its group that outlive it. */
  readonly leftovers: 'kill' | 'keep';
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export interface CommandResult {
  /** undefined when a signal ended it, or when it could not be started. */
  readonly exitCode: number | undefined;
  /** Empty when streamed. */
  readonly output: string;
  /** Why it ended, when it did not end by itself. */
  readonly problem?: string;
}

/** How long a command may take to clean up after SIGTERM. */
const graceSeconds = 20;
const drainSeconds = 2;

export function runCommand(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const [command = '', ...rest] = argv;
  return new Promise((resolve) => {
    const stdio = options.output === 'stream' ? 'inherit' : 'pipe';
    const child = spawn(command, rest, {
      detached: true,
      stdio: ['ignore', stdio, stdio],
      env: options.environment,
    });
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));

    let problem: string | undefined;
    let killTimer: NodeJS.Timeout | undefined;
    const end = (why: string): void => {
      problem ??= why;
      signalGroup(child.pid, 'SIGTERM');
      killTimer ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceSeconds * 1000);
    };
    const timeLimit = setTimeout(
      () => end(`not done after ${options.timeLimitSeconds} s`),
      options.timeLimitSeconds * 1000,
    );
    const interrupt = (): void => end('interrupted');
    options.signal.addEventListener('abort', interrupt, { once: true });
    if (options.signal.aborted) interrupt();

    const finish = (exitCode: number | undefined): void => {
      clearTimeout(timeLimit);
      clearTimeout(killTimer);
      options.signal.removeEventListener('abort', interrupt);
      const output = Buffer.concat(chunks).toString('utf8');
      resolve({
        exitCode: problem === undefined ? exitCode : undefined,
        output,
        ...optional({ problem }),
      });
    };
    child.on('error', (error) => {
      problem ??= `${command} could not be started: ${error.message}`;
      finish(undefined);
    });
    child.on('exit', (code) => {
      if (options.leftovers === 'kill') signalGroup(child.pid, 'SIGKILL');
      // Its last output may still be in the pipe. But a daemon that inherited the pipe must not hold up the
      // run.
      const drained = setTimeout(() => finish(code ?? undefined), drainSeconds * 1000);
      child.on('close', () => {
        clearTimeout(drained);
        finish(code ?? undefined);
      });
    });
  });
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in the group.
  }
}
