/** `kubectl jtel doctor`: arguments, options and help. A call loads the command's work. */
import { Argument, Command, Option } from 'commander';
import { ExitCode } from '../../command-line/command-line.ts';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, type GlobalOptions } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { DoctorOptions } from './doctor.ts';

export function doctorCommand(surroundings: Surroundings): Command {
  return new Command('doctor')
    .description(
      'find out what is missing for a stack, before it is applied or afterwards; reads cluster, stores and host, changes nothing',
    )
    .addArgument(
      new Argument('[STACK]', 'name of the JtelStack; without it and without -f, only cluster and operator'),
    )
    .addOption(
      // Not `<file...>`, which would take the stack's name for a file.
      new Option(
        '-f, --filename <file>',
        'manifest with the JtelStack, or with stores and Secrets that are not applied either; can be repeated; - reads standard input',
      ).argParser((file: string, before: readonly string[] = []) => [...before, file]),
    )
    .option(
      '--ssh-key <file>',
      'private key for the host (and its jump host), for those who may not read the Secret',
    )
    .addOption(
      new Option('--operator-namespace <name>', 'where the operator is installed').default('jtel-system'),
    )
    .addOption(
      new Option(
        '--operator-name <name>',
        'name of its Lease and ServiceAccount: that of the Helm release',
      ).default('jtel-operator'),
    )
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      '\nEach check says what was seen and what to do. The exit code is 1 if one failed, else 0: warnings and checks that could not be asked are no failures. --timeout bounds each check (default 60s).\n' +
        examples(
          'kubectl jtel doctor',
          'kubectl jtel doctor -f acme.yaml',
          'kubectl jtel doctor acme -n demo',
          'kubectl jtel doctor acme -f store.yaml -f acme.yaml --ssh-key ~/.ssh/acme',
        ),
    )
    .action(async (name: string | undefined, options: DoctorOptions, command: Command) => {
      const { diagnose } = await import('./doctor.ts');
      const { timeout } = command.optsWithGlobals<GlobalOptions>();
      let isWell = false;
      await inCluster(surroundings, command, async (kit) => {
        isWell = await diagnose(kit, name, options, timeout);
      });
      if (!isWell) throw new ExitCode(1);
    });
}
