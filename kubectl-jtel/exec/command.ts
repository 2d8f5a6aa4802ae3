/** `kubectl jtel exec`: arguments, options and help. A call loads the command's work. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ExecOptions } from './exec.ts';

export function execCommand(surroundings: Surroundings): Command {
  return new Command('exec')
    .description('run a command in a container of a stack')
    .addArgument(stackArgument())
    .argument('<COMPONENT>', 'a component, such as acd-dbm, or one of its containers, such as acd-web-2')
    .argument('<COMMAND...>', 'after --: the command and its arguments')
    .option('-i, --stdin', 'pass standard input to the command')
    .option('-t, --tty', 'give the command a terminal')
    .addHelpText(
      'after',
      examples(
        'kubectl jtel exec acme acd-dbm -it -- bash',
        'kubectl jtel exec acme acd-web-1 -- cat /etc/os-release',
        'kubectl jtel exec acme acd-dbm -i -- sh < script.sh',
      ),
    )
    .action(
      async (
        name: string,
        component: string,
        words: readonly string[],
        options: ExecOptions,
        command: Command,
      ) => {
        const { exec: run } = await import('./exec.ts');
        await inCluster(surroundings, command, (kit) => run(kit, name, component, words, options));
      },
    );
}
