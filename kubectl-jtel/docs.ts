/** Makes docs/kubectl-jtel.md from the commands themselves, so the page says what --help says. */
import type { Command, Option } from 'commander';
import { createProgram } from './program.ts';
import { silentSurroundings } from './surroundings.ts';

const intro = `<!-- Made by \`make generate\` from kubectl-jtel/; a test keeps it fresh. -->
# kubectl jtel

This page tells you how to install the plug-in, which rights it needs, and what each command does.

The plug-in of kubectl is for people who look after stacks. It asks the Kubernetes API, the host (over SSH with the pinned host
keys) and the backup store, always with your own rights. It needs no access to the operator, and the operator needs none to it.

## Installation

\`make plugin\` bundles it from a checkout of this repository. It runs with the Node that comes with the packages. Run
\`make plugin\` again after the checkout has changed.

\`\`\`
make plugin                      # bundles it into .plugin/, and links that into ~/.local/bin
make plugin BINDIR=/usr/local/bin
kubectl jtel version
\`\`\`

Tab completes commands, options and the names of stacks, components, revisions and backups, if kubectl's own completion is
set up (\`kubectl completion --help\`). For \`kubectl-jtel\` itself: \`source <(kubectl-jtel completion bash)\`, or zsh, or fish.

## Conventions

- Choose namespace, context and kubeconfig as with kubectl. Options may stand before or after the command.
- Results go to standard output, everything else to standard error. Colours appear only on terminals; \`NO_COLOR\` and
  \`--no-color\` switch them off. In a pipe nothing is shortened.
- \`-o json\` and \`-o yaml\` are for programs, \`-o wide\` for wide screens.
- Exit codes: 0 done, 1 failed, 2 wrong usage; \`exec\` returns that of its command.
- Ctrl-C stops waiting. The work continues, and the plug-in says how to follow it.

## Rights that you need

| command | verbs, in the namespace of the stack |
|---|---|
| status, open | get, list (and watch, with -w) jtelstacks |
| web | list and watch jtelstacks; what may be listed of jtelbackups, jtelrestores, jtelbackupstores, controllerrevisions and events is shown, too; for a plan, what plan needs |
| history, diff | the same, and list controllerrevisions |
| rollback | the same, and update jtelstacks |
| logs, exec | get jtelstacks; get the Secrets with the SSH keys |
| plan | get jtelstacks, jtelbackupstores, jtelbackups, jtelrestores and every Secret that the stack names; list controllerrevisions and jtelrestores; get the namespace kube-system; update jtelstacks for -f (dry run) |
| doctor | those of plan, as far as you have them: what you may not ask is skipped ([doctor.md](doctor.md)); get the operator’s Lease; create subjectaccessreviews |
| backup list, show, verify | get jtelstacks, jtelbackupstores and the Secret of the store; list jtelbackups |
| backup create, restore | create jtelbackups, or jtelrestores (and list, watch them, with --wait) |

\`logs\`, \`exec\`, \`plan\` and \`doctor\` also need to reach the host's SSH port, the backup commands, \`plan\` and \`doctor\` the store.
`;

/** @returns the whole page. */
export function pluginDocs(): string {
  const program = createProgram(silentSurroundings);
  const sections = program.commands
    .flatMap((command) => (isOwn(command) ? [command, ...command.commands] : command.commands))
    .map(section);
  return `${intro}\n## Options of every command\n\n${options(program)}\n\n## Commands\n\n${sections.join('\n\n')}\n`;
}

/** A command that only groups others, such as `backup`, takes no arguments. */
function isOwn({ commands, registeredArguments }: Command): boolean {
  return commands.length === 0 || registeredArguments.length > 0;
}

function section(command: Command): string {
  const notes = notesOf(command);
  const own = command.options.length === 0 ? '' : `\n\n${options(command)}`;
  const given = command.registeredArguments
    .filter(({ description }) => description !== '')
    .map((argument) => `- \`${argument.name()}\`: ${argument.description}`);
  const listed = given.length === 0 ? '' : `\n\n${given.join('\n')}`;
  return `### ${path(command)}\n\n${sentence(command.description())}${notes.text === '' ? '' : ` ${notes.text}`}\n\n\`\`\`\n${path(command)} ${command.usage()}\n\`\`\`${listed}${own}${notes.examples}`;
}

function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function options(command: Command): string {
  return [
    '| option | |',
    '|---|---|',
    ...command.options.map((option) => `| \`${option.flags}\` | ${described(option)} |`),
  ].join('\n');
}

function described({ description, argChoices, defaultValue }: Option): string {
  const choices =
    argChoices === undefined ? '' : `: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`;
  const byDefault =
    defaultValue === undefined || typeof defaultValue === 'boolean'
      ? ''
      : ` (default: ${String(defaultValue)})`;
  return `${description}${choices}${byDefault}`.replaceAll('|', String.raw`\|`);
}

/** The text below the options in --help: sentences, then examples. */
function notesOf(command: Command): { readonly text: string; readonly examples: string } {
  let after = '';
  // A Command is an EventEmitter, although its types do not say so. addHelpText listens to this event.
  const emitter = command as unknown as {
    emit(
      event: 'afterHelp',
      context: { command: Command; error: boolean; write: (text: string) => void },
    ): boolean;
  };
  emitter.emit('afterHelp', { command, error: false, write: (text) => (after += text) });
  const [text = '', list] = after.split('\nExamples:\n');
  const lines =
    list
      ?.split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '') ?? [];
  return {
    text: text.replaceAll(/\s+/g, ' ').trim(),
    examples: lines.length === 0 ? '' : `\n\n\`\`\`\n${lines.join('\n')}\n\`\`\``,
  };
}
