/** `kubectl jtel consent`: arguments, options and help. A call loads the command's work. */
import { Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, stackArgument } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ConsentOptions } from './consent.ts';

export function consentCommand(surroundings: Surroundings): Command {
  return new Command('consent')
    .description(
      'let the operator continue with a stack whose object is older than its host (StatusOlderThanHost); shows what would change, and asks first',
    )
    .addArgument(stackArgument())
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show what would change')
    .addHelpText(
      'after',
      '\nConsent counts for what the host knows now, and once. It reads the host and the Secrets that the stack names, as plan does.\n' +
        examples('kubectl jtel consent acme --dry-run', 'kubectl jtel consent acme'),
    )
    .action(async (name: string, options: ConsentOptions, command: Command) => {
      const { consent: run } = await import('./consent.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
}
