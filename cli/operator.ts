/**
 * Root of the `jtel-operator` command line: the operator itself and the commands that the vendor's build process and
 * whoever prepares hosts use. Exit codes: 0 done, 1 failed, 2 called the wrong way.
 */
import { Command, CommanderError } from 'commander';
import { BlobError } from '../blob-store/blob-store.ts';
import { InputError } from '../controllers/input-error.ts';
import { ReleaseInvalidError } from '../release/validate.ts';
import { hostCommand } from './host/command.ts';
import { releaseCommand } from './release/command.ts';
import { CommandError, UsageError, type Terminal } from './terminal.ts';

/** A part of the command line that is put together elsewhere. */
export type CommandFactory = (terminal: Terminal) => Command;

/** @param argv what follows the program's name. @returns the exit code. */
export async function runOperatorCommand(argv: readonly string[], terminal: Terminal, further: readonly CommandFactory[] = []): Promise<number> {
  const program = new Command('jtel-operator').description('runs jtel container stacks on docker compose hosts').showHelpAfterError('(--help tells more)');
  for (const factory of [...further, releaseCommand, hostCommand]) program.addCommand(factory(terminal));
  for (const command of everyCommand(program)) {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.tell(text.trimEnd()),
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    return exitCode(error, terminal);
  }
}

function exitCode(error: unknown, terminal: Terminal): number {
  // Commander has told the user already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (terminal.signal.aborted) {
    terminal.tell('interrupted');
    return 1;
  }
  if (error instanceof UsageError) {
    terminal.tell(`error: ${error.message}`);
    return 2;
  }
  const expected = [CommandError, BlobError, InputError, ReleaseInvalidError].some((kind) => error instanceof kind);
  terminal.tell(expected ? `error: ${(error as Error).message}` : `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
