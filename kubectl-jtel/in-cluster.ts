/** Runs the work of a command. Only this loads the client of the API. */
import type { Command } from 'commander';
import type { Kit } from './kit.ts';
import type { GlobalOptions } from './options.ts';
import type { Surroundings } from './surroundings.ts';

export async function inCluster(
  surroundings: Surroundings,
  command: Command,
  work: (kit: Kit) => Promise<void>,
): Promise<void> {
  const { withKit } = await import('./kit.ts');
  await withKit(command.optsWithGlobals<GlobalOptions>(), surroundings, work);
}
