/** `kubectl jtel history`: arguments, options and help. A call loads the command's work. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';

export function historyCommand(surroundings: Surroundings): Command {
  return new Command('history')
    .description(
      'list the changes of a stack: what, when, from which source, and how it ended; ▶ marks what runs',
    )
    .addArgument(stackArgument())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'kubectl jtel history acme',
        'kubectl jtel history acme -o wide',
        'kubectl jtel diff acme --revision 3 --to 4',
      ),
    )
    .action(async (name: string, options: { output?: 'json' | 'yaml' | 'wide' }, command: Command) => {
      const { history: run } = await import('./history.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}
