/** `kubectl jtel status`: arguments, options and help. What it does is loaded when called. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { StatusOptions } from './status.ts';

export function statusCommand(surroundings: Surroundings): Command {
  return new Command('status')
    .description(
      'what a stack does, what is wrong with it and what it waits for; without STACK all of them, worst first',
    )
    .argument('[STACK]', 'name of the JtelStack')
    .addOption(new Option('-A, --all-namespaces', 'stacks of all namespaces'))
    .addOption(new Option('-w, --watch', 'go on showing it until Ctrl-C'))
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
