/**
 * What both command lines, `jtel-operator` and `kubectl jtel`, share: where help and errors go, and the exit
 * codes 0 done, 1 failed, 2 wrong usage.
 */
import { CommanderError, type Command } from 'commander';
import { fold } from '../base/fold.ts';
import { UsageError, type Terminal } from './terminal.ts';

/**
 * @param isExpected whether an error's message is enough; all others are shown with their stack.
 * @returns the exit code.
 */
export async function runCommandLine(
  program: Command,
  argv: readonly string[],
  terminal: Terminal,
  isExpected: (error: unknown) => boolean,
): Promise<number> {
  for (const command of everyCommand(program)) {
    command.exitOverride();
    // With arguments they would leave the descriptions no room; each command's own help has them.
    command.configureHelp({ ...command.configureHelp(), subcommandTerm: (one) => one.name() });
    command.configureOutput({
      writeOut: (text) =>
        terminal.print(folded(text.trimEnd(), command.configureOutput().getOutHelpWidth?.() ?? 80)),
      writeErr: (text) => terminal.note(text.trimEnd()),
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    return exitCode(error, terminal, isExpected);
  }
}

/** Breaks the paragraphs of a help text, which commander leaves as they are. Tables and examples are indented. */
function folded(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => (line.startsWith(' ') ? [line] : fold(line, width)))
    .join('\n');
}

function exitCode(error: unknown, terminal: Terminal, isExpected: (error: unknown) => boolean): number {
  // Commander has already printed it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ExitCode) return error.code;
  if (terminal.signal.aborted) {
    terminal.note('interrupted');
    return 1;
  }
  if (error instanceof UsageError) {
    terminal.note(`error: ${error.message}`);
    return 2;
  }
  terminal.note(
    isExpected(error)
      ? `error: ${(error as Error).message}`
      : `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return 1;
}

/** Everything is printed already; only the code is left. */
export class ExitCode extends Error {
  override readonly name = 'ExitCode';
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

export function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
