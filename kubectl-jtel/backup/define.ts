/** `kubectl jtel backup …` and `restore`: arguments, options and help. What they do is loaded when called. */
import { Argument, Command, Option } from 'commander';
import { inCluster } from '../define.ts';
import { examples, outputOption, parseWholeNumber, type OutputOptions } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { CreateOptions } from './create.ts';
import type { ListOptions } from './list.ts';
import type { PlaceOptions } from './place.ts';
import type { RestoreOptions, UndoOptions } from '../restore/restore.ts';
import type { VerifyOptions } from './verify.ts';

const backupArgument = (): Argument =>
  new Argument('[BACKUP]', 'a backupID, the name of a JtelBackup, or latest').default('latest');

/** Where to look when the cluster knows nothing (any more). */
function withPlace(command: Command): Command {
  return command
    .addOption(new Option('--store <name>', 'JtelBackupStore to look in; default: that of the stack'))
    .addOption(
      new Option(
        '--identity <identity>',
        'name under which backups lie in the store; default: that of the stack, else NAMESPACE.STACK',
      ),
    );
}

export function backupCommand(surroundings: Surroundings): Command {
  const list = withPlace(new Command('list'))
    .description(
      'the backups of a stack, newest first, read from the store: also where the cluster lost its objects',
    )
    .argument('[STACK]', 'name of the JtelStack; it need not exist when --store is given')
    .addOption(
      new Option('--limit <number>', 'so many of the newest').default(20).argParser(parseWholeNumber),
    )
    .option(
      '--packs',
      'also count the packs in the store, and those that no complete backup uses; reads the list of packs of every backup',
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'kubectl jtel backup list acme',
        'kubectl jtel backup list acme --packs',
        'kubectl jtel backup list --store customer --identity acme.acme',
      ),
    )
    .action(async (name: string | undefined, options: ListOptions, command: Command) => {
      const { list: run } = await import('./list.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  const show = withPlace(new Command('show'))
    .description('what is in a backup, read from the store')
    .argument('<STACK>', 'name of the JtelStack')
    .addArgument(backupArgument())
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      examples(
        'kubectl jtel backup show acme',
        'kubectl jtel backup show acme 20260105t020000z-3f9a1c -o json',
      ),
    )
    .action(async (name: string, backup: string, options: PlaceOptions & OutputOptions, command: Command) => {
      const { show: run } = await import('./show.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, backup, options));
    });
  const verify = withPlace(new Command('verify'))
    .description(
      'prove again that every part of a backup is in the store, with its length and digest; changes nothing',
    )
    .argument('<STACK>', 'name of the JtelStack')
    .addArgument(backupArgument())
    .option(
      '--read',
      'also read every pack and compare its SHA-256, instead of believing the store’s own MD5',
    )
    .addHelpText(
      'after',
      examples('kubectl jtel backup verify acme', 'kubectl jtel backup verify acme latest --read'),
    )
    .action(async (name: string, backup: string, options: VerifyOptions, command: Command) => {
      const { verify: run } = await import('./verify.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, backup, options));
    });
  const create = new Command('create')
    .description('ask the operator for a backup now')
    .argument('<STACK>', 'name of the JtelStack')
    .option('--name <name>', 'name of the JtelBackup; default: STACK-manual-TIME')
    .option('--store <name>', 'JtelBackupStore to write to, instead of that of the stack')
    .addOption(
      new Option('--verify <how>', 'Restore also restores it into a scratch project and compares')
        .choices(['Checksum', 'Restore'])
        .default('Checksum'),
    )
    .option('-w, --wait', 'show how far it is until it is done; Ctrl-C leaves it running')
    .addHelpText(
      'after',
      examples(
        'kubectl jtel backup create acme --wait',
        'kubectl jtel backup create acme --verify Restore --wait --timeout 2h',
      ),
    )
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const { create: run } = await import('./create.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  const backup = new Command('backup').description('list, show, verify and create backups');
  for (const command of [list, show, verify, create]) backup.addCommand(command);
  return backup;
}

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
      const { undoRestore: run } = await import('../restore/restore.ts');
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
      const { restore: run } = await import('../restore/restore.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}

/** Whole hours, 0 for none; the schema has the upper bound. */
function parseHours(text: string): number {
  return text.trim() === '0' ? 0 : parseWholeNumber(text);
}
