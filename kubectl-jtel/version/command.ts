/** `kubectl jtel version`: arguments, options and help. A call loads the command's work. */
import { Command } from 'commander';
import type { Surroundings } from '../surroundings.ts';

export function versionCommand(surroundings: Surroundings): Command {
  return new Command('version').description('print the version of the plug-in').action(async () => {
    const { version: read } = await import('./version.ts');
    surroundings.print(await read());
  });
}
