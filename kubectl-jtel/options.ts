/** Options that commands share, as the command line gives them. */
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';

/** Options of every command. They may stand before or after its name. */
export interface GlobalOptions {
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly timeout?: number;
  /** False with --no-color. */
  readonly color: boolean;
}

export const outputForms = ['json', 'yaml', 'wide'] as const;
export type OutputForm = (typeof outputForms)[number];

export interface OutputOptions {
  readonly output?: OutputForm;
}

export function addGlobalOptions(program: Command): void {
  program
    .addOption(new Option('-n, --namespace <name>', 'namespace; default: that of the kubeconfig’s context'))
    .addOption(new Option('--context <name>', 'context of the kubeconfig to use instead of the current one'))
    .addOption(
      new Option('--kubeconfig <file>', 'kubeconfig to use; default: KUBECONFIG, else ~/.kube/config'),
    )
    .addOption(
      new Option('--timeout <duration>', 'give up after this time, such as 30s, 10m, 2h').argParser(
        parseDuration,
      ),
    )
    .addOption(
      new Option('--no-color', 'print no colours, as with NO_COLOR in the environment or in a pipe'),
    );
}

export const stackArgument = (): Argument => new Argument('<STACK>', 'name of the JtelStack');

export function outputOption(forms: readonly OutputForm[] = outputForms): Option {
  return new Option('-o, --output <form>', 'format of the result').choices(forms);
}

/** `90`, `90s`, `15m`, `2h`, `3d`. @returns seconds. */
export function parseDuration(text: string): number {
  const [, amount, unit = 's'] = /^(\d{1,9})(s|m|h|d)?$/.exec(text) ?? [];
  if (amount === undefined)
    throw new InvalidArgumentError('It must be a duration such as 30s, 10m, 2h or 3d.');
  return Number(amount) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as 's' | 'm' | 'h' | 'd'];
}

export function parseWholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Where to look if the cluster knows nothing (any more). */
export function withPlace(command: Command): Command {
  return command
    .addOption(new Option('--store <name>', 'JtelBackupStore to look in; default: that of the stack'))
    .addOption(
      new Option(
        '--identity <identity>',
        'name of the stack’s backups in the store; default: that of the stack, else NAMESPACE.STACK',
      ),
    );
}

/** Help after the list of options. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
