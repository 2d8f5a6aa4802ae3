/** `kubectl jtel restore …`: arguments, options and help. What it does is loaded when called. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, parseWholeNumber, withPlace } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { RestoreOptions, UndoOptions } from './restore.ts';

export function restoreCommand(surroundings: Surroundings): Command {
  const undo = new Command('undo')
    .description('switch back to the data from before the last restore, as long as they are kept on the host')
    .argument('<STACK>', 'name of the JtelStack')
    .addOption(new Option('--plan', 'only tell what would happen'))
    .option('-y, --yes', 'do not ask')
    .option('--name <name>', 'name of the JtelRestore; default: STACK-undo-TIME')
    .option(
      '-w, --wait',
      'show how far it is until it is done (as --plan always does); Ctrl-C leaves it running',
    )
    .addHelpText(
      'after',
      `\nIt takes as long as a restart. The data in use now are kept in their place, so an undo can be undone.\n${examples('kubectl jtel restore undo acme --wait', 'kubectl jtel restore undo acme --plan')}`,
    )
    .action(async (name: string, _: UndoOptions, command: Command) => {
      const { undoRestore: run } = await import('./restore.ts');
      // `restore` takes options of the same names for its own, wherever they stand.
      await inCluster(surroundings, command, (kit) => run(kit, name, command.optsWithGlobals<UndoOptions>()));
    });
  return withPlace(new Command('restore'))
    .addCommand(undo)
    .usage('[options] <STACK>')
    .description('bring the data of a backup into a stack, or plan or test that')
    .argument('<STACK>', 'name of the JtelStack')
    .addOption(
      new Option('--from <backup>', 'a backupID, the name of a JtelBackup, or latest; must be given'),
    )
    .addOption(new Option('--plan', 'only check everything and tell what would happen').conflicts('test'))
    .addOption(
      new Option(
        '--test',
        'restore into a scratch project, check it, remove it; the stack is not touched',
      ).conflicts(['replace']),
    )
    .option(
      '--replace',
      'put the data of the backup in the place of those that are there; asks for the name of the stack, unless it is only a plan',
    )
    .option('--confirm <stack>', 'the answer to that question, for scripts')
    .option('--skip-backup', 'make no backup of the data that are replaced')
    .addOption(
      new Option(
        '--verify <how>',
        'before the switch; Start also starts the database on the loaded data beside the stack, and counts',
      ).choices(['Checksum', 'Start']),
    )
    .option('--in-place', 'where the disk has no room for both, stop the stack and overwrite its data')
    .addOption(
      new Option(
        '--keep-hours <number>',
        'so long the data from before are kept for `restore undo` (default: 24)',
      ).argParser(parseHours),
    )
    .option('--name <name>', 'name of the JtelRestore; default: STACK-restore-TIME')
    .option(
      '-w, --wait',
      'show how far it is until it is done (as --plan always does); Ctrl-C leaves it running',
    )
    .addHelpText(
      'after',
      '\nWithout --replace a stack that has data refuses. The backup is loaded beside the data in use while the\nstack serves; it is stopped only to switch, and switched back when it does not become healthy.\n' +
        examples(
          'kubectl jtel restore acme --from latest --plan --replace',
          'kubectl jtel restore acme --from latest --test --wait',
          'kubectl jtel restore acme --from 20260105t020000z-3f9a1c --replace --wait',
        ),
    )
    .action(async (name: string, options: RestoreOptions, command: Command) => {
      const { restore: run } = await import('./restore.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}

/** Whole hours, 0 for none; the schema has the upper bound. */
function parseHours(text: string): number {
  return text.trim() === '0' ? 0 : parseWholeNumber(text);
}
