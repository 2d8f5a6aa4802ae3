/** Starts the person's browser. */
import { spawn } from 'node:child_process';
import { CommandError } from '../command-line/terminal.ts';

/**
 * A process of its own that gets the address as an argument, without a shell in between.
 * @param address of a page, or path of a file. Other users of the machine can see it.
 */
export async function startBrowser(address: string): Promise<void> {
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open';
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, [address], { stdio: 'ignore', detached: true });
    child.once('error', () =>
      reject(new CommandError(`cannot start a browser (${command} is missing): the address is ${address}`)),
    );
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
