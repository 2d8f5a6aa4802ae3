/** `kubectl jtel open` opens the stack's page in the browser. */
import { spawn } from 'node:child_process';
import { getStack, type Kit } from '../kit.ts';
import { CommandError } from '../../command-line/terminal.ts';

export async function open(kit: Kit, name: string, { print }: { readonly print?: boolean }): Promise<void> {
  const { spec } = await getStack(kit, name);
  const url = `https://${spec.network.fqdn}/`;
  if (print === true || kit.surroundings.screen === undefined) return kit.surroundings.print(url);
  kit.surroundings.note(`opening ${url}`);
  await startBrowser(url);
}

/**
 * A process of its own that gets the URL as an argument, without a shell in between. The API checks names in
 * a spec.
 */
async function startBrowser(url: string): Promise<void> {
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open';
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, [url], { stdio: 'ignore', detached: true });
    child.once('error', () =>
      reject(new CommandError(`cannot start a browser (${command} is missing): the address is ${url}`)),
    );
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
