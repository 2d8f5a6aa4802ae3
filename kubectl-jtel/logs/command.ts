/** `kubectl jtel logs`: arguments, options and help. A call loads the command's work. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, parseDuration, parseWholeNumber, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { LogsOptions } from './logs.ts';

export function logsCommand(surroundings: Surroundings): Command {
  return new Command('logs')
    .description('print the logs of a stack’s containers, read from its host')
    .addArgument(stackArgument())
    .argument(
      '[COMPONENT]',
      'a component, such as acd-web, or one of its containers, such as acd-web-2; default: all',
    )
    .option('-f, --follow', 'follow the logs until Ctrl-C, also when containers are replaced')
    .addOption(
      new Option(
        '--tail <lines>',
        'number of last lines of each container, or all; default: 100, with --since all',
      ).argParser((text) => (text === 'all' ? 'all' : parseWholeNumber(text))),
    )
    .addOption(
      new Option('--since <duration>', 'only lines younger than this, such as 30s, 10m, 2h').argParser(
        parseDuration,
      ),
    )
    .option('--timestamps', 'show when each line was written')
    .addHelpText(
      'after',
      examples('kubectl jtel logs acme acd-web -f', 'kubectl jtel logs acme --since 10m --timestamps'),
    )
    .action(async (name: string, component: string | undefined, options: LogsOptions, command: Command) => {
      const { logs: run } = await import('./logs.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, component, options));
    });
}
