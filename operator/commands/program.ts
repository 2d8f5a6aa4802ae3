/**
 * Root of the `jtel-operator` command line: the operator itself, and commands for the vendor's build process
 * and for people who prepare hosts. Exit codes: 0 done, 1 failed, 2 wrong usage.
 */
import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { BlobError } from '../../blob-store/blob-store.ts';
import { InputError } from '../../controllers/inputs/input-error.ts';
import { ReleaseInvalidError } from '../../release/release-invalid-error.ts';
import { runCommandLine } from '../../command-line/command-line.ts';
import { completed } from '../../command-line/completion/complete.ts';
import { backupCommand } from './backup/command.ts';
import { checkCommand } from './check/command.ts';
import { completionCommand } from './completion/command.ts';
import { hostCommand } from './host/command.ts';
import { releaseCommand } from './release/command.ts';
import { CommandError, type Terminal } from '../../command-line/terminal.ts';

/** A part of the command line that another module builds. */
export type CommandFactory = (terminal: Terminal) => Command;

/** @param argv the words after the program's name. @returns the exit code. */
export async function runOperatorCommand(
  argv: readonly string[],
  terminal: Terminal,
  further: readonly CommandFactory[] = [],
): Promise<number> {
  // Names in a cluster are not looked for: this is a program for machines and for hosts.
  const lines = await completed(
    () => createOperatorProgram(terminal, further),
    argv,
    () => Promise.resolve([]),
  );
  if (lines !== undefined) {
    for (const line of lines) terminal.print(line);
    return 0;
  }
  return await runCommandLine(createOperatorProgram(terminal, further), argv, terminal, (error) =>
    [CommandError, BlobError, InputError, ReleaseInvalidError].some((kind) => error instanceof kind),
  );
}

export function createOperatorProgram(terminal: Terminal, further: readonly CommandFactory[] = []): Command {
  const program = new Command('jtel-operator')
    .version(manifest.version)
    .description('runs jtel container stacks on docker compose hosts')
    .showHelpAfterError('(--help says more)');
  for (const factory of [
    ...further,
    checkCommand,
    releaseCommand,
    hostCommand,
    (one: Terminal) => backupCommand(one),
    completionCommand,
  ])
    program.addCommand(factory(terminal));
  return program;
}
