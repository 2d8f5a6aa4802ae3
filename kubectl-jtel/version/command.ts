/** `kubectl jtel version`: arguments, options and help. A call loads the command's work. */
import { Command, Option } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, type GlobalOptions } from '../options.ts';
import { printObject } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';
import type { VersionOptions } from './version.ts';

export function versionCommand(surroundings: Surroundings): Command {
  return new Command('version')
    .description(
      'compare the versions of plug-in, operator and CRDs, and say what to do when they do not fit',
    )
    .addOption(new Option('--client', 'print the plug-in’s version only, and ask no cluster'))
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      '\nIt looks for the operator’s Deployment, and for its Lease, which also tells of one outside the cluster, in all namespaces; -n names the one that it is in, for people who may not list in all.\n' +
        'Exit codes: 0 all that can be seen fits, 1 something does not, or the cluster did not answer.\n' +
        examples(
          'kubectl jtel version',
          'kubectl jtel version --client',
          'kubectl jtel version -o json | jq .findings',
        ),
    )
    .action(async (options: VersionOptions, command: Command) => {
      const { printClient, clientFact } = await import('./client.ts');
      // Before the cluster is asked, which may not answer.
      if (options.output === undefined) printClient(surroundings);
      if (options.client === true) {
        if (options.output !== undefined)
          await printObject({ surroundings }, { client: clientFact }, options.output);
        return;
      }
      const { version } = await import('./version.ts');
      const { namespace } = command.optsWithGlobals<GlobalOptions>();
      await inCluster(surroundings, command, (kit) => version(kit, namespace, options));
    });
}
