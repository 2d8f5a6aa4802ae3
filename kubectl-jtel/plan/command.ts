/** `kubectl jtel plan`: arguments, options and help. What it does is loaded when called. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { PlanOptions } from './plan.ts';

export function planCommand(surroundings: Surroundings): Command {
  return new Command('plan')
    .description('what the operator would do next with a stack, and why; looks at the host, does nothing')
    .addArgument(stackArgument())
    .option(
      '-f, --filename <file>',
      'a manifest with a changed JtelStack that is not applied yet; - reads standard input',
    )
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      '\nThe operator’s own planner decides, with your rights: it reads the Secrets that the stack names.\n' +
        examples('kubectl jtel plan acme', 'kubectl jtel plan acme -f acme.yaml'),
    )
    .action(async (name: string, options: PlanOptions, command: Command) => {
      const { planStack } = await import('./plan.ts');
      await inCluster(surroundings, command, (kit) => planStack(kit, name, options));
    });
}
