/** Connects `jtel-operator` to the process it runs in. */
import { printableLines } from '../../base/printable.ts';
import { runOperatorCommand } from './program.ts';
import { runInProcess } from '../../command-line/process.ts';
import { runCommand } from './run.ts';
import type { Terminal } from '../../command-line/terminal.ts';

/** @returns the exit code. */
export function main(argv: readonly string[]): Promise<number> {
  return runInProcess(async (signal) => {
    const terminal: Terminal = {
      print: (line) => void process.stdout.write(`${printableLines(line)}\n`),
      note: (line) => void process.stderr.write(`${printableLines(line)}\n`),
      signal,
    };
    return await runOperatorCommand(argv, terminal, [runCommand]);
  });
}
