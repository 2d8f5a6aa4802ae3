/** Connects `jtel-operator` to the process it runs in. */
import { runOperatorCommand } from './operator.ts';
import { runCommand } from './run.ts';
import type { Terminal } from './terminal.ts';

/** @returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => controller.abort(new Error(`${signal} received`));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // A closed pipe (`… | head`) is the reader's right, not an error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    const terminal: Terminal = {
      print: (line) => void process.stdout.write(`${line}\n`),
      tell: (line) => void process.stderr.write(`${line}\n`),
      signal: controller.signal,
    };
    return await runOperatorCommand(argv, terminal, [runCommand]);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
