/** `kubectl jtel restore …`: arguments, options and help. A call loads the command's work. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, parseWholeNumber, withPlace } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { RestoreOptions, UndoOptions } from './restore.ts';

export function restoreCommand(surroundings: Surroundings): Command {
  const undo = new Command('undo')
    .description('switch back to the data from before the last restore, while the host keeps them')
    .argument('<STACK>', 'name of the JtelStack')
    .addOption(new Option('--plan', 'only show what would happen'))
    .option('-y, --yes', 'do not ask')
    .option('--name <name>', 'name of the JtelRestore; default: STACK-undo-TIME')
    .option(
      '-w, --wait',
      'show the progress until it is done (as --plan always does); Ctrl-C stops only the waiting',
    )
    .addHelpText(
      'after',
      `\nIt takes as long as a restart. The data in use now are kept, so you can undo an undo.\n${examples('kubectl jtel restore undo acme --wait', 'kubectl jtel restore undo acme --plan')}`,
    )
    .action(async (name: string, _: UndoOptions, command: Command) => {
      const { undoRestore: run } = await import('./restore.ts');
      // `restore` takes options of the same name as its own, wherever they stand.
      await inCluster(surroundings, command, (kit) => run(kit, name, command.optsWithGlobals<UndoOptions>()));
    });
  return withPlace(new Command('restore'))
    .addCommand(undo)
    .usage('[options] <STACK>')
    .description('restore a backup into a stack, or plan or test that')
    .argument('<STACK>', 'name of the JtelStack')
    .addOption(new Option('--from <backup>', 'required: a backupID, the name of a JtelBackup, or latest'))
    .addOption(new Option('--plan', 'only check everything and show what would happen').conflicts('test'))
    .addOption(
      new Option(
        '--test',
        'restore into a scratch project, check it, remove it; the stack is not touched',
      ).conflicts(['replace']),
    )
    .option(
      '--replace',
      'replace the stack’s data by those of the backup; asks for the name of the stack, unless it is only a plan',
    )
    .option('--confirm <stack>', 'name of the stack, to confirm --replace in scripts')
    .option('--skip-backup', 'make no backup of the data that are replaced')
    .addOption(
      new Option(
        '--verify <how>',
        'check before the switch; Start: also start the database on the loaded data beside the stack, and count',
      ).choices(['Checksum', 'Start']),
    )
    .option('--in-place', 'if the disk has no room for both, stop the stack and overwrite its data')
    .addOption(
      new Option(
        '--keep-hours <number>',
        'keep the old data this many hours for `restore undo` (default: 24)',
      ).argParser(parseHours),
    )
    .option('--unsigned', 'accept a backup without a signature, as operators before 0.2 made them')
    .option('--unencrypted', 'accept a backup that is not encrypted although its store encrypts')
    .option('--name <name>', 'name of the JtelRestore; default: STACK-restore-TIME')
    .option(
      '-w, --wait',
      'show the progress until it is done (as --plan always does); Ctrl-C stops only the waiting',
    )
    .addHelpText(
      'after',
      '\nWithout --replace, a restore into a stack that has data is refused. The backup is loaded beside the data in use\nwhile the stack serves. The stack stops only for the switch; if it does not become healthy, it is switched back.\n' +
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

/** Whole hours; 0 keeps nothing. The schema has the upper bound. */
function parseHours(text: string): number {
  return text.trim() === '0' ? 0 : parseWholeNumber(text);
}
