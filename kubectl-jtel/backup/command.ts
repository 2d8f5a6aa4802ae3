/** `kubectl jtel backup …`: arguments, options and help. A call loads the command's work. */
import { Argument, Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, parseWholeNumber, withPlace, type OutputOptions } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { CreateOptions } from './create.ts';
import type { KeysOptions } from './keys.ts';
import type { ListOptions } from './list.ts';
import type { PlaceOptions } from './place.ts';
import type { VerifyOptions } from './verify.ts';

const backupArgument = (): Argument =>
  new Argument('[BACKUP]', 'a backupID, the name of a JtelBackup, or latest').default('latest');

export function backupCommand(surroundings: Surroundings): Command {
  const list = withPlace(new Command('list'))
    .description(
      'list the backups of a stack from the store, newest first; works without the objects in the cluster',
    )
    .argument('[STACK]', 'name of the JtelStack; with --store it need not exist')
    .addOption(
      new Option('--limit <number>', 'list at most this many, the newest')
        .default(20)
        .argParser(parseWholeNumber),
    )
    .option(
      '--packs',
      'also count the packs in the store, and those that no complete backup uses; reads every backup’s list of packs',
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
    .description('show what is in a backup, read from the store')
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
      'check that every part of a backup is in the store, with its length and digest; changes nothing',
    )
    .argument('<STACK>', 'name of the JtelStack')
    .addArgument(backupArgument())
    .option('--read', 'also read every pack and compare its SHA-256, instead of trusting the store’s MD5')
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
    .option('--store <name>', 'JtelBackupStore to write to; default: that of the stack')
    .addOption(
      new Option('--verify <how>', 'Restore: also restore it into a scratch project and compare')
        .choices(['Checksum', 'Restore'])
        .default('Checksum'),
    )
    .option('-w, --wait', 'show the progress until it is done; Ctrl-C stops only the waiting')
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
  const keys = new Command('keys')
    .description('print the public keys whose signatures on backups count; keep them outside of the cluster')
    .argument('[STACK]', 'name of the JtelStack; with --store it need not exist')
    .addOption(new Option('--store <name>', 'JtelBackupStore to look at; default: that of the stack'))
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      examples('kubectl jtel backup keys acme', 'kubectl jtel backup keys --store customer -o yaml'),
    )
    .action(async (name: string | undefined, options: KeysOptions, command: Command) => {
      const { keys: run } = await import('./keys.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  const backup = new Command('backup').description('list, show, verify and create backups');
  for (const command of [list, show, verify, create, keys]) backup.addCommand(command);
  return backup;
}
