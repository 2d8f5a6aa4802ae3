/** `kubectl jtel report`: arguments, options and help. A call loads the command's work. */
import { Argument, Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ReportOptions } from './report.ts';

export function reportCommand(surroundings: Surroundings): Command {
  return new Command('report')
    .description(
      'collect what support needs into one archive, with known secrets masked; says first what is in it',
    )
    .addArgument(new Argument('[STACK]', 'name of the JtelStack; default: all of the namespace'))
    .addOption(
      new Option(
        '--file <file>',
        'write this file, which must not exist; default: <namespace>-<stack>-report-<time>.tar.gz here',
      ),
    )
    .option('--dry-run', 'only list what would be in it')
    .option('--host', 'also ask the host over SSH: its state, jobs, and the logs of its containers')
    .addOption(new Option('--operator-namespace <name>', 'where the operator runs').default('jtel-system'))
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      examples(
        'kubectl jtel report acme --dry-run',
        'kubectl jtel report acme --host',
        'kubectl jtel report -n customers --file report.tar.gz',
      ),
    )
    .action(async (name: string | undefined, options: ReportOptions, command: Command) => {
      const { report: run } = await import('./report.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}
