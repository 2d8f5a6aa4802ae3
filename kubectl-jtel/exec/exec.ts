/** `kubectl jtel exec` runs a command in a container of the stack, on its host. */
import { getStack, type Kit } from '../kit.ts';
import { ExitCode } from '../../command-line/command-line.ts';
import { CommandError, UsageError } from '../../command-line/terminal.ts';
import { containersOf, onHost } from '../containers.ts';
import { optional } from '../../base/optional.ts';

export interface ExecOptions {
  readonly stdin?: boolean;
  readonly tty?: boolean;
}

/** @throws ExitCode with that of the command, unless it is 0. */
export async function exec(
  kit: Kit,
  name: string,
  component: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<void> {
  if (command.length === 0)
    throw new UsageError('no command is given: kubectl jtel exec STACK COMPONENT -- COMMAND');
  const { screen, rawKeys, stdin, stdout, stderr, note } = kit.surroundings;
  if (options.tty === true && (screen === undefined || rawKeys === undefined))
    throw new UsageError('-t needs a terminal for input and output: leave it out');
  const stack = await getStack(kit, name);
  const code = await onHost(kit, stack, async (host, project) => {
    const found = containersOf(await host.containers(project, kit.call.signal), component, stack);
    const [chosen, ...others] = found.filter(({ state }) => state === 'running');
    if (chosen === undefined)
      throw new CommandError(
        `${component} does not run: ${found.map(({ service, state }) => `${service} is ${state}`).join(', ')}`,
      );
    if (others.length > 0)
      note(
        `in ${chosen.service}; there ${others.length === 1 ? 'is' : 'are'} also ${others.map(({ service }) => service).join(', ')}`,
      );
    const terminal = options.tty === true && screen !== undefined ? screen : undefined;
    const restoreKeys = terminal === undefined ? undefined : rawKeys?.();
    try {
      const streams = {
        stdout,
        stderr,
        ...(options.stdin === true ? { stdin } : {}),
        ...optional({ terminal }),
      };
      return await host.execute(chosen.id, command, streams, kit.call.signal);
    } finally {
      restoreKeys?.();
      // A terminal that is still being read would keep the process alive.
      if (options.stdin === true) stdin.pause();
    }
  });
  if (code !== 0) throw new ExitCode(code);
}
