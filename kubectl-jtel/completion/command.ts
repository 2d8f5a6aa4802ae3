/** `kubectl jtel completion`: arguments, options and help. What it does is loaded when called. */
import { Argument, Command } from 'commander';
import { examples } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import { shells, type Shell } from './completion.ts';

export function completionCommand(surroundings: Surroundings): Command {
  return new Command('completion')
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
      const { completionScript } = await import('./completion.ts');
      surroundings.print(completionScript(shell).trimEnd());
    });
}
