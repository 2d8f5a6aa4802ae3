/** `kubectl jtel rollback`: arguments, options and help. What it does is loaded when called. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { RollbackOptions } from './rollback.ts';

export function rollbackCommand(surroundings: Surroundings): Command {
  return new Command('rollback')
    .description('make an earlier spec the current one, in your name; shows the difference and asks first')
    .addArgument(stackArgument())
    .option(
      '--to <number>',
      'revision to go back to; default: what status calls the way back, else the newest that differs',
    )
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show the difference')
    .option(
      '--restore-data',
      'going back to an older release: bring back the data of before the update as well',
    )
    .option('--confirm <stack>', 'the answer to the question that this asks, for scripts')
    .option('-w, --wait', 'with --restore-data: show how far it is until it is done')
    .addHelpText(
      'after',
      '\nAn older release cannot use newer data, so without --restore-data a downgrade is refused.\n' +
        examples(
          'kubectl jtel rollback acme --dry-run',
          'kubectl jtel rollback acme --to 3',
          'kubectl jtel rollback acme --restore-data --wait',
        ),
    )
    .action(async (name: string, options: RollbackOptions, command: Command) => {
      const { rollback: run } = await import('./rollback.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}
