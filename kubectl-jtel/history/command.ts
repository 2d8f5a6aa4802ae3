/** `kubectl jtel history`: arguments, options and help. A call loads the command's work. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, stackArgument } from '../options.ts';
import type { HistoryOptions } from './history.ts';
import type { Surroundings } from '../surroundings.ts';

export function historyCommand(surroundings: Surroundings): Command {
  return new Command('history')
    .description(
      'list the changes of a stack: what, when, from which source, and how it ended; ▶ marks what runs',
    )
    .addArgument(stackArgument())
    .addOption(
      new Option(
        '--revision <number>',
        'show the steps of this change instead, with the time that each took',
      ),
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nSOURCE is the commit: of the present spec, as the Kustomization of Flux or the Application of Argo CD says that applied it, if you may read that; else from the annotation jtel.de/source-revision.\n' +
        examples(
          'kubectl jtel history acme',
          'kubectl jtel history acme -o wide',
          'kubectl jtel history acme --revision 4',
          'kubectl jtel diff acme --revision 3 --to 4',
        ),
    )
    .action(async (name: string, options: HistoryOptions, command: Command) => {
      const { history: run } = await import('./history.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}
