/** `kubectl jtel import …`: arguments, options and help. A call loads the command's work. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, stackArgument, type OutputOptions } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { FinishOptions } from './import.ts';

export function importCommand(surroundings: Surroundings): Command {
  const status = new Command('status')
    .description('show how far the import of an old installation is, and what it does not bring over')
    .addArgument(stackArgument())
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      examples('kubectl jtel import status acme', 'kubectl jtel import status acme -o json'),
    )
    .action(async (name: string, options: OutputOptions, command: Command) => {
      const { status: run } = await import('./import.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  const finish = new Command('finish')
    .description(
      'let an import take the last changes, compare everything, and start the stack; the old installation must be stopped, but not its database; asks first',
    )
    .addArgument(stackArgument())
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples('kubectl jtel import finish acme', 'kubectl jtel import finish acme --yes'),
    )
    .action(async (name: string, options: FinishOptions, command: Command) => {
      const { finish: run } = await import('./import.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  return new Command('import')
    .description('look at the import of an old installation, and finish it')
    .addCommand(status)
    .addCommand(finish);
}
