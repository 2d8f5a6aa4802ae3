import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { pluginDocs } from './docs.ts';
import { createProgram } from './program.ts';
import { silentSurroundings } from './surroundings.ts';
import { kubectlJtel } from '../test/support/plugin.ts';
import { everyCommand } from '../command-line/command-line.ts';

const leaves = everyCommand(createProgram(silentSurroundings)).filter(
  ({ commands }) => commands.length === 0,
);

it.each(leaves.map((command) => [command.name(), command] as const))('%s says what it does', (_, command) =>
  expect(command.description()).not.toBe(''),
);

it.each(
  leaves
    .filter(({ registeredArguments }) => registeredArguments.length > 0)
    .map((command) => [command.name()]),
)('%s has an example', (name) => {
  const page = pluginDocs();
  const section = page.slice(page.indexOf(` ${name}\n\n`)).split('\n### ')[0];
  expect(section).toMatch(/```\n[^`]*kubectl jtel[^]*```\n[^`]*kubectl/);
});

const words = (command: Command): readonly string[] =>
  command.parent === null ? [] : [...words(command.parent), command.name()];

it.each(everyCommand(createProgram(silentSurroundings)).map((command) => [words(command).join(' ')]))(
  'the help of "%s" fits 80 columns',
  async (command) => {
    const { out } = await kubectlJtel([...command.split(' ').filter(Boolean), '--help']);
    expect(out).toContain('Usage: ');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  },
);
