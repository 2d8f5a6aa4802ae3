/**
 * `jtel-operator host script` prints the set-up script of a stack's host, for people who read it first or run
 * it by hand.
 */
import { Command } from 'commander';
import type { Terminal } from '../../../command-line/terminal.ts';
import type { ScriptFiles } from './script.ts';

export function hostCommand(terminal: Terminal): Command {
  const script = new Command('script')
    .description(
      'print the script with which the operator sets up the host of a JtelStack (run it there: sudo sh SCRIPT run USER)',
    )
    .requiredOption('-f, --filename <file>', 'YAML with the JtelStack')
    .requiredOption(
      '--release <file>',
      'release.yaml or release.json of its version; it has the ports that the firewall opens',
    )
    .action(async (files: ScriptFiles) => {
      const { scriptFor } = await import('./script.ts');
      terminal.print((await scriptFor(files)).trimEnd());
    });
  return new Command('host').description('prepare compose hosts').addCommand(script);
}
