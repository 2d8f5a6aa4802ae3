/** `kubectl jtel open`: the stack's page. */
import { spawn } from 'node:child_process';
import { getStack, type Kit } from '../kit.ts';
import { CommandError } from '../../command-line/terminal.ts';

export async function open(kit: Kit, name: string, { print }: { readonly print?: boolean }): Promise<void> {
  const { spec } = await getStack(kit, name);
  const url = `https://${spec.network.fqdn}/`;
  if (print === true || kit.surroundings.screen === undefined) return kit.surroundings.print(url);
  kit.surroundings.tell(`opening ${url}`);
  await startBrowser(url);
}

/** Its own process, with the URL as an argument and no shell in between; a name in a spec is checked by the API. */
async function startBrowser(url: string): Promise<void> {
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open';
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, [url], { stdio: 'ignore', detached: true });
    child.once('error', () =>
      reject(new CommandError(`no browser can be started (${command} is not there): the address is ${url}`)),
    );
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
