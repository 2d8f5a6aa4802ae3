/** `kubectl jtel windows`: arguments, options and help. A call loads the command's work. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, parseWholeNumber } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { WindowsOptions } from './windows.ts';

export function windowsCommand(surroundings: Surroundings): Command {
  return new Command('windows')
    .description('show when updates of stacks may begin, in one time zone; without STACK of all stacks')
    .argument('[STACK]', 'name of the JtelStack')
    .addOption(new Option('-A, --all-namespaces', 'show stacks of all namespaces'))
    .addOption(
      new Option('--days <number>', 'show windows of so many days').argParser(parseWholeNumber).default(7),
    )
    .addOption(
      new Option(
        '--time-zone <name>',
        'time zone of the times shown, such as Europe/Berlin; default: that of this computer',
      ),
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'kubectl jtel windows -A',
        'kubectl jtel windows acme -n acme --days 30',
        'kubectl jtel windows -A --time-zone America/Lima -o wide',
      ),
    )
    .action(async (name: string | undefined, options: WindowsOptions, command: Command) => {
      const { windows: run } = await import('./windows.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}
