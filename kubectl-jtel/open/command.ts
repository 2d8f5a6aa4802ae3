/** `kubectl jtel open`: arguments, options and help. A call loads the command's work. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';

export function openCommand(surroundings: Surroundings): Command {
  return new Command('open')
    .description('open the page of a stack in the browser')
    .addArgument(stackArgument())
    .option('--print', 'only print the address')
    .addHelpText('after', examples('kubectl jtel open acme', 'curl "$(kubectl jtel open acme --print)"'))
    .action(async (name: string, options: { print?: boolean }, command: Command) => {
      const { open: run } = await import('./open.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}
