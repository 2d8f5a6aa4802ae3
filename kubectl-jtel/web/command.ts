/** `kubectl jtel web`: arguments, options and help. A call loads the command's work. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { examples, type GlobalOptions } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import type { WebOptions } from './web.ts';

export function webCommand(surroundings: Surroundings): Command {
  return new Command('web')
    .description('show stacks, backups and stores as a page in the browser, with your own rights')
    .argument('[CONTEXT...]', 'contexts of the kubeconfig to look at together; default: the current one')
    .addOption(new Option('-A, --all-namespaces', 'show all namespaces that you may read'))
    .addOption(new Option('--port <port>', 'port on 127.0.0.1; default: any free one').argParser(parsePort))
    .option('--no-open', 'only print the address, and open no browser')
    .addHelpText(
      'after',
      '\nThe page is served by this process on 127.0.0.1, until Ctrl-C. Nothing runs in the cluster, and nothing is changed.\nThe address has a token in it: whoever knows it sees what you may see, while the process runs.\n' +
        examples(
          'kubectl jtel web -A',
          'kubectl jtel web -n acme --no-open',
          'kubectl jtel web prod-eu prod-us -A',
        ),
    )
    .action(async (contexts: readonly string[], _: WebOptions, command: Command) => {
      const { web: run } = await import('./web.ts');
      await run(surroundings, contexts, command.optsWithGlobals<GlobalOptions & WebOptions>());
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}
