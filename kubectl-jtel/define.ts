/** The commands about one stack and about the plug-in itself: arguments, options and help. What they do is loaded when called. */
import { Argument, Command, Option } from 'commander';
import type { Kit } from './kit.ts';
import { examples, outputOption, parseDuration, parseWholeNumber, type GlobalOptions } from './options.ts';
import type { Surroundings } from './surroundings.ts';
import type { DiffOptions } from './diff/diff.ts';
import type { ExecOptions } from './exec/exec.ts';
import type { LogsOptions } from './logs/logs.ts';
import type { PlanOptions } from './plan/plan.ts';
import type { RollbackOptions } from './rollback/rollback.ts';
import type { StatusOptions } from './status/status.ts';
import { shells, type Shell } from './completion/completion.ts';

const stackArgument = (): Argument => new Argument('<STACK>', 'name of the JtelStack');

/** Runs the work of a command in the cluster. */
export async function inCluster(
  surroundings: Surroundings,
  command: Command,
  work: (kit: Kit) => Promise<void>,
): Promise<void> {
  const { withKit } = await import('./kit.ts');
  await withKit(command.optsWithGlobals<GlobalOptions>(), surroundings, work);
}

export function stackCommands(surroundings: Surroundings): Command[] {
  const status = new Command('status')
    .description(
      'what a stack does, what is wrong with it and what it waits for; without STACK all of them, worst first',
    )
    .argument('[STACK]', 'name of the JtelStack')
    .addOption(new Option('-A, --all-namespaces', 'stacks of all namespaces'))
    .addOption(new Option('-w, --watch', 'go on showing it until Ctrl-C'))
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'kubectl jtel status -A',
        'kubectl jtel status acme -n acme -w',
        'kubectl jtel status acme -o json | jq .status.operation',
      ),
    )
    .action(async (name: string | undefined, options: StatusOptions, command: Command) => {
      const { status: run } = await import('./status/status.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  const history = new Command('history')
    .description('what was done to a stack, when, from which source, and how it ended; ▶ marks what runs')
    .addArgument(stackArgument())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'kubectl jtel history acme',
        'kubectl jtel history acme -o wide',
        'kubectl jtel diff acme --revision 3 --to 4',
      ),
    )
    .action(async (name: string, options: { output?: 'json' | 'yaml' | 'wide' }, command: Command) => {
      const { history: run } = await import('./history/history.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  const diff = new Command('diff')
    .description('what differs between two specs of a stack; without options: what the last change changed')
    .addArgument(stackArgument())
    .option('--revision <number>', 'the older one; default: what runs, else the newest that differs')
    .option('--to <number>', 'the newer one; default: current')
    .addHelpText('after', examples('kubectl jtel diff acme', 'kubectl jtel diff acme --revision 3 --to 5'))
    .action(async (name: string, options: DiffOptions, command: Command) => {
      const { diff: run } = await import('./diff/diff.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  const rollback = new Command('rollback')
    .description('make an earlier spec the current one, in your name; shows the difference and asks first')
    .addArgument(stackArgument())
    .option(
      '--to <number>',
      'revision to go back to; default: what status calls the way back, else the newest that differs',
    )
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show the difference')
    .option(
      '--restore-data',
      'going back to an older release: bring back the data of before the update as well',
    )
    .option('--confirm <stack>', 'the answer to the question that this asks, for scripts')
    .option('-w, --wait', 'with --restore-data: show how far it is until it is done')
    .addHelpText(
      'after',
      '\nAn older release cannot use newer data, so without --restore-data a downgrade is refused.\n' +
        examples(
          'kubectl jtel rollback acme --dry-run',
          'kubectl jtel rollback acme --to 3',
          'kubectl jtel rollback acme --restore-data --wait',
        ),
    )
    .action(async (name: string, options: RollbackOptions, command: Command) => {
      const { rollback: run } = await import('./rollback/rollback.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  return [status, history, diff, rollback, planCommand(surroundings)];
}

function planCommand(surroundings: Surroundings): Command {
  return new Command('plan')
    .description('what the operator would do next with a stack, and why; looks at the host, does nothing')
    .addArgument(stackArgument())
    .option(
      '-f, --filename <file>',
      'a manifest with a changed JtelStack that is not applied yet; - reads standard input',
    )
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      '\nThe operator’s own planner decides, with your rights: it reads the Secrets that the stack names.\n' +
        examples('kubectl jtel plan acme', 'kubectl jtel plan acme -f acme.yaml'),
    )
    .action(async (name: string, options: PlanOptions, command: Command) => {
      const { planStack } = await import('./plan/plan.ts');
      await inCluster(surroundings, command, (kit) => planStack(kit, name, options));
    });
}

export function containerCommands(surroundings: Surroundings): Command[] {
  const logs = new Command('logs')
    .description('what the containers of a stack write, read from its host')
    .addArgument(stackArgument())
    .argument('[COMPONENT]', 'such as acd-web, or acd-web-2 for one of several; default: all')
    .option('-f, --follow', 'go on until Ctrl-C, also when containers are replaced')
    .addOption(
      new Option(
        '--tail <lines>',
        'last lines of each container, or all; default: 100, with --since all',
      ).argParser((text) => (text === 'all' ? 'all' : parseWholeNumber(text))),
    )
    .addOption(
      new Option('--since <duration>', 'only what is younger, such as 30s, 10m, 2h').argParser(parseDuration),
    )
    .option('--timestamps', 'when each line was written')
    .addHelpText(
      'after',
      examples('kubectl jtel logs acme acd-web -f', 'kubectl jtel logs acme --since 10m --timestamps'),
    )
    .action(async (name: string, component: string | undefined, options: LogsOptions, command: Command) => {
      const { logs: run } = await import('./logs/logs.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, component, options));
    });
  const exec = new Command('exec')
    .description('run a command in a container of a stack')
    .addArgument(stackArgument())
    .argument('<COMPONENT>', 'such as acd-dbm, or acd-web-2 for one of several')
    .argument('<COMMAND...>', 'after --: the command and its arguments')
    .option('-i, --stdin', 'pass standard input on')
    .option('-t, --tty', 'with a terminal')
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
        const { exec: run } = await import('./exec/exec.ts');
        await inCluster(surroundings, command, (kit) => run(kit, name, component, words, options));
      },
    );
  const open = new Command('open')
    .description('open the page of a stack in the browser')
    .addArgument(stackArgument())
    .option('--print', 'only print the address')
    .addHelpText('after', examples('kubectl jtel open acme', 'curl "$(kubectl jtel open acme --print)"'))
    .action(async (name: string, options: { print?: boolean }, command: Command) => {
      const { open: run } = await import('./open/open.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  return [logs, exec, open];
}

export function pluginCommands(surroundings: Surroundings): Command[] {
  const completion = new Command('completion')
    .description('print the script with which a shell completes kubectl-jtel')
    .addArgument(new Argument('<SHELL>').choices(shells))
    .addHelpText(
      'after',
      '\n`kubectl jtel` itself completes with kubectl’s own completion (kubectl completion --help) once\nkubectl_complete-jtel, which comes with the plug-in, is in the PATH. This script is for kubectl-jtel.\n' +
        examples(
          'source <(kubectl jtel completion bash)',
          'kubectl jtel completion zsh > "${fpath[1]}/_kubectl-jtel"',
          'kubectl jtel completion fish > ~/.config/fish/completions/kubectl-jtel.fish',
        ),
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./completion/completion.ts');
      surroundings.print(completionScript(shell).trimEnd());
    });
  const version = new Command('version').description('print the version of the plug-in').action(async () => {
    const { version: read } = await import('./version/version.ts');
    surroundings.print(await read());
  });
  return [completion, version];
}
