/** `kubectl jtel completion`: arguments, options and help. A call loads the command's work. */
import { Argument, Command } from 'commander';
import { examples } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import { shells, type Shell } from '../../command-line/completion/scripts.ts';

export function completionCommand(surroundings: Surroundings): Command {
  return new Command('completion')
    .description('print a shell’s completion script for kubectl-jtel')
    .addArgument(new Argument('<SHELL>').choices(shells))
    .addHelpText(
      'after',
      '\nThis script is for kubectl-jtel. `kubectl jtel` uses kubectl’s own completion (kubectl completion --help) and\nkubectl_complete-jtel, which comes with the plug-in and must be in the PATH.\n' +
        examples(
          'source <(kubectl jtel completion bash)',
          'kubectl jtel completion zsh > "${fpath[1]}/_kubectl-jtel"',
          'kubectl jtel completion fish > ~/.config/fish/completions/kubectl-jtel.fish',
        ),
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import('../../command-line/completion/scripts.ts');
      surroundings.print(completionScript(shell, 'kubectl-jtel').trimEnd());
    });
}
