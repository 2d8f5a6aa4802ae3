/** Root or sudo: the sandbox installs packages, makes a base image and may start a Docker Engine. */
import { tryRun } from './process.ts';

/**
 * Puts sudo in front of a command if we are not root. It never asks for a password: it fails early rather
 * than hang.
 */
export async function asRoot(command: readonly string[]): Promise<readonly string[]> {
  if (process.getuid?.() === 0) return command;
  const sudo = await tryRun(['sudo', '-n', 'true']).catch(() => undefined);
  if (sudo?.code === 0) return ['sudo', '-n', '--', ...command];
  throw new Error(
    `${command[0]} needs root, and sudo would ask for a password or is missing. Run \`sudo -v\` first, or run this as root.`,
  );
}
