/** `kubectl jtel backup …`: arguments, options and help. What they do is loaded when called. */
import { Argument, Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, parseWholeNumber, withPlace, type OutputOptions } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { CreateOptions } from './create.ts';
import type { ListOptions } from './list.ts';
import type { PlaceOptions } from './place.ts';
import type { VerifyOptions } from './verify.ts';

const backupArgument = (): Argument =>
  new Argument('[BACKUP]', 'a backupID, the name of a JtelBackup, or latest').default('latest');

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
