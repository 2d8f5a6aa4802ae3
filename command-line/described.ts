/** What commands say of themselves, as data: pages of the docs and manual pages are made from it. */
import type { Command, Option } from 'commander';

export interface DescribedCommand {
  /** `kubectl jtel backup list` */
  readonly path: string;
  /** What stands behind the path: `[options] [STACK]`. */
  readonly usage: string;
  /** One sentence, with a capital and a full stop. */
  readonly summary: string;
  /** Further paragraphs of `--help`. */
  readonly notes: readonly string[];
  readonly examples: readonly string[];
  /** Arguments with a description. */
  readonly arguments: readonly DescribedWord[];
  readonly options: readonly DescribedOption[];
}

interface DescribedWord {
  readonly name: string;
  readonly description: string;
}

export interface DescribedOption {
  /** `-o, --output <form>` */
  readonly flags: string;
  readonly description: string;
  readonly choices: readonly string[];
  readonly byDefault?: string;
  /** Variable of the environment that stands for it. */
  readonly variable?: string;
}

/** The commands that do something, in the order of `--help`; not those that only group others. */
export function describedCommands(program: Command): readonly DescribedCommand[] {
  return program.commands.flatMap((command) => [
    ...(command.commands.length === 0 || command.registeredArguments.length > 0 ? [described(command)] : []),
    ...describedCommands(command),
  ]);
}

export function described(command: Command): DescribedCommand {
  return {
    path: path(command),
    usage: command.usage(),
    summary: sentence(command.description()),
    ...afterHelp(command),
    arguments: command.registeredArguments
      .filter(({ description }) => description !== '')
      .map((argument) => ({ name: argument.name(), description: argument.description })),
    options: command.options.filter(({ hidden }) => !hidden).map(describedOption),
  };
}

function describedOption(option: Option): DescribedOption {
  const { flags, description, argChoices = [], defaultValue, defaultValueDescription, envVar } = option;
  const isTold = defaultValue !== undefined && typeof defaultValue !== 'boolean';
  return {
    flags,
    description,
    choices: argChoices,
    ...(isTold ? { byDefault: defaultValueDescription ?? String(defaultValue) } : {}),
    ...(envVar === undefined ? {} : { variable: envVar }),
  };
}

function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The text below the options in --help: sentences, then examples. */
function afterHelp(command: Command): Pick<DescribedCommand, 'notes' | 'examples'> {
  let after = '';
  // A Command is an EventEmitter, although its types do not say so. addHelpText listens to this event.
  const emitter = command as unknown as {
    emit(
      event: 'afterHelp',
      context: { command: Command; error: boolean; write: (text: string) => void },
    ): boolean;
  };
  emitter.emit('afterHelp', { command, error: false, write: (text) => (after += text) });
  const [text = '', list = ''] = after.split('\nExamples:\n');
  return {
    notes: text
      .split(/\n\s*\n/)
      .map((paragraph) => paragraph.replaceAll(/\s+/g, ' ').trim())
      .filter((paragraph) => paragraph !== ''),
    examples: list
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  };
}
