/** `kubectl jtel logs` prints what containers write, straight from the host. */
import { once } from 'node:events';
import type { LogLine } from '../../host-driver/console.ts';
import { getStack, type Kit } from '../kit.ts';
import { CommandError } from '../../command-line/terminal.ts';
import type { Colour } from '../view/paint.ts';
import { printableInColour } from '../view/paint.ts';
import { containersOf, onHost } from '../containers.ts';
import { optional } from '../../base/optional.ts';
import { printable } from '../../base/printable.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly tail?: number | 'all';
  readonly since?: number;
  readonly timestamps?: boolean;
}

const usualTail = 100;
const colours: readonly Colour[] = ['cyan', 'magenta', 'yellow', 'green', 'blue'];

export async function logs(
  kit: Kit,
  name: string,
  component: string | undefined,
  options: LogsOptions,
): Promise<void> {
  const stack = await getStack(kit, name);
  await onHost(kit, stack, async (host, project) => {
    const containers = containersOf(await host.containers(project, kit.call.signal), component, stack);
    const services = [...new Set(containers.map(({ service }) => service))];
    const question = {
      // For one component, all lines that were asked for. For all components, as many as a person can read.
      tail: options.tail ?? (options.since === undefined ? usualTail : ('all' as const)),
      mode: options.follow === true ? ('Follow' as const) : ('Once' as const),
      ...optional({ sinceSeconds: options.since }),
    };
    const show = lineFormat(kit, services, options.timestamps === true);
    try {
      for await (const line of host.logs(project, services, question, kit.call.signal))
        await write(kit, show(line));
    } catch (error) {
      // Ctrl-C is the normal end of following.
      if (options.follow === true && kit.surroundings.signal.aborted) return;
      throw error;
    }
    if (options.follow === true) throw new CommandError(`${stack.spec.host.address} ended the logs`);
  });
}

function lineFormat(
  { paint, surroundings }: Kit,
  services: readonly string[],
  timestamps: boolean,
): (line: LogLine) => string {
  const width = Math.max(...services.map((service) => service.length));
  return ({ service, time, text, stream }) => {
    const prefix =
      services.length === 1
        ? ''
        : `${paint(colours[services.indexOf(service) % colours.length], printable(service).padEnd(width))} ${paint(stream === 'stderr' ? 'red' : 'dim', '|')} `;
    // A pipe gets what the container wrote; a terminal gets its colours, and nothing else that it would obey.
    const shown = surroundings.screen === undefined ? text : printableInColour(text);
    return `${prefix}${timestamps ? `${paint('dim', printable(time))} ` : ''}${shown}\n`;
  };
}

/** Waits for a slow reader instead of collecting lines. */
async function write({ surroundings: { stdout, signal } }: Kit, text: string): Promise<void> {
  if (stdout.write(text)) return;
  await once(stdout, 'drain', { signal });
}
