/**
 * `jtel-operator check`: the checks of `kubectl jtel doctor` from where the operator runs. With a namespace, also
 * what the operator needs for itself.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { ExitCode } from '../../../command-line/command-line.ts';
import type { Terminal } from '../../../command-line/terminal.ts';
import { withEndpointOptions } from '../endpoint-options.ts';
import type { CheckOptions } from './check.ts';

export function checkCommand(terminal: Terminal): Command {
  const command = new Command('check')
    .description(
      'find out what the operator lacks: kinds, rights, Lease, stores, and with a stack its host; changes nothing',
    )
    .addOption(new Option('--namespace <name...>', 'namespaces with stacks, as for run').default([], 'all'))
    .addOption(
      new Option('--stack <namespace/name>', 'also examine this stack and its host').argParser(stackName),
    )
    .option('-f, --filename <file>', 'also examine the JtelStack in this manifest; - reads standard input')
    .addOption(
      new Option('--lease-namespace <name>', 'where the Lease lies')
        .env('POD_NAMESPACE')
        .default('jtel-system'),
    )
    .addOption(new Option('--lease-name <name>', 'name of the Lease').default('jtel-operator'))
    .addOption(
      new Option('--timeout-seconds <n>', 'give up each check after this time')
        .default(60)
        .argParser(wholeSeconds),
    )
    .addOption(new Option('-o, --output <form>', 'format of the result').choices(['json']))
    .addOption(
      new Option(
        '--kubeconfig <file>',
        'kubeconfig of the cluster; default: the pod’s service account, else KUBECONFIG or ~/.kube/config',
      ),
    );
  return withEndpointOptions(command)
    .addHelpText(
      'after',
      '\nThe exit code is 1 if a check failed, else 0: warnings and checks that could not be asked are no failures.',
    )
    .action(async (options: CheckOptions) => {
      const { check } = await import('./check.ts');
      if (!(await check(options, terminal))) throw new ExitCode(1);
    });
}

function stackName(text: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (namespace === '' || name === '' || rest.length > 0)
    throw new InvalidArgumentError('It has to be NAMESPACE/NAME.');
  return { namespace, name };
}

function wholeSeconds(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new InvalidArgumentError('It has to be a whole number from 1 to 9999.');
  return Number(text);
}
