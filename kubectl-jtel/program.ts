/**
 * Root of `kubectl jtel`. It loads only the descriptions of commands; a call loads the work, so the first
 * line comes at once.
 */
import { Command, type Option } from 'commander';
import { runCommandLine } from '../command-line/command-line.ts';
import { backupCommand } from './backup/command.ts';
import { completionCommand } from './completion/command.ts';
import { consentCommand } from './consent/command.ts';
import { diffCommand } from './diff/command.ts';
import { drillsCommand } from './drills/command.ts';
import { doctorCommand } from './doctor/command.ts';
import { execCommand } from './exec/command.ts';
import { fleetCommand } from './fleet/command.ts';
import { historyCommand } from './history/command.ts';
import { importCommand } from './import/command.ts';
import { logsCommand } from './logs/command.ts';
import { openCommand } from './open/command.ts';
import { planCommand } from './plan/command.ts';
import { reportCommand } from './report/command.ts';
import { restoreCommand } from './restore/command.ts';
import { rolloutCommand } from './rollout/command.ts';
import { rollbackCommand } from './rollback/command.ts';
import { statusCommand } from './status/command.ts';
import { versionCommand } from './version/command.ts';
import { webCommand } from './web/command.ts';
import { windowsCommand } from './windows/command.ts';
import { completed } from '../command-line/completion/complete.ts';
import { addGlobalOptions } from './options.ts';
import { safeSurroundings } from './safe-surroundings.ts';
import type { Surroundings } from './surroundings.ts';

const afterHelp = `
Secrets: logs, exec, plan, consent, doctor, report and the backup commands that look into the store read Secrets of the namespace, with your own rights.

Exit codes: 0 done, 1 failed, 2 wrong usage; exec returns that of its command.

Names complete with Tab: kubectl jtel completion --help`;

/** @param argv the words after the program's name. @returns the exit code. */
export async function runPlugin(argv: readonly string[], outside: Surroundings): Promise<number> {
  const surroundings = safeSurroundings(outside);
  const lines = await completed(
    () => createProgram(surroundings),
    argv,
    async (wanted, line) => {
      const { candidates } = await import('./completion/candidates.ts');
      return await candidates(wanted, line, surroundings);
    },
  );
  if (lines !== undefined) {
    for (const line of lines) surroundings.print(line);
    return 0;
  }
  return await runCommandLine(createProgram(surroundings), argv, surroundings, isExpected);
}

export function createProgram(surroundings: Surroundings): Command {
  const program = new Command('kubectl jtel')
    .description('looks after jtel stacks: their state, history, logs, updates, backups and restores')
    .showHelpAfterError('(--help says more)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', afterHelp);
  addGlobalOptions(program);
  // `--help` lists them in this order.
  const commands = [
    statusCommand,
    fleetCommand,
    windowsCommand,
    historyCommand,
    diffCommand,
    rollbackCommand,
    rolloutCommand,
    drillsCommand,
    importCommand,
    planCommand,
    consentCommand,
    doctorCommand,
    logsCommand,
    execCommand,
    openCommand,
    webCommand,
    backupCommand,
    restoreCommand,
    reportCommand,
    completionCommand,
    versionCommand,
  ];
  for (const command of commands) program.addCommand(command(surroundings));
  // The program's options are global. Options of a command with sub-commands are its own.
  const visibleGlobalOptions = (): Option[] => [...program.options];
  for (const command of everyBelow(program))
    command
      .configureHelp({ showGlobalOptions: true, visibleGlobalOptions })
      .showHelpAfterError('(--help says more)');
  return program;
}

function everyBelow(command: Command): readonly Command[] {
  return command.commands.flatMap((below) => [below, ...everyBelow(below)]);
}

/** By name, because only some commands load the files of these classes. */
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
