/** `kubectl jtel rollback`: arguments, options and help. A call loads the command's work. */
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
      'revision to go back to; default: the way back that status shows, else the newest that differs',
    )
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show the difference')
    .option('--restore-data', 'if the release is older: also restore the data from before the update')
    .option('--confirm <stack>', 'name of the stack, to confirm --restore-data in scripts')
    .option('-w, --wait', 'with --restore-data: show the progress until it is done')
    .addHelpText(
      'after',
      '\nAn older release cannot use newer data. Without --restore-data a downgrade is refused.\n' +
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
