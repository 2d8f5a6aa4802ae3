/** `kubectl jtel diff`: arguments, options and help. A call loads the command's work. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { DiffOptions } from './diff.ts';

export function diffCommand(surroundings: Surroundings): Command {
  return new Command('diff')
    .description(
      'show what differs between two specs of a stack; without options, what the last change changed',
    )
    .addArgument(stackArgument())
    .option('--revision <number>', 'the older spec; default: the one that runs, else the newest that differs')
    .option('--to <number>', 'the newer spec; default: current')
    .addHelpText('after', examples('kubectl jtel diff acme', 'kubectl jtel diff acme --revision 3 --to 5'))
    .action(async (name: string, options: DiffOptions, command: Command) => {
      const { diff: run } = await import('./diff.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}
