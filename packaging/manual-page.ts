/** Writes a manual page from the commands of a program, in the macros that every `man` knows (man(7)). */
import type { Command } from 'commander';
import {
  described,
  describedCommands,
  type DescribedCommand,
  type DescribedOption,
} from '../command-line/described.ts';

export interface ManualPage {
  /** Name of the file that people run; the page is `NAME.1`. */
  readonly name: string;
  readonly version: string;
  /** When the release was made. */
  readonly time: Date;
  readonly files: readonly Told[];
  readonly environment: readonly Told[];
  readonly seeAlso: string;
}

/** A word, and what it is for. */
type Told = readonly [word: string, text: string];

export function manualPage(program: Command, page: ManualPage): string {
  const { name, version, time, files, environment, seeAlso } = page;
  const root = described(program);
  const commands = describedCommands(program);
  return [
    `.TH ${word(name.toUpperCase())} 1 ${word(time.toISOString().slice(0, 10))} ${word(`${name} ${version}`)} "User Commands"`,
    // A left-aligned text without hyphenation, because half of the words are names that somebody copies.
    '.nh',
    '.ad l',
    '.SH NAME',
    `${text(name)} \\- ${text(program.description())}`,
    '.SH SYNOPSIS',
    `.B ${text(root.path)}`,
    '.RI [ options ]',
    '.I COMMAND',
    '.RI [ arguments ]',
    '.SH DESCRIPTION',
    ...paragraphs([root.summary, ...root.notes]),
    '.SH OPTIONS',
    ...root.options.flatMap(option),
    '.SH COMMANDS',
    ...commands.flatMap(command),
    ...list('ENVIRONMENT', [...environment, ...variables([root, ...commands])]),
    ...list('FILES', files),
    '.SH SEE ALSO',
    text(seeAlso),
    '',
  ].join('\n');
}

function command(each: DescribedCommand): readonly string[] {
  return [
    `.SS ${word(`${each.path} ${each.usage}`)}`,
    ...paragraphs([each.summary, ...each.notes]),
    ...each.arguments.flatMap(({ name, description }) => item(`.I ${text(name)}`, description)),
    ...each.options.flatMap(option),
    ...(each.examples.length === 0
      ? []
      : ['.PP', 'Examples:', '.PP', '.RS 4', '.nf', ...each.examples.map(text), '.fi', '.RE']),
  ];
}

function option({ flags, description, choices, byDefault }: DescribedOption): readonly string[] {
  const oneOf = choices.length === 0 ? '' : `${description === '' ? '' : ': '}${choices.join(', ')}`;
  const otherwise = byDefault === undefined ? '' : ` (default: ${byDefault})`;
  return item(`.B ${text(flags)}`, `${description}${oneOf}${otherwise}`);
}

/** Which variables stand for options. */
function variables(commands: readonly DescribedCommand[]): readonly Told[] {
  return commands.flatMap(({ path, options }) =>
    options.flatMap(({ flags, variable }): Told[] =>
      variable === undefined ? [] : [[variable, `stands for ${flags.split(' ')[0]} of ${path}`]],
    ),
  );
}

function list(title: string, items: readonly Told[]): readonly string[] {
  if (items.length === 0) return [];
  return [`.SH ${title}`, ...items.flatMap(([name, use]) => item(`.B ${text(name)}`, use))];
}

function item(head: string, use: string): readonly string[] {
  return ['.TP', head, text(use)];
}

function paragraphs(texts: readonly string[]): readonly string[] {
  return texts.flatMap((one) => (one === '' ? [] : ['.PP', text(one)]));
}

/** One argument of a macro. */
function word(given: string): string {
  return `"${text(given)}"`;
}

/** A line of text: nothing in it is a request, an escape or a typographic quote. */
function text(given: string): string {
  const escaped = given
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('’', '\\(cq')
    .replaceAll('…', '\\&...')
    .replaceAll('≥', '\\(>=');
  return escaped.startsWith('.') ? `\\&${escaped}` : escaped;
}
