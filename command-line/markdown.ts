/** Commands as sections of a page, so that a page says what `--help` says. */
import type { Command } from 'commander';
import { cellText } from '../base/markdown.ts';
import { describedCommands, type DescribedCommand, type DescribedOption } from './described.ts';

/** A section for each command that does something. */
export function commandSections(program: Command): string {
  return describedCommands(program).map(section).join('\n\n');
}

function section({
  path,
  usage,
  summary,
  notes,
  examples,
  arguments: given,
  options,
}: DescribedCommand): string {
  const parts = [
    `### ${path}`,
    [summary, ...notes].join(' '),
    block([`${path} ${usage}`]),
    ...(given.length === 0 ? [] : [given.map((one) => `- \`${one.name}\`: ${one.description}`).join('\n')]),
    ...(options.length === 0 ? [] : [optionTable(options)]),
    ...(examples.length === 0 ? [] : [block(examples)]),
  ];
  return parts.join('\n\n');
}

function block(lines: readonly string[]): string {
  return `\`\`\`\n${lines.join('\n')}\n\`\`\``;
}

export function optionTable(options: readonly DescribedOption[]): string {
  return ['| option | |', '|---|---|', ...options.map((one) => `| \`${one.flags}\` | ${told(one)} |`)].join(
    '\n',
  );
}

function told({ description, choices, byDefault, variable }: DescribedOption): string {
  const oneOf = choices.length === 0 ? '' : `: ${choices.map((choice) => `\`${choice}\``).join(', ')}`;
  const facts = [
    ...(byDefault === undefined ? [] : [`default: ${byDefault}`]),
    ...(variable === undefined ? [] : [`environment: \`${variable}\``]),
  ];
  const otherwise = facts.length === 0 ? '' : ` (${facts.join('; ')})`;
  return cellText(`${description}${oneOf}${otherwise}`);
}
