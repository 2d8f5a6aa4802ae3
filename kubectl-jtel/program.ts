/**
 * Root of `kubectl jtel`. Only what describes the commands is loaded here; what a command does comes with its call, so that
 * the first line is there at once.
 */
import { Command, type Option } from 'commander';
import { runCommandLine } from '../command-line/command-line.ts';
import { backupCommand } from './backup/command.ts';
import { completionCommand } from './completion/command.ts';
import { diffCommand } from './diff/command.ts';
import { execCommand } from './exec/command.ts';
import { historyCommand } from './history/command.ts';
import { logsCommand } from './logs/command.ts';
import { openCommand } from './open/command.ts';
import { planCommand } from './plan/command.ts';
import { restoreCommand } from './restore/command.ts';
import { rollbackCommand } from './rollback/command.ts';
import { statusCommand } from './status/command.ts';
import { versionCommand } from './version/command.ts';
import { addGlobalOptions } from './options.ts';
import type { Surroundings } from './surroundings.ts';

/** Not a command like the others: what follows it is half a command line. */
const completeLine = '__complete';

const afterHelp = `
Secrets: logs, exec, plan and the backup commands that look into the store read Secrets of the namespace, with your own rights.

Exit codes: 0 done, 1 failed, 2 called the wrong way; exec has that of its command.

Names complete with Tab: kubectl jtel completion --help`;

/** @param argv what follows the program's name. @returns the exit code. */
export async function runPlugin(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  if (argv[0] === completeLine) {
    const { complete } = await import('./completion/complete.ts');
    for (const line of await complete(createProgram(surroundings), argv.slice(1), surroundings))
      surroundings.print(line);
    return 0;
  }
  return await runCommandLine(createProgram(surroundings), argv, surroundings, isExpected);
}

export function createProgram(surroundings: Surroundings): Command {
  const program = new Command('kubectl jtel')
    .description(
      'looks after jtel stacks: what they do, what was done to them, their logs, updates, backups and ways back',
    )
    .showHelpAfterError('(--help tells more)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', afterHelp);
  addGlobalOptions(program);
  // In this order `--help` lists them.
  const commands = [
    statusCommand,
    historyCommand,
    diffCommand,
    rollbackCommand,
    planCommand,
    logsCommand,
    execCommand,
    openCommand,
    backupCommand,
    restoreCommand,
    completionCommand,
    versionCommand,
  ];
  for (const command of commands) program.addCommand(command(surroundings));
  // Global are the options of the program; those of a command that has sub-commands are its own.
  const visibleGlobalOptions = (): Option[] => [...program.options];
  for (const command of everyBelow(program))
    command
      .configureHelp({ showGlobalOptions: true, visibleGlobalOptions })
      .showHelpAfterError('(--help tells more)');
  return program;
}

function everyBelow(command: Command): readonly Command[] {
  return command.commands.flatMap((below) => [below, ...everyBelow(below)]);
}

/** By name: the classes live in files that only some commands load. */
const expectedErrors = new Set([
  'CommandError',
  'ApiError',
  'InputError',
  'HostError',
  'BlobError',
  'FormatError',
  'RenderError',
  'ReleaseInvalidError',
  'InvalidValue',
]);

function isExpected(error: unknown): boolean {
  return error instanceof Error && expectedErrors.has(error.name);
}
