/** `kubectl jtel rollout …`: arguments, options and help. A call loads the command's work. */
import { Argument, Command } from 'commander';
import { inCluster } from '../in-cluster.ts';
import { examples, outputOption, type OutputOptions } from '../options.ts';
import type { RolloutStatusOptions } from './rollout.ts';
import type { Surroundings } from '../surroundings.ts';

const channelArgument = (): Argument => new Argument('<CHANNEL>', 'name of the JtelChannel');

export function rolloutCommand(surroundings: Surroundings): Command {
  const status = new Command('status')
    .description('show how far each wave of a channel is')
    .addArgument(channelArgument())
    .option('-w, --wait', 'show the progress until all waves are done; Ctrl-C stops only the waiting')
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      '\nExit code 1 if the channel does not go on by itself, and its condition Stalled says why: too many updates failed, or a wave proved nothing. With --wait also if it is not done within --timeout.\n' +
        examples(
          'kubectl jtel rollout status stable',
          'kubectl jtel rollout status stable --wait --timeout 6h',
          'kubectl jtel rollout status stable -o json',
        ),
    )
    .action(async (name: string, options: RolloutStatusOptions, command: Command) => {
      const { status: run } = await import('./rollout.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  const plan = new Command('plan')
    .description('show for each stack of a channel what would happen, and what stands in its way')
    .addArgument(channelArgument())
    .addOption(outputOption(['json', 'yaml']))
    .addHelpText(
      'after',
      '\nIt lists the stacks of all namespaces.\n' +
        examples(
          'kubectl jtel rollout plan stable',
          `kubectl jtel rollout plan stable -o json | jq '.stacks[].reason'`,
        ),
    )
    .action(async (name: string, options: OutputOptions, command: Command) => {
      const { plan: run } = await import('./rollout.ts');
      await inCluster(surroundings, command, (kit) => run(kit, name, options));
    });
  return new Command('rollout')
    .description('look at a channel, stop it and let it go on')
    .addCommand(status)
    .addCommand(plan)
    .addCommand(switching(surroundings, 'pause', 'let no further update of a channel begin'))
    .addCommand(switching(surroundings, 'resume', 'let a channel go on that was paused'));
}

function switching(surroundings: Surroundings, name: 'pause' | 'resume', description: string): Command {
  return new Command(name)
    .description(description)
    .addArgument(channelArgument())
    .addHelpText('after', examples(`kubectl jtel rollout ${name} stable`))
    .action(async (channel: string, _options: object, command: Command) => {
      const { setPaused } = await import('./rollout.ts');
      await inCluster(surroundings, command, (kit) => setPaused(kit, channel, name === 'pause'));
    });
}
