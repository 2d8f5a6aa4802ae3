/** `node sandbox/cli.ts` brings sandboxes up and down, and injects faults into their hosts. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { lineProgress, Sandbox, sandboxParts } from './index.ts';
import type { HostSpec, SandboxPart } from './index.ts';
import { printStatus } from './status.ts';
import { optional } from '../base/optional.ts';

const hostFaults = {
  stop: 'shut the host down cleanly',
  start: 'switch it on and wait until it answers',
  reboot: 'shut down and start again',
  kill: 'pull the plug',
  cut: 'drop all of its network packets, without an answer',
  mend: 'undo `cut`',
  fill: 'fill its disk to the last block (needs a host made with --disk)',
  free: 'undo `fill`',
  changeHostKey: 'give it another SSH host key',
} as const;

const program = new Command('sandbox')
  .description(
    'A real environment for the jtel stack operator on one machine: a Kubernetes API, compose hosts, a registry, blob storage.',
  )
  .showHelpAfterError('(--help says more)');

const nameOption = (): Option => new Option('-n, --name <name>', 'name of the sandbox').default('default');

program
  .command('up')
  .description(
    'bring a sandbox up, or complete an existing one; announces and installs what the machine lacks',
  )
  .addOption(nameOption())
  .option('--hosts <number>', 'compose hosts: host-1, host-2, …', wholeNumber, 2)
  .option('--bare <number>', 'more hosts, without Docker: bare-1, …', wholeNumber, 0)
  .addOption(new Option('--debian <version>', 'Debian of the hosts').choices(['12', '13']).default('13'))
  .option('--disk <MiB>', 'give each host a separate disk, which can be filled', wholeNumber)
  .addOption(new Option('--only <part...>', 'bring up only these parts').choices(sandboxParts))
  .option(
    '--kubeconfig <file>',
    'use this cluster instead of the sandbox’s own control plane (also: JTEL_SANDBOX_KUBECONFIG)',
  )
  .action(
    async (options: {
      name: string;
      hosts: number;
      bare: number;
      debian: '12' | '13';
      disk?: number;
      only?: SandboxPart[];
      kubeconfig?: string;
    }) => {
      const disk = {
        debian: options.debian === '12' ? (12 as const) : (13 as const),
        ...optional({ diskMiB: options.disk }),
      };
      const hosts: HostSpec[] = [
        ...Array.from({ length: options.hosts }, (_, index) => ({ name: `host-${index + 1}`, ...disk })),
        ...Array.from({ length: options.bare }, (_, index) => ({
          name: `bare-${index + 1}`,
          kind: 'bare' as const,
          ...disk,
        })),
      ];
      const { name, only, kubeconfig } = options;
      const sandbox = await Sandbox.up({
        name,
        hosts,
        progress: lineProgress(),
        ...(only && { only }),
        ...(kubeconfig !== undefined && { kubeconfig }),
      });
      await printStatus(sandbox, 'text');
    },
  );

program
  .command('down')
  .description('remove a sandbox: its containers, volumes, network and keys')
  .addOption(nameOption())
  .action(async ({ name }: { name: string }) => Sandbox.remove(name, lineProgress()));

program
  .command('status')
  .description('show what runs and how to reach it')
  .addOption(nameOption())
  .addOption(
    new Option('-o, --output <format>', 'json shows secrets, too').choices(['text', 'json']).default('text'),
  )
  .action(async ({ name, output }: { name: string; output: 'text' | 'json' }) =>
    printStatus(await Sandbox.attach(name), output),
  );

const host = program.command('host').description('inject a fault into a compose host');
for (const [fault, description] of Object.entries(hostFaults) as [keyof typeof hostFaults, string][]) {
  const command = fault.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  host
    .command(`${command} <host>`)
    .description(description)
    .addOption(nameOption())
    .action(async (hostName: string, { name }: { name: string }) => {
      const faults = (await Sandbox.attach(name)).faults(hostName);
      await lineProgress().step(`host ${hostName}: ${command}`, () => faults[fault]());
    });
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

try {
  await program.parseAsync();
} catch (error) {
  for (const each of error instanceof AggregateError ? error.errors : [error]) {
    process.stderr.write(`error: ${each instanceof Error ? messages(each) : String(each)}\n`);
  }
  process.exitCode = 1;
}

function messages(error: Error): string {
  return error.cause instanceof Error
    ? `${error.message}\n  because: ${messages(error.cause)}`
    : error.message;
}
