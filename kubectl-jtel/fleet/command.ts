/** `kubectl jtel fleet`: options and help. A call loads the command's work. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, parseWholeNumber } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { FleetCommandOptions } from './fleet.ts';

export function fleetCommand(surroundings: Surroundings): Command {
  return new Command('fleet')
    .description(
      'answer what concerns all stacks: which serve, versions, ages of backups and their tests, disks that fill up, certificates, hosts that are behind',
    )
    .addOption(new Option('-A, --all-namespaces', 'ask for stacks of all namespaces'))
    .addOption(
      new Option('--certificate-days <number>', 'tell certificates that end within so many days')
        .argParser(parseWholeNumber)
        .default(30),
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'kubectl jtel fleet -A',
        'kubectl jtel fleet -A -o wide',
        `kubectl jtel fleet -A -o json | jq '.questions[] | select(.name == "Disks")'`,
      ),
    )
    .action(async (options: FleetCommandOptions, command: Command) => {
      const { fleet: run } = await import('./fleet.ts');
      await inCluster(surroundings, command, (kit) => run(kit, options));
    });
}
