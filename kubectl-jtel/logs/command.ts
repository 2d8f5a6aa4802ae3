/** `kubectl jtel logs`: arguments, options and help. What it does is loaded when called. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, parseDuration, parseWholeNumber, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { LogsOptions } from './logs.ts';

export function logsCommand(surroundings: Surroundings): Command {
  return new Command('logs')
    .description('what the containers of a stack write, read from its host')
    .addArgument(stackArgument())
    .argument('[COMPONENT]', 'such as acd-web, or acd-web-2 for one of several; default: all')
    .option('-f, --follow', 'go on until Ctrl-C, also when containers are replaced')
    .addOption(
      new Option(
        '--tail <lines>',
        'last lines of each container, or all; default: 100, with --since all',
      ).argParser((text) => (text === 'all' ? 'all' : parseWholeNumber(text))),
    )
    .addOption(
      new Option('--since <duration>', 'only what is younger, such as 30s, 10m, 2h').argParser(parseDuration),
    )
    .option('--timestamps', 'when each line was written')
    .addHelpText(
      'after',
      examples('kubectl jtel logs acme acd-web -f', 'kubectl jtel logs acme --since 10m --timestamps'),
    )
    .action(async (name: string, component: string | undefined, options: LogsOptions, command: Command) => {
      const { logs: run } = await import('./logs.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, component, options));
    });
}
