/** `jtel-operator completion`: prints what a shell needs to complete this program. */
import { Argument, Command } from 'commander';
import { completionScript, shells, type Shell } from '../../../command-line/completion/scripts.ts';
import type { Terminal } from '../../../command-line/terminal.ts';

export function completionCommand(terminal: Terminal): Command {
  return new Command('completion')
    .description('print a shell’s completion script for jtel-operator')
    .addArgument(new Argument('<SHELL>').choices(shells))
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  source <(jtel-operator completion bash)\n' +
        '  jtel-operator completion zsh > "${fpath[1]}/_jtel-operator"\n' +
        '  jtel-operator completion fish > ~/.config/fish/completions/jtel-operator.fish',
    )
    .action((shell: Shell) => terminal.print(completionScript(shell, 'jtel-operator').trimEnd()));
}
