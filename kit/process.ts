/**
 * Runs other programs for the sandbox: without a shell, bounded in time. A failure names the command and
 * shows the last lines of its output. Secrets go by `input` (stdin), never as arguments.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';

export interface RunOptions {
  /** Written to the command's stdin, which is then closed. */
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutSeconds?: number;
  /** The command's whole output is appended here as well. */
  readonly logFile?: string;
  /** Gets what the command says on stderr, as it comes. */
  readonly onStderr?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that ended with a code other than 0. `message` has the command and its last lines. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: number;
  readonly stderr: string;

  constructor(command: readonly string[], result: RunResult, hint?: string) {
    const said = lastLines(result.stderr.trim() || result.stdout.trim(), 20);
    super(
      `${command.join(' ')} ended with code ${result.code}${said ? `:\n${said}` : ''}${hint ? `\n${hint}` : ''}`,
    );
    this.code = result.code;
    this.stderr = result.stderr;
  }
}

/** Runs a command to its end, whatever its exit code. Rejects only if it cannot start or takes too long. */
export async function tryRun(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = command;
  if (program === undefined) throw new Error('no command given');
  const { timeoutSeconds = 600 } = options;
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: 'pipe',
    signal,
  });
  let log: WriteStream | undefined;
  if (options.logFile !== undefined) {
    log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
    log.write(`\n$ ${command.join(' ')}\n`);
  }
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => (stdout.push(chunk), log?.write(chunk)));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    log?.write(chunk);
    options.onStderr?.(chunk.toString());
  });
  child.stdin.on('error', () => {}); // the command may end without reading its input; its exit code says so
  child.stdin.end(options.input);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return {
      code: code ?? 1,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    };
  } catch (error) {
    if (limit.aborted)
      throw new Error(`${command.join(' ')} took longer than ${timeoutSeconds} s`, { cause: error });
    throw new Error(`${command.join(' ')} could not be run`, { cause: error });
  } finally {
    log?.end();
  }
}

/** Runs a command that must succeed; returns its output. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(command, options);
  if (result.code !== 0) {
    throw new CommandError(
      command,
      result,
      options.logFile ? `The whole output is in ${options.logFile}.` : undefined,
    );
  }
  return result.stdout;
}

export function lastLines(text: string, count: number): string {
  return text.split('\n').slice(-count).join('\n');
}
