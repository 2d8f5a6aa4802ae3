/**
 * Finds what can stand at the end of a command line. Commands, options and choices come from the commands
 * themselves, names from whoever asks. The answer has the form that kubectl expects from `kubectl_complete-jtel`:
 * lines `value<Tab>description`, then `:<number>`, where 4 means "no file names".
 */
import type { Command, Option } from 'commander';
import { printable } from '../../base/printable.ts';

const noFiles = ':4';
const files = ':0';
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** The word to complete. */
type Wanted =
  | { readonly kind: 'Given'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'File' }
  | WantedName;

/** A word that the commands do not know. */
export interface WantedName {
  readonly kind: 'Argument' | 'Option';
  readonly name: string;
}

/** The words that the line has already: options with values by their long names, and the others. */
export interface OnTheLine {
  readonly values: Readonly<Record<string, string>>;
  readonly positional: readonly string[];
}

/** Finds names, in a cluster for example. It throws nothing: nobody wants to read an error while typing. */
export type NameSource = (wanted: WantedName, line: OnTheLine) => Promise<readonly Candidate[]>;

/** Words before half a command line: who asks, and whether it quotes values for its shell. */
const askers: ReadonlyMap<string | undefined, 'TakesAsIs' | 'Quotes'> = new Map([
  ['__complete', 'TakesAsIs'],
  ['__complete_quoting', 'Quotes'],
] as const);

/** @returns the lines to print if a shell asks; undefined for any other command line. */
export async function completed(
  program: () => Command,
  argv: readonly string[],
  names: NameSource,
): Promise<readonly string[] | undefined> {
  const asker = askers.get(argv[0]);
  return asker === undefined ? undefined : await complete(program(), argv.slice(1), asker, names);
}

/** What no shell reads as anything but a word. */
const plainWord = /^[\w@%+=:,./-]*$/;

/**
 * @param words of half a line. The last is the one to complete; it may be empty.
 * @param asker whether who asks quotes values for its shell. kubectl's scripts do not in all versions, so they
 * get only values that need no quotes.
 */
async function complete(
  program: Command,
  words: readonly string[],
  asker: 'Quotes' | 'TakesAsIs',
  names: NameSource,
): Promise<readonly string[]> {
  const before = words.slice(0, -1);
  const word = words.at(-1) ?? '';
  const place = findPlace(program, before, word);
  if (place === 'Nothing') return [noFiles];
  if (place.wanted.kind === 'File') return [files];
  const found = place.wanted.kind === 'Given' ? place.wanted.candidates : await names(place.wanted, place);
  const prefix = place.prefix ?? '';
  return [
    ...found
      .filter(({ value }) => `${prefix}${value}`.startsWith(word))
      .filter(({ value }) =>
        asker === 'Quotes' ? !value.includes('\t') && printable(value) === value : plainWord.test(value),
      )
      .map(({ value, description = '' }) =>
        description === '' ? `${prefix}${value}` : `${prefix}${value}\t${printable(description)}`,
      ),
    noFiles,
  ];
}

interface Place extends OnTheLine {
  readonly wanted: Wanted;
  /** The part before the value within the word: `--output=`. */
  readonly prefix?: string;
}

function findPlace(program: Command, before: readonly string[], word: string): Place | 'Nothing' {
  let command = program;
  const positional: string[] = [];
  const values: Record<string, string> = {};
  let open: Option | undefined;
  for (const one of before) {
    if (one === '--') return 'Nothing';
    if (open !== undefined) {
      values[open.attributeName()] = one;
      open = undefined;
    } else if (one.startsWith('-') && one !== '-') {
      const [name = '', value] = one.split('=', 2);
      const option = optionsOf(command).find(({ long, short }) => long === name || short === name);
      if (option === undefined || !option.required) continue;
      if (value === undefined) open = option;
      else values[option.attributeName()] = value;
    } else {
      const below =
        positional.length === 0 ? command.commands.find((each) => each.name() === one) : undefined;
      if (below === undefined) positional.push(one);
      else command = below;
    }
  }
  const rest = { values, positional };
  if (open !== undefined) return { ...rest, wanted: valueOf(open) };
  if (word.startsWith('-')) {
    const [name = '', value] = word.split('=', 2);
    const option = value === undefined ? undefined : optionsOf(command).find(({ long }) => long === name);
    if (option?.required === true) return { ...rest, wanted: valueOf(option), prefix: `${name}=` };
    return { ...rest, wanted: { kind: 'Given', candidates: optionsOf(command).map(asCandidate) } };
  }
  if (command.commands.length > 0 && positional.length === 0) {
    return {
      ...rest,
      wanted: {
        kind: 'Given',
        candidates: command.commands.map((each) => ({ value: each.name(), description: each.description() })),
      },
    };
  }
  const argument = command.registeredArguments[positional.length];
  if (argument === undefined) return 'Nothing';
  if (argument.argChoices !== undefined)
    return {
      ...rest,
      wanted: { kind: 'Given', candidates: argument.argChoices.map((value) => ({ value })) },
    };
  const name = argument.name();
  return { ...rest, wanted: isFile(name) ? { kind: 'File' } : { kind: 'Argument', name } };
}

function optionsOf(command: Command): readonly Option[] {
  const own = [...command.options];
  return command.parent === null ? own : [...own, ...optionsOf(command.parent)];
}

function asCandidate({ long, short, description }: Option): Candidate {
  return { value: long ?? short ?? '', description };
}

/** How options and arguments name what is in the file system. */
const isFile = (placeholder: string): boolean => /^(file|path|dir|folder)$/i.test(placeholder);

function valueOf(option: Option): Wanted {
  if (option.argChoices !== undefined)
    return { kind: 'Given', candidates: option.argChoices.map((value) => ({ value })) };
  if (isFile(/<(?<placeholder>\w+)/.exec(option.flags)?.groups?.['placeholder'] ?? ''))
    return { kind: 'File' };
  return { kind: 'Option', name: option.attributeName() };
}
