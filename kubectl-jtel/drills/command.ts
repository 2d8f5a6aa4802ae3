/** `kubectl jtel drills`: options and help. A call loads the command's work. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, type OutputOptions } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';

export function drillsCommand(surroundings: Surroundings): Command {
  return new Command('drills')
    .description('show how much of the fleet is tested by drills, their hosts, and what they test now')
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      '\nExit code 1 if a drill needs somebody: a host is refused or away, a backup has no room, or a test failed.\n' +
        examples('kubectl jtel drills', `kubectl jtel drills -o json | jq '.drills[].status.testedPercent'`),
    )
    .action(async (options: OutputOptions, command: Command) => {
      const { drills: run } = await import('./drills.ts');
      await inCluster(surroundings, command, (kit) => run(kit, options));
    });
}
