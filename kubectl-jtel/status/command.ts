/** `kubectl jtel status`: arguments, options and help. A call loads the command's work. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { StatusOptions } from './status.ts';

export function statusCommand(surroundings: Surroundings): Command {
  return new Command('status')
    .description(
      'show what a stack does, what is wrong and what it waits for; without STACK all stacks, those that do not serve first',
    )
    .argument('[STACK]', 'name of the JtelStack')
    .addOption(new Option('-A, --all-namespaces', 'show stacks of all namespaces'))
    .addOption(new Option('-w, --watch', 'keep showing it until Ctrl-C'))
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'kubectl jtel status -A',
        'kubectl jtel status acme -n acme -w',
        'kubectl jtel status acme -o json | jq .status.operation',
      ),
    )
    .action(async (name: string | undefined, options: StatusOptions, command: Command) => {
      const { status: run } = await import('./status.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}
