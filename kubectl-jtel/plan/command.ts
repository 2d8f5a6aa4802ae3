/** `kubectl jtel plan`: arguments, options and help. A call loads the command's work. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { PlanOptions } from './plan.ts';

export function planCommand(surroundings: Surroundings): Command {
  return new Command('plan')
    .description(
      'show what the operator would do next with a stack, and why; reads the host, changes nothing',
    )
    .addArgument(stackArgument())
    .option(
      '-f, --filename <file>',
      'plan for the changed JtelStack in this manifest, without applying it; - reads standard input',
    )
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      '\nThis runs the operator’s planner with your rights. It reads the Secrets that the stack names.\n' +
        examples('kubectl jtel plan acme', 'kubectl jtel plan acme -f acme.yaml'),
    )
    .action(async (name: string, options: PlanOptions, command: Command) => {
      const { planStack } = await import('./plan.ts');
      await inCluster(surroundings, command, (kit) => planStack(kit, name, options));
    });
}
